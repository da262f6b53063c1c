"""Volumes for a cluster without a storage provisioner: folders of one node, made and removed by pods of their own."""

import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.cluster.kubectl import Kubectl, KubectlFailed

NAMESPACE = "bilet-test-volumes"
CLAIMS_IN = "bilet"
FOLDER = "/var/tmp/bilet-cluster-test"
SIZE = "64Gi"


@asynccontextmanager
async def volumes(kubectl: Kubectl, names: Sequence[str], image: str) -> AsyncIterator[None]:
    """A local volume of each name, on the first node; `image` has a shell."""
    cluster = Kubectl(NAMESPACE)
    node = (await cluster.items("nodes"))[0]["metadata"]["labels"]["kubernetes.io/hostname"]
    delete = ("delete", "persistentvolume", *(_full(name) for name in names), "--ignore-not-found")
    for left_behind in (delete, ("delete", "namespace", NAMESPACE, "--ignore-not-found")):
        await cluster.run(*left_behind)
    async with AsyncExitStack() as stack:
        await cluster.run("create", "namespace", NAMESPACE)
        stack.push_async_callback(tidied, cluster.run("delete", "namespace", NAMESPACE))
        folders = " ".join(f"{FOLDER}/{name}" for name in names)
        make = f"rm -rf {FOLDER}/* && mkdir -p {folders} && chmod 0777 {folders}"
        await _run_as_root(cluster, "make", make, image)
        stack.push_async_callback(tidied, _run_as_root(cluster, "remove", f"rm -rf {FOLDER}/*", image))
        await cluster.run("apply", "-f", "-", stdin=_listed([_volume(name, node) for name in names]))
        stack.push_async_callback(tidied, cluster.run(*delete))
        yield


async def tidied(step: Awaitable[object]) -> None:
    """One step of tidying up: its failure is said, and neither stops the next one nor hides what the test found."""
    try:
        await step
    except KubectlFailed as failure:
        print(f"left behind: {failure}")


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
