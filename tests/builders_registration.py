"""Valid values of registration: a school, a roster and its lines; a test changes only what it is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.registration.domain import Season
from services.registration.organisations import Organisation
from services.registration.roster import Roster, Setting
from tests.builders import at

NOW = at("2020-11-01")
SCHOOL = Organisation(
    id="RU-ROS-001-S01",
    kind="school",
    name="Школа № 1",
    parent="RU-ROS-001",
    region="RU-ROS",
    municipality="RU-ROS-001",
    utc_offset="+03:00",
)


def pupil(ref: str = "1", **changed: Any) -> dict[str, Any]:
    """One line of a roster of class 7А, with a guardian's consent."""
    line = {
        "external_ref": ref,
        "name": f"Иванов Пётр {ref}",
        "birth_date": "2007-05-17",
        "grade": 7,
        "guardian": {"ref": f"g{ref}", "name": f"Иванова Анна {ref}"},
        "consent": {"version": "2020-1", "given_at": "2020-09-01T12:00:00+03:00", "channel": "paper"},
    }
    return {**line, **changed}


def roster(pupils: Sequence[Any], **changed: Any) -> dict[str, Any]:
    """The body of a roster of class 7А."""
    body = {"season": "2020", "school": SCHOOL.id, "class": "7А", "occurred_at": "2020-09-14T10:00:00+03:00"}
    return {**body, "pupils": list(pupils), **changed}


def setting(now: datetime = NOW, **changed: Any) -> Setting:
    """What holds for every line of that roster."""
    sent = Roster.model_validate(roster([pupil()], **changed))
    return Setting.of(sent, Season(sent.season, (6, 11)), SCHOOL, now)
