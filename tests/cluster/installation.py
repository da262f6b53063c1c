"""The single-node overlay on the cluster of KUBECONFIG, from nothing to nothing."""

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.cluster.kubectl import Kubectl
from tests.cluster.volumes import volumes

ROOT = Path(__file__).parents[2]
OVERLAYS = ROOT / "deploy" / "kubernetes" / "overlays"
TARGETS = ("registration", "trials", "notifications", "analytics", "gateway", "simulator")
SERVICES = TARGETS[:4]
DEPLOYMENTS = (*SERVICES, "gateway", "identity", "operator")
STATEFUL = ("kafka", "mongo")
NAMESPACE = "bilet"
READY = "--timeout=300s"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def images() -> list[str]:
    """All that the nodes need, by the names under which they were built."""
    own = [f"docker.io/bilet/{target}:dev" for target in TARGETS]
    return [*own, *(f"docker.io/{os.environ[f'BILET_{name.upper()}_IMAGE']}" for name in STATEFUL)]


async def load() -> None:
    """Copies the images into the nodes by the command CLUSTER_LOAD, such as `kind load docker-image`."""
    command = [*shlex.split(os.environ["CLUSTER_LOAD"]), *(name.removeprefix("docker.io/") for name in images())]
    child = await asyncio.create_subprocess_exec(*command)
    assert await child.wait() == 0, f"{command} failed"


async def everything(kubectl: Kubectl) -> set[str]:
    """What `kubectl get all,pvc,pv -A` names."""
    return {
        f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
        for item in (await kubectl.json("get", "all,pvc,pv", "-A"))["items"]
    }


@asynccontextmanager
async def installed(kubectl: Kubectl, overlay: Path) -> AsyncIterator[None]:
    """Installs as the operations page says, waits until all is ready; removes everything at the end."""
    async with AsyncExitStack() as stack:
        if not await _has_default_class(kubectl):
            await stack.enter_async_context(volumes(kubectl, STATEFUL, images()[-1]))
        stack.push_async_callback(kubectl.run, "delete", "namespace", NAMESPACE, "--ignore-not-found", READY)
        await kubectl.run("apply", "--server-side", "-f", str(ROOT / "deploy/kubernetes/base/namespace.yaml"))
        await kubectl.run("create", "-f", "-", stdin=await _secrets())
        await apply(kubectl, overlay)
        await ready(kubectl)
        yield


async def apply(kubectl: Kubectl, overlay: Path) -> None:
    """Server-side: what another has changed meanwhile is a conflict, not lost."""
    await kubectl.run("apply", "--server-side", "-k", str(overlay))


async def ready(kubectl: Kubectl) -> None:
    """Returns when every workload has been rolled out."""
    for name in STATEFUL:
        await kubectl.run("rollout", "status", f"statefulset/{name}", READY)
    await kubectl.run("wait", "job/migrate", "--for=condition=Complete", READY)
    for name in DEPLOYMENTS:
        await kubectl.run("rollout", "status", f"deployment/{name}", READY)


def overlay(folder: Path, base: str, patches: Sequence[str] = ()) -> Path:
    """An overlay of the test's own over `base`: the images that were built, and patches."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"apache/kafka": os.environ["BILET_KAFKA_IMAGE"], "library/mongo": os.environ["BILET_MONGO_IMAGE"]}
    lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:"]
    lines += [f"- {os.path.relpath(OVERLAYS / base, folder)}", "images:"]
    for name, new in names.items():
        new_name, _, tag = new.partition(":")
        lines.append(f'- {{name: docker.io/{name}, newName: docker.io/{new_name}, newTag: "{tag}"}}')
    lines += ["patches:", *patches] if patches else []
    (folder / "kustomization.yaml").write_text("\n".join([*lines, ""]))
    return folder


async def _has_default_class(kubectl: Kubectl) -> bool:
    classes = await kubectl.items("storageclass")
    return any(c["metadata"].get("annotations", {}).get(DEFAULT_CLASS) == "true" for c in classes)


async def _secrets() -> str:
    command = (sys.executable, "-m", "deploy.cli", "secrets", "--namespace", NAMESPACE)
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    manifest, _ = await child.communicate()
    assert child.returncode == 0
    return manifest.decode()
