"""Steps of a path, taken one after another by the rules."""

from datetime import timedelta
from itertools import count
from typing import Any

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path import steps
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.paths import Path
from services.trials.domain.timetable.slots import Slot
from shared.storage.decision import Decision, NewId
from tests.builders.events import at
from tests.builders.trials import pupil, season, slot

BOOKED_AT = at("2020-09-20")


def ids() -> NewId:
    """Numbers of its own, as ids."""
    numbers = count(1)
    return lambda: f"id{next(numbers)}"


NEW_ID = ids()
GATE = SeasonGate(season(), NEW_ID)


def sat(path: Path, diagnostic: str, day: str, rules: Season | None = None) -> Decision[Path]:
    """A diagnostic is completed on a day."""
    attempt = Attempt(path.id, f"{diagnostic}-{day}", f"a-{diagnostic}", diagnostic, b"", {}, at(day))
    return steps.complete(path, pupil(), attempt, SeasonGate(rules or season(), ids()))


def booked(path: Path, place: Slot) -> Path:
    """The path with a seat in a slot."""
    return steps.book(path, pupil(), place, BOOKED_AT, NEW_ID).state


def attended(path: Path, place: Slot, rules: Season | None = None) -> Decision[Path]:
    """What was booked is attended, five minutes after it began."""
    booking = path.live_booking(place.id)
    assert booking is not None
    time = place.starts_at + timedelta(minutes=5)
    return steps.attend(path, pupil(), booking, "qr", time, SeasonGate(rules or season(), NEW_ID))


def trial(day: str, **changed: Any) -> Slot:
    """A practical trial of a day, at two in the afternoon."""
    return slot(f"s-{day}", starts_at=at(day, 14), **changed)


def diagnosed() -> Path:
    """A path with both of the season's diagnostics."""
    return sat(sat(Path.new("p1", "2020"), "readiness", "2020-09-14").state, "interests", "2020-09-15").state
