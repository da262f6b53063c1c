"""The rules of trials: who may take part, seats, attendance, and the bounds of a path."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.trials.copies.joining import Joined
from services.trials.copies.participants import ConsentChange, Entry, Participant
from services.trials.domain.path import steps
from services.trials.domain.path.caller import must_take_part
from services.trials.domain.path.paths import MOST, Path, Paths
from shared.base.errors import ServiceError
from shared.storage.decision import Decision
from tests.builders.events import at
from tests.builders.trials import pupil, season, slot
from tests.builders.walks import BOOKED_AT, GATE, attended, booked, ids, sat, trial

NOW = datetime(2020, 9, 14, 9, tzinfo=UTC)


def test_what_is_allowed_from_a_time_on_is_allowed_at_that_time() -> None:
    place = slot(grades=(7, 7))
    path = booked(Path.new("p1", "2020"), place)
    booking = path.bookings[0]
    taken = steps.attend(path, pupil(), booking, "list", booking.starts_at, GATE).state
    (attendance,) = taken.attendances
    back = steps.revoke(taken, pupil(), attendance.id, "ошибка", attendance.time, GATE).state
    assert back.attendances[0].revoked == attendance.time
    with pytest.raises(ServiceError, match="had not begun"):
        steps.attend(path, pupil(), booking, "list", booking.starts_at - timedelta(seconds=1), GATE)


def lapsed(*changes: tuple[str, bool]) -> Participant:
    """A pupil whose consent was withdrawn and given at these times."""
    told = [ConsentChange(sequence=f"{n:010}", time=at(day), given=given) for n, (day, given) in enumerate(changes)]
    return pupil(consent=changes[-1][1], consent_changes=tuple(told))


@pytest.mark.parametrize(
    ("withdrawn", "freed"),
    [("2020-09-10", BOOKED_AT), ("2020-09-25", at("2020-09-25")), ("2020-10-06", None)],
)
def test_a_seat_that_is_held_without_consent_is_free_from_then_on(withdrawn: str, freed: datetime | None) -> None:
    """Also one that was booked before the withdrawal had arrived: it was never the pupil's then."""
    path = booked(Path.new("p1", "2020"), slot())
    followed = steps.follow(path, Joined(lapsed((withdrawn, False))), GATE, {})
    assert [booking.cancelled for booking in followed.state.bookings] == [freed]
    assert [fact.time for fact in followed.happened] == ([freed] if freed else [])


def test_several_steps_of_one_pupil_in_a_batch_are_all_published() -> None:
    paths = Paths([])
    for diagnostic in ("readiness", "interests"):
        paths.take(sat(paths.of("p1", "2020"), diagnostic, "2020-09-14"), None)
    (decision,) = paths.made
    assert [getattr(fact.event, "diagnostic", None) for fact in decision.happened] == ["readiness", "interests"]


def test_a_pupil_cannot_book_and_give_up_for_ever() -> None:
    place = trial("2020-10-01")
    kept = booked(Path.new("p1", "2020"), place).bookings[0].model_copy(update={"cancelled": BOOKED_AT})
    path = Path.new("p1", "2020").model_copy(update={"bookings": (kept,) * (MOST - 1)})
    last = booked(path, place)
    assert last.live_booking(place.id) is not None
    with pytest.raises(ServiceError) as refusal:
        booked(last, trial("2020-10-02"))
    assert refusal.value.type == "too-many-bookings"


def test_attempts_come_to_an_end_but_for_a_diagnostic_that_is_still_missing() -> None:
    path = sat(Path.new("p1", "2020"), "readiness", "2020-09-14").state
    assert path.model_copy(update={"attempts": ("ref",) * (MOST - 1)}).may_attempt("readiness", 1)
    full = path.model_copy(update={"attempts": ("ref",) * MOST})
    assert (full.may_attempt("readiness", 1), full.may_attempt("interests", 1)) == (False, True)
    assert full.may_attempt("readiness", 2), "it is of another round"


def slug(refused: pytest.ExceptionInfo[ServiceError]) -> str:
    return refused.value.type


@pytest.mark.parametrize(
    ("changed", "seconds", "slug", "retryable"),
    [
        ({"seasons": {}}, 0, "not-in-season", True),
        ({"consent": False, "consent_set_by": "", "consent_changes": ()}, 29, "consent-missing", True),
        ({"consent": False, "consent_set_by": "", "consent_changes": ()}, 31, "consent-missing", False),
        ({"consent": False, "consent_set_by": "0000000003", "consent_changes": ()}, 1, "consent-missing", False),
    ],
)
def test_who_may_not_take_part(changed: dict[str, Any], seconds: int, slug: str, retryable: bool) -> None:
    entry = Entry(time=at("2020-09-01"), recorded=NOW - timedelta(seconds=seconds))
    who = pupil(**{"seasons": {"2020": entry}, **changed})
    with pytest.raises(ServiceError) as refused:
        must_take_part(who, season(), NOW, NOW, NOW)
    problem = refused.value.problem()
    assert (problem["type"], problem.get("retryable", False)) == (slug, retryable)
    assert problem["errors"][0]["pointer"] == "participant"


