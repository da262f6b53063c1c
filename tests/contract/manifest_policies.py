"""Who may speak to whom by the network policies of a build, and what in them is open to anybody."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.contracts.topics import SERVICES
from tests.contract.manifest_parts import NAME, Manifest, pods

Flow = tuple[str, str, str]
"""From which workload to which, by `app.kubernetes.io/name`, at which named port."""

TOOLS = ("migrate", "verify", "operator")
PLAYERS = ("operator", "simulator")
KNOWN = {*SERVICES, *TOOLS, *PLAYERS, "kafka", "mongo", "identity", "gateway"}
OPEN_TO_THE_WORLD = ("gateway",)
ALL_PODS = ("default-deny", "names")
"""The policies that choose every pod: nothing is allowed, and DNS."""


def expected_flows(names: set[str]) -> set[Flow]:
    """What the parts named need, and nothing more."""
    needed: set[Flow] = {(name, server, server) for name in (*SERVICES, *TOOLS) for server in ("kafka", "mongo")}
    needed |= {(service, "identity", "http") for service in SERVICES}
    needed |= {("gateway", service, "http") for service in (*SERVICES, "identity")}
    needed |= {(player, "gateway", "http") for player in PLAYERS}
    return {flow for flow in needed if flow[0] in names and flow[1] in names}


def only_named_peers(build: Sequence[Manifest]) -> Iterator[str]:
    """Every rule names its peers by labels, and its ports; only the gateway is open to addresses."""
    for policy in _policies(build):
        name, spec = policy["metadata"]["name"], policy["spec"]
        if not spec["podSelector"] and name not in ALL_PODS:
            yield f"{name} is for every pod"
        for direction, rule in _rules(spec):
            peers = rule.get("from" if direction == "ingress" else "to")
            if not peers or not rule.get("ports"):
                yield f"{name}: {direction} to anybody, or at any port"
            for peer in peers or ():
                if "ipBlock" in peer:
                    if name not in OPEN_TO_THE_WORLD or direction != "ingress":
                        yield f"{name}: {direction} by address"
                elif not peer.get("podSelector") or peer.get("namespaceSelector") == {}:
                    yield f"{name}: {direction} with a peer that is everybody"


def denied_by_default(build: Sequence[Manifest]) -> Iterator[str]:
    """One policy denies everything to every pod in both directions; another one gives names."""
    found = {policy["metadata"]["name"]: policy["spec"] for policy in _policies(build)}
    if found.get("default-deny") != {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}:
        yield "nothing denies by default"
    if found.get("names", {}).get("podSelector") != {}:
        yield "some pods have no DNS"


def exactly_the_flows_needed(build: Sequence[Manifest]) -> Iterator[str]:
    """What both ends allow is what the parts need; nothing is allowed by one end alone."""
    leaving, entering = _allowed(build, "egress"), _allowed(build, "ingress")
    yield from (f"allowed by one end alone: {flow}" for flow in sorted(leaving ^ entering))
    names = {pod.labels[NAME] for pod in pods(build)}
    yield from (f"nobody has said to whom {name} may speak" for name in sorted(names - KNOWN))
    expected = expected_flows(names)
    yield from (f"not allowed: {flow}" for flow in sorted(expected - (leaving & entering)))
    yield from (f"allowed and not needed: {flow}" for flow in sorted((leaving & entering) - expected))


def _allowed(build: Sequence[Manifest], direction: str) -> set[Flow]:
    flows: set[Flow] = set()
    for policy in _policies(build):
        own = _chosen(policy["spec"]["podSelector"], build)
        for _, rule in (found for found in _rules(policy["spec"]) if found[0] == direction):
            selectors = [peer["podSelector"] for peer in (rule.get("from") or rule.get("to") or ()) if _is_here(peer)]
            others = {name for selector in selectors for name in _chosen(selector, build)}
            pairs = [(other, me) if direction == "ingress" else (me, other) for me in own for other in others]
            flows |= {(*pair, str(port["port"])) for pair in pairs for port in rule.get("ports", ())}
    return flows


def _is_here(peer: Manifest) -> bool:
    return "podSelector" in peer and "namespaceSelector" not in peer


def _chosen(selector: Manifest, build: Sequence[Manifest]) -> set[str]:
    return {pod.labels[NAME] for pod in pods(build) if _matches(selector, pod.labels)}


def _matches(selector: Manifest, labels: Mapping[str, str]) -> bool:
    terms: list[Any] = selector.get("matchExpressions", [])
    assert all(term["operator"] == "In" for term in terms), "no other operator is known here"
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(term["key"]) in term["values"] for term in terms
    )


def _policies(build: Sequence[Manifest]) -> Iterator[Manifest]:
    return (manifest for manifest in build if manifest["kind"] == "NetworkPolicy")


def _rules(spec: Manifest) -> Iterator[tuple[str, Manifest]]:
    return ((direction, rule) for direction in ("ingress", "egress") for rule in spec.get(direction, ()))
