"""The parts of a build of manifests: its pods, their containers, and what they refer to."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
VERSION = "app.kubernetes.io/version"
KUSTOMIZE_AT_LEAST = 5
TEMPLATED = ("Deployment", "StatefulSet", "Job", "CronJob")


@dataclass(frozen=True)
class Pod:
    """A workload's pod template."""

    kind: str
    name: str
    workload: Manifest
    labels: Mapping[str, str]
    spec: Manifest

    @property
    def containers(self) -> list[Manifest]:
        """Those that start it included."""
        return [*self.spec.get("initContainers", ()), *self.running]

    @property
    def running(self) -> list[Manifest]:
        """Those that run as long as it does."""
        containers: list[Manifest] = self.spec["containers"]
        return containers

    @property
    def ports(self) -> dict[str, int]:
        """The number of each named port."""
        return {port["name"]: port["containerPort"] for c in self.running for port in c.get("ports", ())}

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def built(folder: Path) -> list[Manifest]:
    """What kustomize makes of a folder."""
    made = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    return [manifest for manifest in yaml.safe_load_all(made.stdout) if manifest]


def kustomize_too_old() -> str | None:
    """Why `kubectl` here cannot build the manifests; None when it can."""
    try:
        asked = subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, timeout=60)
    except FileNotFoundError:
        return "kubectl is not in PATH"
    return too_old(json.loads(asked.stdout).get("kustomizeVersion"))


def too_old(version: str | None) -> str | None:
    """Why a kubectl that says this version of kustomize cannot build the manifests; None when it can."""
    if version is None:
        return f"kubectl cannot build with kustomize, needed is {KUSTOMIZE_AT_LEAST}"
    if int(version.lstrip("v").split(".")[0]) < KUSTOMIZE_AT_LEAST:
        return f"kubectl builds with kustomize {version}, needed is {KUSTOMIZE_AT_LEAST}"
    return None


def pods(build: Sequence[Manifest]) -> Iterator[Pod]:
    """Every pod template of a build."""
    for manifest in build:
        if manifest["kind"] in TEMPLATED:
            spec = manifest["spec"]
            template = spec.get("jobTemplate", {}).get("spec", spec)["template"]
            yield Pod(
                manifest["kind"],
                manifest["metadata"]["name"],
                manifest,
                template["metadata"]["labels"],
                template["spec"],
            )


OF_BEFORE = {"name": "master-key", "optional": True}
"""The Secret of an installation that an earlier release began; a new one has none."""


def one(build: Sequence[Manifest], kind: str, name: str) -> Manifest:
    """The object of this kind and name, less the hash of a ConfigMap."""
    found = [m for m in build if m["kind"] == kind and plain(m) == name]
    assert len(found) == 1, f"{len(found)} objects are {kind} {name}"
    return found[0]


def plain(manifest: Manifest) -> str:
    """An object's name without the hash of its contents."""
    name: str = manifest["metadata"]["name"]
    return name.rpartition("-")[0] if manifest["kind"] == "ConfigMap" else name


def references(pod: Pod) -> Iterator[tuple[str, str, str | None]]:
    """Kind, name, and key if only one is meant, of every Secret and ConfigMap that a pod takes."""
    for container in pod.containers:
        for source in container.get("envFrom", ()):
            for kind, field in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
                if field in source and source[field] != OF_BEFORE:
                    yield kind, source[field]["name"], None
        for variable in container.get("env", ()):
            source = variable.get("valueFrom", {})
            for kind, field in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
                if field in source:
                    yield kind, source[field]["name"], source[field]["key"]
    for volume in pod.spec.get("volumes", ()):
        for kind, field, key in (("Secret", "secret", "secretName"), ("ConfigMap", "configMap", "name")):
            for item in volume.get(field, {}).get("items", [{"key": None}]) if field in volume else ():
                yield kind, volume[field][key], item["key"]
