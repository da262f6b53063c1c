"""What every build of the manifests keeps to; each rule yields what breaks it."""

import re
from collections.abc import Iterator, Mapping, Sequence

from deploy.cli.secrets import manifest as secrets
from tests.contract.manifest_parts import COMPONENT, NAME, VERSION, Manifest, Pod, pods, references

SERVES_NOBODY = ("operator",)
HASHED = re.compile(r".+-[a-z0-9]{10}")
QUALIFIED = re.compile(r"[a-z0-9-]+\.[a-z0-9.-]+(:\d+)?/[a-z0-9/_.-]+:(?P<tag>[\w.-]+)")
UNITS = {"m": 0.001, "": 1.0, "Mi": 2.0**20, "Gi": 2.0**30}
CORES, MEMORY = 2.0, 8 * 2**30
STOP_SECONDS = 20
"""What a process may take from the signal to its end."""


def probed(build: Sequence[Manifest]) -> Iterator[str]:
    """What runs on has all three probes, at a port that it has; who has none serves nobody."""
    for pod in (pod for pod in pods(build) if pod.kind not in ("Job", "CronJob")):
        for container in pod.running:
            if pod.name in SERVES_NOBODY:
                yield from (f"{pod}: a port without a probe" for _ in container.get("ports", ()))
                continue
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                asked = container.get(probe, {})
                port = asked.get("httpGet", asked.get("tcpSocket", {})).get("port")
                if port not in pod.ports:
                    yield f"{pod}: {container['name']} has no {probe} at a port of its own"


def bounded(build: Sequence[Manifest]) -> Iterator[str]:
    """Requests of both, and a limit on memory; processor time has none, or heartbeats would be missed."""
    for pod in pods(build):
        for container in pod.containers:
            resources = container.get("resources", {})
            if set(resources.get("requests", ())) != {"cpu", "memory"} or set(resources.get("limits", ())) != {
                "memory"
            }:
                yield f"{pod}: {container['name']} has no requests or no limit, or one on processor time"


