"""The rules of alerts speak of metrics that processes export, and say what is to be done."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from shared.base.telemetry import Metrics

FILE = Path(__file__).parents[2] / "deploy" / "alerts.yaml"
RULES: list[dict[str, Any]] = [rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_is_about_a_metric_that_is_exported(rule: dict[str, Any]) -> None:
    exported = set(re.findall(r"^# TYPE (\w+)", generate_latest(Metrics().registry).decode(), re.MULTILINE))
    named = set(re.findall(r"\bbilet_\w+", rule["expr"]))
    assert named
    assert named <= exported
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert {"summary", "description"} <= rule["annotations"].keys()


def test_an_erasure_that_is_not_answered_is_alerted_on() -> None:
    assert any("bilet_registration_overdue_acts" in rule["expr"] for rule in RULES)
