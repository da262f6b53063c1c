"""The manifests build, Kubernetes' schemas know all they say, and they keep to our rules; every rule can fail."""

import copy
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from kubernetes_validate.utils import ValidationError, validate

from deploy.cli.arguments import parser
from deploy.cli.secrets import manifest as secrets
from deploy.sidecars.mongo_setup import USERS
from tests.contract import manifest_policies as policies
from tests.contract import manifest_rules as rules
from tests.contract.manifest_parts import Manifest, built, kustomize_too_old, one, plain, pods, references

KUBERNETES = "1.34"
MANIFESTS = Path(__file__).parents[2] / "deploy" / "kubernetes"
BASE, NODE, DRILL = "base", "overlays/single-node", "overlays/single-node-drill"

Rule = Callable[[Sequence[Manifest]], Iterator[str]]

EVERYWHERE: tuple[Rule, ...] = (
    rules.probed,
    rules.bounded,
    rules.hardened,
    rules.restricted,
    rules.referring,
    rules.served,
    rules.rolled,
    rules.spread,
    rules.repeatable,
    policies.only_named_peers,
    policies.denied_by_default,
)
INSTALLED: tuple[Rule, ...] = (
    *EVERYWHERE,
    rules.labelled,
    rules.one_release,
    rules.fitting,
    policies.exactly_the_flows_needed,
)
REMOVED = object()

