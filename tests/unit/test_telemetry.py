"""What goes wrong again and again is said once."""

from structlog.testing import capture_logs

from shared.telemetry import Trouble


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