def hardened(build: Sequence[Manifest]) -> Iterator[str]:
    """Pod Security `restricted`, and more: a user by number, a read-only root, no token of a service account."""
    for pod in pods(build):
        context = pod.spec.get("securityContext", {})
        if not context.get("runAsNonRoot") or not context.get("runAsUser"):
            yield f"{pod} may run as root"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{pod} has no seccomp profile"
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield f"{pod} gets a token of the cluster"
        if pod.spec.get("enableServiceLinks") is not False:
            yield f"{pod} gets variables such as KAFKA_PORT, which an image may take for settings"
        for container in pod.containers:
            wanted = {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            if container.get("securityContext") != wanted:
                yield f"{pod}: {container['name']} may do more than it needs"


def restricted(build: Sequence[Manifest]) -> Iterator[str]:
    """The namespace refuses what is not hardened."""
    for namespace in (m for m in build if m["kind"] == "Namespace"):
        if namespace["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
            yield "the namespace takes any pod"


def labelled(build: Sequence[Manifest]) -> Iterator[str]:
    """The recommended labels; what is chosen by them exists; claims keep theirs through every release."""
    for manifest in build:
        labels = manifest["metadata"].get("labels", {})
        if not {"app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", VERSION} <= labels.keys():
            yield f"{manifest['kind']} {manifest['metadata']['name']} lacks labels"
        for claim in manifest.get("spec", {}).get("volumeClaimTemplates", ()):
            if VERSION in claim["metadata"].get("labels", {}):
                yield f"{manifest['metadata']['name']}: its claim could not be upgraded"
    for pod in pods(build):
        if not {NAME, COMPONENT} <= pod.labels.keys():
            yield f"{pod} has no name or component"


def one_release(build: Sequence[Manifest]) -> Iterator[str]:
    """Images say where they come from and which they are; ours are of the release that the labels name."""
    for pod in pods(build):
        for container in pod.containers:
            image = QUALIFIED.fullmatch(container["image"])
            if image is None or image["tag"] == "latest" or container.get("imagePullPolicy") != "IfNotPresent":
                yield f"{pod}: which image is {container['image']}?"
            elif "/bilet/" in container["image"] and image["tag"] != pod.workload["metadata"]["labels"].get(VERSION):
                yield f"{pod}: its version is not that of {container['image']}"


def referring(build: Sequence[Manifest]) -> Iterator[str]:
    """Secrets are those of `bilet secrets`, ConfigMaps those of the build, named by their contents; so are volumes."""
    known: dict[tuple[str, str], Mapping[str, str]] = {
        ("Secret", m["metadata"]["name"]): m["stringData"] for m in secrets("bilet")["items"]
    } | {("ConfigMap", m["metadata"]["name"]): m["data"] for m in build if m["kind"] == "ConfigMap"}
    yield from (
        f"{kind} {name} has no hash" for kind, name in known if kind == "ConfigMap" and not HASHED.fullmatch(name)
    )
    for pod in pods(build):
        for kind, name, key in references(pod):
            if (kind, name) not in known or key not in (None, *known[kind, name]):
                yield f"{pod}: there is no {kind} {name} {key or ''}"
        claims = [claim["metadata"]["name"] for claim in pod.workload["spec"].get("volumeClaimTemplates", ())]
        volumes = {*claims, *(volume["name"] for volume in pod.spec.get("volumes", ()))}
        mounted = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", ())}
        yield from (f"{pod}: volume {name} is missing or is not used" for name in sorted(volumes ^ mounted))


def served(build: Sequence[Manifest]) -> Iterator[str]:
    """A Service leads to a port that its pods have; a set has its headless one."""
    services = {m["metadata"]["name"]: m["spec"] for m in build if m["kind"] == "Service"}
    for name, service in services.items():
        behind = [pod for pod in pods(build) if service["selector"].items() <= pod.labels.items()]
        for port in service["ports"]:
            if len(behind) != 1 or behind[0].ports.get(port["targetPort"]) != port["port"]:
                yield f"Service {name} leads nowhere at {port['port']}"
    for pod in (pod for pod in pods(build) if pod.kind == "StatefulSet"):
        if services.get(pod.workload["spec"]["serviceName"], {}).get("clusterIP") != "None":
            yield f"{pod} has no headless Service"


def rolled(build: Sequence[Manifest]) -> Iterator[str]:
    """What answers HTTP is there all the time, drains, and has the time to end."""
    for pod in (pod for pod in pods(build) if pod.kind == "Deployment" and "http" in pod.ports):
        rolling = pod.workload["spec"].get("strategy", {}).get("rollingUpdate", {})
        if rolling.get("maxUnavailable") != 0 or not rolling.get("maxSurge"):
            yield f"{pod} is away during an upgrade"
        pause = pod.running[0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if not pause or pod.spec.get("terminationGracePeriodSeconds", 0) < pause + STOP_SECONDS:
            yield f"{pod} does not drain, or is killed while it does"


def spread(build: Sequence[Manifest]) -> Iterator[str]:
    """Several replicas have a budget and are spread; a single one has neither, or no node could be emptied."""
    budgets = [m["spec"]["selector"]["matchLabels"] for m in build if m["kind"] == "PodDisruptionBudget"]
    for pod in (pod for pod in pods(build) if pod.kind == "Deployment"):
        several = pod.workload["spec"].get("replicas", 1) > 1
        has_budget = any(budget.items() <= pod.labels.items() for budget in budgets)
        if {has_budget, "topologySpreadConstraints" in pod.spec} != {several}:
            yield f"{pod}: budget and spread do not fit its replicas"


def repeatable(build: Sequence[Manifest]) -> Iterator[str]:
    """A migration goes away by itself, so that it can run again; a drill runs once; a verification runs alone."""
    for pod in (pod for pod in pods(build) if pod.kind == "Job"):
        spec = pod.workload["spec"]
        if pod.name == "simulator" and spec.get("backoffLimit") != 0:
            yield "the season is played twice"
        if pod.name == "migrate" and not (spec.get("ttlSecondsAfterFinished") and spec.get("backoffLimit")):
            yield "the migration cannot run again"
    for pod in (pod for pod in pods(build) if pod.kind == "CronJob"):
        spec = pod.workload["spec"]
        if spec.get("concurrencyPolicy") != "Forbid" or spec["jobTemplate"]["spec"].get("backoffLimit") != 0:
            yield f"{pod} runs beside itself, or hides that it failed"


def fitting(build: Sequence[Manifest]) -> Iterator[str]:
    """One node of 2 cores and 8 GB has room for all, and for one process more while it is upgraded."""
    all_pods = list(pods(build))
    for what, bound, most in (("requests", "cpu", CORES), ("requests", "memory", MEMORY), ("limits", "memory", MEMORY)):
        sizes = [_size(pod, what, bound) for pod in all_pods]
        surge = max(size for size, pod in zip(sizes, all_pods, strict=True) if pod.kind == "Deployment")
        if sum(sizes) + surge > most:
            yield f"{what} of {bound}: {sum(sizes) + surge:g} of {most:g}"


def _size(pod: Pod, what: str, bound: str) -> float:
    return sum(_amount(container["resources"][what].get(bound, "0")) for container in pod.running)


def _amount(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\D*)", text).groups()  # type: ignore[union-attr]
    return float(number) * UNITS[unit]
