"""The single-node overlay on the cluster of KUBECONFIG, from nothing to nothing."""

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from shared.contracts.topics import SERVICES
from tests.cluster.kubectl import Kubectl
from tests.cluster.volumes import tidied, volumes
from tests.verdict import Broken

ROOT = Path(__file__).parents[2]
OVERLAYS = Path("deploy", "kubernetes", "overlays")
TARGETS = (*SERVICES, "gateway", "simulator")
DEPLOYMENTS = (*SERVICES, "gateway", "identity", "operator")
STATEFUL = {"kafka": "docker.io/apache/kafka", "mongo": "docker.io/library/mongo"}
"""Kafka and MongoDB, and under which names the overlay has their images."""
NAMESPACE = "bilet"
READY = "--timeout=300s"
OF_A_TEST = "bilet.test/installation=true"
REMOVE = ("delete", "namespace", NAMESPACE, "--ignore-not-found", READY)
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
needs_cluster = pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="not set: KUBECONFIG")


@dataclass(frozen=True, slots=True)
class Release:
    """A checkout, whose manifests are applied, and the tag of the images that were built of it."""

    tree: Path
    tag: str

    @property
    def images(self) -> list[str]:
        """Names of its own images."""
        return [f"bilet/{target}:{self.tag}" for target in TARGETS]

    def overlay(self, name: str, base: str, patches: Sequence[str] = ()) -> Path:
        """An overlay of the test's own over `base`: the images that stand in for the overlay's, and patches."""
        folder = ROOT / ".cache" / "cluster-test" / self.tag / name
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:"]
        lines += [f"- {os.path.relpath(self.tree / OVERLAYS / base, folder)}", "images:"]
        lines += [f'- {{name: docker.io/bilet/{target}, newTag: "{self.tag}"}}' for target in TARGETS]
        for server, image in stand_ins().items():
            new_name, _, tag = image.partition(":")
            lines.append(f'- {{name: {STATEFUL[server]}, newName: {new_name}, newTag: "{tag}"}}')
        lines += ["patches:", *patches] if patches else []
        (folder / "kustomization.yaml").write_text("\n".join([*lines, ""]))
        return folder


NOW = Release(ROOT, "dev")
BEFORE = Release(ROOT / ".cache" / "before", "before")
"""What `make images-before` makes."""


def stand_ins() -> dict[str, str]:
    """The images that BILET_KAFKA_IMAGE and BILET_MONGO_IMAGE put in the place of the overlay's."""
    said = {name: os.environ.get(f"BILET_{name.upper()}_IMAGE", "") for name in STATEFUL}
    return {name: f"docker.io/{image}" for name, image in said.items() if image}


def server_image(name: str) -> str:
    """The image of Kafka or MongoDB: its stand-in, or what the overlay names."""
    listed = yaml.safe_load((ROOT / OVERLAYS / "single-node" / "kustomization.yaml").read_text())["images"]
    tags = {image["newName"]: image["newTag"] for image in listed}
    return stand_ins().get(name) or f"{STATEFUL[name]}:{tags[STATEFUL[name]]}"


async def load(*releases: Release) -> None:
    """Copies what was built here into the nodes by the command CLUSTER_LOAD, such as `kind load docker-image`.

    What the overlay names of Kafka and MongoDB the nodes pull themselves.
    """
    if not (command := shlex.split(os.environ.get("CLUSTER_LOAD", ""))):
        print("CLUSTER_LOAD is not set: no image is loaded into the nodes")
        return
    command += [image for release in releases for image in release.images]
    command += [image.removeprefix("docker.io/") for image in stand_ins().values()]
    child = await asyncio.create_subprocess_exec(*command)
    assert await child.wait() == 0, f"{command} failed"


async def everything(kubectl: Kubectl) -> set[str]:
    """What `kubectl get all,pvc,pv -A` names."""
    return {
        f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
        for item in (await kubectl.json("get", "all,pvc,pv", "-A"))["items"]
    }


@asynccontextmanager
async def installed(kubectl: Kubectl, release: Release) -> AsyncIterator[None]:
    """Installs as the operations page says, waits until all is ready; removes everything at the end.

    What a test that was broken off left is removed first; another's installation is not touched, but refused.
    """
    await _no_other(kubectl)
    async with AsyncExitStack() as stack:
        if not await _has_default_class(kubectl):
            await stack.enter_async_context(volumes(kubectl, [*STATEFUL], server_image("mongo")))
        stack.push_async_callback(tidied, kubectl.run(*REMOVE))
        await kubectl.run("apply", "--server-side", "-f", str(release.tree / "deploy/kubernetes/base/namespace.yaml"))
        await kubectl.run("label", "namespace", NAMESPACE, OF_A_TEST)
        await kubectl.run("create", "-f", "-", stdin=await _secrets(release.tree))
        await apply(kubectl, release.overlay("system", "single-node"))
        await ready(kubectl)
        yield


async def _no_other(kubectl: Kubectl) -> None:
    for namespace in await kubectl.items("namespaces"):
        if namespace["metadata"]["name"] == NAMESPACE:
            name, _, value = OF_A_TEST.partition("=")
            if namespace["metadata"].get("labels", {}).get(name) != value:
                raise Broken(f"the cluster has a namespace {NAMESPACE} that is no test's: remove it, or take another")
            await kubectl.run(*REMOVE)


async def apply(kubectl: Kubectl, overlay: Path) -> None:
    """Server-side: what another has changed meanwhile is a conflict, not lost."""
    await kubectl.run("apply", "--server-side", "-k", str(overlay))


async def ready(kubectl: Kubectl) -> None:
    """Returns when every workload has been rolled out; MongoDB's set has no rollout to wait for."""
    for name in STATEFUL:
        await kubectl.run("wait", f"statefulset/{name}", "--for=jsonpath={.status.readyReplicas}=1", READY)
    await kubectl.run("wait", "job/migrate", "--for=condition=Complete", READY)
    for name in DEPLOYMENTS:
        await kubectl.run("rollout", "status", f"deployment/{name}", READY)


async def _has_default_class(kubectl: Kubectl) -> bool:
    classes = await kubectl.items("storageclass")
    return any(c["metadata"].get("annotations", {}).get(DEFAULT_CLASS) == "true" for c in classes)


async def _secrets(tree: Path) -> str:
    command = (sys.executable, "-m", "deploy.cli", "secrets", "--namespace", NAMESPACE)
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=tree)
    manifest, _ = await child.communicate()
    assert child.returncode == 0
    return manifest.decode()