POD = "spec.template.spec"
CONTAINER = f"{POD}.containers.0"
OPEN = [{"to": [{"podSelector": {}}], "ports": [{"port": 1}]}]
MUTATIONS: tuple[tuple[Rule, str, str, str, Any], ...] = (
    (rules.probed, "Deployment", "trials", f"{CONTAINER}.startupProbe", REMOVED),
    (rules.probed, "Deployment", "trials", f"{CONTAINER}.livenessProbe.httpGet.port", "other"),
    (rules.probed, "StatefulSet", "mongo", f"{POD}.containers.1.readinessProbe", REMOVED),
    (rules.probed, "Deployment", "operator", f"{CONTAINER}.ports", [{"name": "http", "containerPort": 8000}]),
    (rules.bounded, "Job", "migrate", f"{CONTAINER}.resources.limits", REMOVED),
    (rules.bounded, "StatefulSet", "kafka", f"{POD}.initContainers.0.resources.requests.cpu", REMOVED),
    (rules.bounded, "Deployment", "gateway", f"{CONTAINER}.resources.limits.cpu", "1"),
    (rules.hardened, "Deployment", "identity", f"{POD}.securityContext.runAsNonRoot", False),
    (rules.hardened, "Deployment", "identity", f"{POD}.securityContext.runAsUser", 0),
    (rules.hardened, "StatefulSet", "kafka", f"{POD}.securityContext.seccompProfile", REMOVED),
    (rules.hardened, "Deployment", "analytics", f"{CONTAINER}.securityContext.readOnlyRootFilesystem", False),
    (rules.hardened, "Deployment", "analytics", f"{CONTAINER}.securityContext.capabilities.add", ["NET_ADMIN"]),
    (rules.hardened, "StatefulSet", "mongo", f"{POD}.initContainers.0.securityContext", REMOVED),
    (rules.hardened, "Job", "simulator", f"{POD}.automountServiceAccountToken", REMOVED),
    (rules.hardened, "StatefulSet", "kafka", f"{POD}.enableServiceLinks", True),
    (rules.restricted, "Namespace", "bilet", "metadata.labels", {}),
    (rules.labelled, "ConfigMap", "drill", "metadata.labels", REMOVED),
    (rules.labelled, "Job", "simulator", "spec.template.metadata.labels", {}),
    (
        rules.labelled,
        "StatefulSet",
        "mongo",
        "spec.volumeClaimTemplates.0.metadata.labels",
        {"app.kubernetes.io/version": "dev"},
    ),
    (rules.one_release, "Deployment", "trials", f"{CONTAINER}.image", "bilet/trials:dev"),
    (rules.one_release, "Deployment", "trials", f"{CONTAINER}.image", "docker.io/bilet/trials:1.0"),
    (rules.one_release, "StatefulSet", "kafka", f"{CONTAINER}.image", "docker.io/apache/kafka:latest"),
    (rules.one_release, "StatefulSet", "kafka", f"{CONTAINER}.image", "docker.io/apache/kafka"),
    (rules.one_release, "Job", "simulator", f"{CONTAINER}.imagePullPolicy", "Always"),
    (rules.referring, "Deployment", "trials", f"{CONTAINER}.envFrom.2.secretRef.name", "other"),
    (rules.referring, "Deployment", "trials", f"{CONTAINER}.envFrom.1.secretRef.optional", REMOVED),
    (rules.referring, "Deployment", "identity", f"{CONTAINER}.env.2.valueFrom.secretKeyRef.key", "other"),
    (rules.referring, "Deployment", "gateway", f"{POD}.volumes.0.configMap.name", "gateway"),
    (rules.referring, "ConfigMap", "gateway", "metadata.name", "gateway"),
    (rules.referring, "StatefulSet", "kafka", "spec.volumeClaimTemplates.0.metadata.name", "other"),
    (rules.served, "Service", "kafka", "spec.ports.0.port", 9093),
    (rules.served, "Service", "trials", "spec.selector", {"app.kubernetes.io/name": "other"}),
    (rules.served, "StatefulSet", "mongo", "spec.serviceName", "other"),
    (rules.rolled, "Deployment", "registration", "spec.strategy.rollingUpdate.maxUnavailable", 1),
    (rules.rolled, "Deployment", "registration", f"{CONTAINER}.lifecycle", REMOVED),
    (rules.rolled, "Deployment", "gateway", f"{POD}.terminationGracePeriodSeconds", 20),
    (rules.spread, "Deployment", "trials", "spec.replicas", 2),
    (rules.repeatable, "Job", "simulator", "spec.backoffLimit", 1),
    (rules.repeatable, "Job", "migrate", "spec.ttlSecondsAfterFinished", REMOVED),
    (rules.repeatable, "CronJob", "verify", "spec.concurrencyPolicy", "Allow"),
    (rules.repeatable, "CronJob", "verify", "spec.jobTemplate.spec.backoffLimit", REMOVED),
    (rules.bounded, "CronJob", "verify", f"spec.jobTemplate.{CONTAINER}.resources.limits", REMOVED),
    (rules.fitting, "StatefulSet", "mongo", f"{CONTAINER}.resources.limits.memory", "4Gi"),
    (rules.fitting, "StatefulSet", "kafka", f"{CONTAINER}.resources.requests.cpu", "1.5"),
    (policies.denied_by_default, "NetworkPolicy", "default-deny", "spec.policyTypes", ["Ingress"]),
    (policies.denied_by_default, "NetworkPolicy", "names", "spec.podSelector", {"matchLabels": {"a": "b"}}),
    (policies.only_named_peers, "NetworkPolicy", "to-kafka", "spec.egress", [{}]),
    (policies.only_named_peers, "NetworkPolicy", "to-kafka", "spec.egress", OPEN),
    (policies.only_named_peers, "NetworkPolicy", "to-kafka", "spec.egress.0.ports", REMOVED),
    (policies.only_named_peers, "NetworkPolicy", "to-kafka", "spec.podSelector", {}),
    (policies.only_named_peers, "NetworkPolicy", "names", "spec.egress.0.to.0.podSelector", REMOVED),
    (policies.only_named_peers, "NetworkPolicy", "names", "spec.egress.0.to.0.namespaceSelector", {}),
    (policies.only_named_peers, "NetworkPolicy", "kafka", "spec.ingress.0.from.0", {"ipBlock": {"cidr": "0.0.0.0/0"}}),
    (policies.exactly_the_flows_needed, "NetworkPolicy", "kafka", "spec.ingress", REMOVED),
    (policies.exactly_the_flows_needed, "NetworkPolicy", "to-mongo", "spec.egress.0.ports.0.port", "http"),
    (policies.exactly_the_flows_needed, "NetworkPolicy", "from-gateway", "spec.podSelector", {}),
    (
        policies.exactly_the_flows_needed,
        "Deployment",
        "trials",
        "spec.template.metadata.labels",
        {"app.kubernetes.io/name": "other"},
    ),
)

