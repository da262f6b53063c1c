"""At the door: what an operator lets be recorded says so, and what was taken back is in doubt and holds no seat."""

from datetime import timedelta

import pytest

from services.trials.copies.joining import Joined
from services.trials.copies.participants import ConsentChange, Participant
from services.trials.domain.path import steps
from services.trials.domain.path.gates import Gates
from services.trials.domain.path.paths import Path, Paths
from services.trials.domain.path.states import States
from services.trials.domain.path.steps import Presence
from services.trials.domain.presence.attendance import AttendanceBatch
from shared.base.errors import Conflict
from shared.contracts.codes import ExceptionReason
from shared.contracts.steps import TakenStep
from shared.programme.clocks import Clocks
from tests.builders.events import at
from tests.builders.trials import pupil, season, slot
from tests.builders.walks import GATE, ids

HERE, NOW = slot("s1", starts_at=at("2020-10-05", 14)), at("2020-12-10")


def batch(path: Path | None = None, closes: str = "2020-12-15", one: Participant | None = None) -> AttendanceBatch:
    """One slot of a season, and one pupil."""
    known, rules = one or pupil(), season(closes=closes)
    clocks = Clocks({"RU-ROS": "+03:00"})
    states = States({"p1": known}, Paths([path] if path else []), {"2020": rules}, clocks, {"p1": ["p1"]})
    return AttendanceBatch({"s1": HERE}, states, Gates({"2020": rules}, ids()))


def shown(minutes: int, *, late: bool = False, exception: ExceptionReason | None = None) -> Presence:
    """The pupil's own code, so long after the start."""
    time = HERE.starts_at + timedelta(minutes=minutes)
    return Presence(participant="p1", source="qr", occurred_at=time, own_code=True, late=late, exception=exception)


def let_in(minutes: int) -> Path:
    """The path of a pupil who was let in."""
    door = batch()
    door.confirm(HERE, shown(minutes), NOW, None)
    (decision,) = door.states.paths.made
    return decision.state


def test_an_exception_at_the_door_is_told_by_both_steps() -> None:
    door = batch(closes="2020-10-01")
    door.confirm(HERE, shown(5, exception="illness"), NOW, None)
    (decision,) = door.states.paths.made
    told = [fact.event.exception for fact in decision.happened if isinstance(fact.event, TakenStep)]
    assert told == ["illness", "illness"]


def test_each_scan_from_before_an_attendance_was_taken_back_is_in_doubt() -> None:
    path = let_in(0)
    booking, attendance = path.bookings[0], path.attendances[0]
    booking = booking.model_copy(update={"source": None})  # booked before, so that the seat stays
    path = path.model_copy(update={"bookings": (booking,)})
    back = steps.revoke(path, pupil(), attendance.id, "не тот", HERE.starts_at + timedelta(minutes=10), GATE).state
    for minutes in (0, 1, 10):
        with pytest.raises(Conflict) as refused:
            batch(back).confirm(HERE, shown(minutes, late=True), NOW, None)
        assert refused.value.type == "attendance-revoked"
    assert batch(back).confirm(HERE, shown(11, late=True), NOW, None).new


@pytest.mark.parametrize("withdrawn", [-30, 10, 20])
def test_who_was_let_in_without_consent_has_no_seat_left(withdrawn: int) -> None:
    gone = ConsentChange(sequence="0000000003", time=HERE.starts_at + timedelta(minutes=withdrawn), given=False)
    one = pupil(consent=False, consent_changes=(*pupil().consent_changes, gone))
    decision = steps.follow(let_in(20), Joined(one), GATE, {})
    assert decision.state.held == []
    assert [fact.event.type for fact in decision.happened] == ["attendance.revoked.v1", "trial.cancelled.v1"]