def test_with_consent_a_pupil_takes_part() -> None:
    must_take_part(pupil(), season(), NOW, NOW, NOW)


def test_a_repeated_diagnostic_is_an_event_and_keeps_the_first_time() -> None:
    again = sat(sat(Path.new("p1", "2020"), "readiness", "2020-09-14").state, "readiness", "2020-09-20")
    assert [fact.event.type for fact in again.happened] == ["diagnostic.completed.v1"]
    assert again.state.diagnostics == {"readiness": at("2020-09-14")}
    earlier = sat(again.state, "readiness", "2020-09-10")
    assert earlier.state.diagnostics == {"readiness": at("2020-09-10")}


def test_a_booking_names_the_slot_and_again_changes_nothing() -> None:
    decision = steps.book(Path.new("p1", "2020"), pupil(), slot(), BOOKED_AT, ids())
    (fact,) = decision.happened
    assert fact.time == BOOKED_AT
    assert fact.event.model_dump(include={"booking", "slot", "competency", "kind", "school_class", "grade"}) == {
        "booking": "id1",
        "slot": "s1",
        "competency": "gov",
        "kind": "trial",
        "school_class": "7А",
        "grade": 7,
    }
    again = steps.book(decision.state, pupil(), slot(), BOOKED_AT, ids())
    assert again == Decision(decision.state)


@pytest.mark.parametrize(
    ("changed", "expected", "pointer"),
    [
        ({"starts_at": BOOKED_AT}, "slot-past", "occurred_at"),
        ({"grades": (8, 9)}, "grade-outside-slot", "participant"),
        ({"booked": 8}, "slot-full", "participant"),
    ],
)
def test_no_seat(changed: dict[str, Any], expected: str, pointer: str) -> None:
    with pytest.raises(ServiceError) as refused:
        steps.book(Path.new("p1", "2020"), pupil(), slot(**changed), BOOKED_AT, ids())
    assert slug(refused) == expected
    assert refused.value.errors[0].pointer == pointer


@example(minutes=90, length=60)  # the one ends when the other begins
@example(minutes=-60, length=60)
@given(minutes=st.integers(-300, 300), length=st.integers(15, 240))
def test_a_pupil_is_in_one_place_at_a_time(minutes: int, length: int) -> None:
    first = slot("s1", starts_at=at("2020-10-05", 12), minutes=90)
    other = slot("s2", starts_at=first.starts_at + timedelta(minutes=minutes), minutes=length)
    path = booked(Path.new("p1", "2020"), first)
    overlap = any(0 <= minutes + m < 90 for m in range(length))
    if overlap:
        with pytest.raises(ServiceError, match="overlaps"):
            booked(path, other)
    else:
        assert len(booked(path, other).bookings) == 2


def test_a_cancelled_booking_frees_the_time_and_is_cancelled_once() -> None:
    path = booked(Path.new("p1", "2020"), slot())
    (booking,) = path.bookings
    decision = steps.cancel(path, pupil(), booking.id, at("2020-10-01"))
    assert [fact.event.type for fact in decision.happened] == ["trial.cancelled.v1"]
    assert steps.cancel(decision.state, pupil(), booking.id, at("2020-10-02")).happened == ()
    assert len(booked(decision.state, slot("s2")).bookings) == 2


def test_what_has_begun_or_was_attended_is_not_cancelled() -> None:
    path = booked(Path.new("p1", "2020"), slot())
    (booking,) = path.bookings
    with pytest.raises(ServiceError) as refused:
        steps.cancel(path, pupil(), booking.id, booking.starts_at)
    assert slug(refused) == "slot-past"
    with pytest.raises(ServiceError) as refused:
        steps.cancel(attended(path, slot()).state, pupil(), booking.id, at("2020-10-01"))
    assert slug(refused) == "already-attended"


def test_nobody_attends_before_the_start_or_twice() -> None:
    path = booked(Path.new("p1", "2020"), slot())
    (booking,) = path.bookings
    early = booking.starts_at - timedelta(seconds=1)
    with pytest.raises(ServiceError) as refused:
        steps.attend(path, pupil(), booking, "list", early, GATE)
    assert (slug(refused), refused.value.errors[0].pointer) == ("not-started", "occurred_at")
    decision = attended(path, slot())
    assert attended(decision.state, slot()).happened == ()


@pytest.mark.parametrize("day", ["2020-07-06", "2020-12-17"])
def test_a_day_outside_the_season_is_refused_with_its_dates(day: str) -> None:
    with pytest.raises(ServiceError, match="2020-07-07 to 2020-12-16") as refused:
        season().must_contain(at(day), "occurred_at")
    assert (slug(refused), refused.value.errors[0].pointer) == ("outside-season", "occurred_at")


@pytest.mark.parametrize("day", ["2020-07-07", "2020-12-16"])
def test_the_first_and_the_last_day_belong_to_the_season(day: str) -> None:
    season().must_contain(at(day), "occurred_at")