pytestmark = pytest.mark.skipif((why := kustomize_too_old()) is not None, reason=why or "")


@pytest.fixture(scope="module")
def builds() -> dict[str, list[Manifest]]:
    """The base and every overlay there is."""
    overlays = sorted(f"overlays/{folder.name}" for folder in (MANIFESTS / "overlays").iterdir())
    return {name: built(MANIFESTS / name) for name in (BASE, *overlays)}


def test_every_build_fits_the_schemas_of_kubernetes(builds: dict[str, list[Manifest]]) -> None:
    assert {BASE, NODE, DRILL} <= builds.keys()
    for build in builds.values():
        for manifest in build:
            validate(manifest, KUBERNETES, strict=True)


def test_the_schemas_refuse_a_field_that_is_unknown(builds: dict[str, list[Manifest]]) -> None:
    wrong = copy.deepcopy(one(builds[NODE], "Deployment", "trials"))
    wrong["spec"]["template"]["spec"]["containers"][0]["lifeCycle"] = {}
    with pytest.raises(ValidationError):
        validate(wrong, KUBERNETES, strict=True)


@pytest.mark.parametrize("rule", INSTALLED, ids=lambda rule: rule.__name__)
def test_every_build_keeps_to_the_rules(builds: dict[str, list[Manifest]], rule: Rule) -> None:
    kept = [name for name in builds if name != BASE or rule in EVERYWHERE]
    assert {name: complaints for name in kept if (complaints := list(rule(builds[name])))} == {}


@pytest.mark.parametrize(
    ("rule", "kind", "name", "path", "value"), MUTATIONS, ids=lambda part: getattr(part, "__name__", None)
)
def test_each_rule_can_fail(
    builds: dict[str, list[Manifest]], rule: Rule, kind: str, name: str, path: str, value: Any
) -> None:
    broken = copy.deepcopy(builds[DRILL])
    _change(one(broken, kind, name), path, value)
    assert list(rule(broken))


def test_every_rule_has_been_seen_to_fail() -> None:
    assert {rule for rule, *_ in MUTATIONS} == set(INSTALLED)


def test_an_installation_makes_no_other_secrets_and_never_the_same(builds: dict[str, list[Manifest]]) -> None:
    first, second = (secrets("bilet")["items"] for _ in range(2))
    used = {name for pod in pods(builds[DRILL]) for kind, name, _ in references(pod) if kind == "Secret"}
    mounted = set(next(s["stringData"] for s in first if s["metadata"]["name"] == "mongo-passwords"))
    assert {secret["metadata"]["name"] for secret in first} == used
    assert mounted == set(USERS)
    assert not _texts(first) & _texts(second)
    assert not [manifest for build in builds.values() for manifest in build if manifest["kind"] == "Secret"]
    for secret in first:
        validate(secret, KUBERNETES, strict=True)


def test_all_of_an_installation_is_in_its_namespace(builds: dict[str, list[Manifest]]) -> None:
    spaces = {m["metadata"].get("namespace") for m in builds[DRILL] if m["kind"] != "Namespace"}
    assert spaces == {one(builds[DRILL], "Namespace", "bilet")["metadata"]["name"]}
    assert {secret["metadata"]["namespace"] for secret in secrets("other")["items"]} == {"other"}
    assert parser().parse_args(["secrets"]).namespace in spaces


def test_the_drill_adds_only_the_drill(builds: dict[str, list[Manifest]]) -> None:
    added = [m for m in builds[DRILL] if m not in builds[NODE]]
    assert sorted((m["kind"], plain(m)) for m in added) == [("ConfigMap", "drill"), ("Job", "simulator")]
    assert len(builds[DRILL]) == len(builds[NODE]) + 2


def _texts(made: Sequence[Manifest]) -> set[str]:
    return {text for secret in made for text in secret["stringData"].values()}


def _change(manifest: Manifest, path: str, value: Any) -> None:
    *steps, last = path.split(".")
    place: Any = manifest
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is REMOVED:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
