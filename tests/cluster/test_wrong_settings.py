"""A wrong setting: the pod is not ready, its log says why in one line, and nothing of it has begun."""

import asyncio
import json
import re
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster.faults import ready
from tests.cluster.installation import NAMESPACE, NOW, installed, load, needs_cluster
from tests.cluster.kubectl import Kubectl
from tests.verdict import Broken

pytestmark = needs_cluster
SERVICE = "analytics"
WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "no-master-key": ({"name": "MASTER_KEY", "value": ""}, r"^settings: MASTER_KEY: .+"),
    "kafka-elsewhere": (
        {"name": "KAFKA_BOOTSTRAP_SERVERS", "value": "kafka:1"},
        r'"reason": "Kafka does not answer: \w+", "event": "not ready"',
    ),
    "wrong-password": (
        {
            "name": "MONGO_URL",
            "value": "mongodb://analytics:wrong@mongo-0.mongo:27017/?replicaSet=bilet&authSource=admin",
        },
        r'"reason": "MongoDB refuses: Authentication failed\.", "event": "not ready"',
    ),
}
SAID_WITHIN = 60.0
STAYS_SECONDS = 20.0
"""For so long after its one line the pod must stay as it is."""


@pytest.mark.timeout(1_200)
async def test_a_wrong_setting_is_named_in_one_line_and_nothing_begins() -> None:
    kubectl = Kubectl(NAMESPACE)
    await load(NOW)
    async with installed(kubectl, NOW):
        template = (await kubectl.json("get", f"deployment/{SERVICE}"))["spec"]["template"]
        for name, (variable, words) in WRONG.items():
            await kubectl.run("apply", "-f", "-", stdin=json.dumps(_pod(template, name, variable)))
            await _said(kubectl, name, words)
            await asyncio.sleep(STAYS_SECONDS)
            lines = (await kubectl.run("logs", name)).splitlines()
            assert len(lines) == 1, lines
            assert not ready(await kubectl.json("get", f"pod/{name}"))
            await kubectl.run("delete", "pod", name)


def _pod(template: Mapping[str, Any], name: str, variable: Mapping[str, Any]) -> dict[str, Any]:
    """A pod as the service's own, but for one variable; it is started once."""
    spec = json.loads(json.dumps(template["spec"]))
    container = spec["containers"][0]
    container["env"] = [e for e in container.get("env", []) if e["name"] != variable["name"]] + [variable]
    metadata = {"name": name, "labels": template["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec | {"restartPolicy": "Never"}}


async def _said(kubectl: Kubectl, pod: str, words: str) -> None:
    deadline = time.monotonic() + SAID_WITHIN
    while not re.search(words, said := await _log(kubectl, pod)):
        if time.monotonic() > deadline:
            raise Broken(
                f"a wrong setting is named: {pod} did not say {words!r} within {SAID_WITHIN:g} s, but {said!r}"
            )
        await asyncio.sleep(1)


async def _log(kubectl: Kubectl, pod: str) -> str:
    """Nothing before the container has been started."""
    found = await kubectl.json("get", f"pod/{pod}")
    states = [status["state"] for status in found["status"].get("containerStatuses", [])]
    return await kubectl.run("logs", pod) if any("waiting" not in state for state in states) else ""
