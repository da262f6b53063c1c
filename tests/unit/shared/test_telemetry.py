"""What goes wrong again and again is said once."""

import json

import pytest
import structlog
from pydantic import BaseModel, ValidationError
from structlog.testing import capture_logs

from shared.base.telemetry import Trouble, configure_logs, logger


def test_each_reason_of_a_trouble_is_logged_once_until_it_is_over() -> None:
    trouble = Trouble("loop waits", loop="relay")
    with capture_logs() as said:
        trouble.over()
        for reason in ("no answer", "no answer", "refused", "no answer"):
            trouble.met(reason)
        trouble.over()
        trouble.over()
        trouble.met("refused")
    assert [(line["log_level"], line.get("reason"), line.get("over")) for line in said] == [
        ("warning", "no answer", None),
        ("warning", "refused", None),
        ("info", None, "no answer"),
        ("warning", "refused", None),
    ]
    assert {(line["event"], line["loop"]) for line in said} == {("loop waits", "relay")}


NAME = "Анна Орлова"


class Pupil(BaseModel):
    """What may go wrong with a person in hand."""

    name: str
    grade: int


def test_an_error_is_logged_with_its_places_and_none_of_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    kept = structlog.get_config()
    configure_logs("test", "all", "info")
    try:
        try:
            Pupil.model_validate({"name": NAME, "grade": NAME})
        except ValidationError as error:
            group = ExceptionGroup(NAME, [error])
            logger.error("request failed", exc_info=group)
    finally:
        structlog.contextvars.clear_contextvars()
        structlog.configure(**kept)
    line = json.loads(capsys.readouterr().out)
    assert NAME not in str(line)
    assert "in test_an_error_is_logged" in line["exception"]
    assert "ValidationError" in line["exception"]
