"""Volumes for a cluster without a storage provisioner: folders of one node, made and removed by pods of their own."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.cluster.kubectl import Kubectl

NAMESPACE = "bilet-test-volumes"
CLAIMS_IN = "bilet"
FOLDER = "/var/tmp/bilet-cluster-test"
SIZE = "64Gi"


@asynccontextmanager
async def volumes(kubectl: Kubectl, names: Sequence[str], image: str) -> AsyncIterator[None]:
    """A local volume of each name, on the first node; `image` has a shell."""
    cluster = Kubectl(NAMESPACE)
    node = (await cluster.items("nodes"))[0]["metadata"]["labels"]["kubernetes.io/hostname"]
    await cluster.run("create", "namespace", NAMESPACE)
    try:
        folders = " ".join(f"{FOLDER}/{name}" for name in names)
        make = f"rm -rf {FOLDER}/* && mkdir -p {folders} && chmod 0777 {folders}"
        await _run_as_root(cluster, "make", make, image)
        await cluster.run("apply", "-f", "-", stdin=_listed([_volume(name, node) for name in names]))
        yield
    finally:
        await cluster.run("delete", "persistentvolume", *(_full(name) for name in names), "--ignore-not-found")
        await _run_as_root(cluster, "remove", f"rm -rf {FOLDER}/*", image)
        await cluster.run("delete", "namespace", NAMESPACE)


async def _run_as_root(cluster: Kubectl, name: str, command: str, image: str) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": name,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sh", "-c", command],
                    "securityContext": {"runAsUser": 0, "runAsNonRoot": False},
                    "volumeMounts": [{"name": "folder", "mountPath": FOLDER}],
                }
            ],
            "volumes": [{"name": "folder", "hostPath": {"path": FOLDER, "type": "DirectoryOrCreate"}}],
        },
    }
    await cluster.run("apply", "-f", "-", stdin=json.dumps(pod))
    await cluster.run("wait", f"pod/{name}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")


def _full(name: str) -> str:
    return f"bilet-test-{name}"


def _volume(name: str, node: str) -> Mapping[str, Any]:
    """Not of hostPath: only a local volume is given to the pod's group."""
    on_the_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": _full(name)},
        "spec": {
            "capacity": {"storage": SIZE},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "claimRef": {"namespace": CLAIMS_IN, "name": f"data-{name}-0"},
            "local": {"path": f"{FOLDER}/{name}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_the_node]}]}},
        },
    }


def _listed(items: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)})
