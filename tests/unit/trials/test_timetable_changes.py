"""A venue moves a slot, gives it other seats or calls it off: what is allowed, and what becomes of its bookings."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.trials.copies.joining import Joined
from services.trials.copies.participants import Archiving, ConsentChange, Participant
from services.trials.domain.path import steps
from services.trials.domain.path.paths import Path
from services.trials.domain.places.venues import Venue
from services.trials.domain.seats.rebooking import rebooked
from services.trials.domain.timetable import slot_changes
from services.trials.domain.timetable.day_closings import DayClosing
from services.trials.domain.timetable.slot_changes import Bounds, Change, SlotClosing, SlotMove, SlotSize
from services.trials.domain.timetable.slots import Schedule, Slot, SlotOffer, open_slot
from shared.base.errors import BadInput, Conflict, ServiceError
from shared.contracts.timetables import SlotClosed, SlotMoved, SlotResized, TrialMoved
from shared.contracts.trials import TrialCancelled
from tests.builders.events import ROSTOV, at
from tests.builders.trials import OFFER, VENUE, pupil, season, slot
from tests.builders.walks import BOOKED_AT, attended, booked, ids

BEFORE = at("2020-09-25")


def change(**changed: Any) -> Change:
    return Change(**{"season": season(), "local": ROSTOV, "time": BEFORE, **changed})


def moved(place: Slot, to: str = "2020-10-06T10:00:00+03:00", **changed: Any) -> Slot:
    return slot_changes.move(place, SlotMove(starts_at=at(to), **changed), change()).state


def closed(place: Slot, reason: Any = "frost") -> Slot:
    closing = SlotClosing(reason=reason, words="трубы лопнули")
    return slot_changes.close(place, closing, change(), afterwards=False).state


def test_a_slot_is_moved_and_its_event_says_from_when_to_when() -> None:
    decision = slot_changes.move(slot(booked=1), SlotMove(starts_at=at("2020-10-06", 7), minutes=60), change())
    (fact,) = decision.happened
    assert isinstance(fact.event, SlotMoved)
    assert (fact.time, fact.event.from_starts_at, fact.event.starts_at) == (
        BEFORE,
        at("2020-10-05", 14),
        at("2020-10-06", 7),
    )
    assert (fact.event.from_minutes, fact.event.minutes) == (90, 60)
    assert (decision.state.following, moved(slot()).following) == ("", None), "nobody follows an empty slot"
    again = slot_changes.move(decision.state, SlotMove(starts_at=at("2020-10-06", 7)), change())
    assert not again.made


@pytest.mark.parametrize(
    ("to", "changed", "slug", "word"),
    [
        (at("2020-12-17"), {}, "bad-input", "starts_at"),
        (at("2020-09-24"), {}, "bad-input", "starts_at"),
        (at("2020-10-06"), {"time": at("2020-10-05", 14)}, "slot-past", "occurred_at"),
        (at("2020-10-06"), {"attended": True}, "already-attended", None),
    ],
)
def test_a_slot_moves_within_its_season_and_before_it_begins(
    to: Any, changed: dict[str, Any], slug: str, word: str | None
) -> None:
    with pytest.raises(ServiceError) as refused:
        slot_changes.move(slot(), SlotMove(starts_at=to), change(**changed))
    assert refused.value.type == slug
    assert [error.pointer for error in refused.value.errors] == ([word] if word else [])


def test_seats_may_be_more_or_fewer_but_not_fewer_than_are_taken() -> None:
    place = slot(booked=5)
    decision = slot_changes.resize(place, SlotSize(capacity=5), change())
    assert (decision.state.capacity, decision.state.is_full) == (5, True)
    assert [type(fact.event) for fact in decision.happened] == [SlotResized]
    assert not slot_changes.resize(decision.state, SlotSize(capacity=5), change()).made
    with pytest.raises(Conflict) as refused:
        slot_changes.resize(place, SlotSize(capacity=4), change())
    assert refused.value.type == "seats-taken"


def test_a_changed_slot_keeps_within_its_venue_and_its_programme() -> None:
    within = change(bounds=Bounds(minutes=60, seats=10))
    hour = slot_changes.move(slot(), SlotMove(starts_at=at("2020-10-06"), minutes=60), within).state
    assert slot_changes.move(slot(), SlotMove(starts_at=at("2020-10-06")), within).state.minutes == 90
    with pytest.raises(BadInput, match="takes 60 minutes"):
        slot_changes.move(slot(), SlotMove(starts_at=at("2020-10-06"), minutes=45), within)
    assert slot_changes.resize(hour, SlotSize(capacity=10), within).state.capacity == 10
    with pytest.raises(BadInput, match="above the 10 seats"):
        slot_changes.resize(hour, SlotSize(capacity=11), within)
    assert slot_changes.resize(slot(capacity=30), SlotSize(capacity=20), within).state.capacity == 20


def test_a_slot_is_called_off_once_and_its_words_are_in_no_event() -> None:
    decision = slot_changes.close(
        slot(), SlotClosing(reason="premises", words="трубы лопнули"), change(), afterwards=False
    )
    (fact,) = decision.happened
    assert isinstance(fact.event, SlotClosed)
    assert "трубы" not in fact.event.model_dump_json()
    assert (decision.state.closed, decision.state.open_seats, decision.state.is_full) == ("premises", 0, True)
    assert closed(decision.state, "premises") == decision.state
    for command in (closed, moved):
        with pytest.raises(Conflict) as refused:
            command(decision.state)
        assert refused.value.type == "slot-closed"


def test_what_has_begun_is_called_off_by_an_operator_alone_and_only_where_nobody_came() -> None:
    late, frost = change(time=at("2020-10-05", 20)), SlotClosing(reason="frost")
    with pytest.raises(Conflict) as refused:
        slot_changes.close(slot(), frost, late, afterwards=False)
    assert refused.value.type == "slot-past"
    assert slot_changes.close(slot(), frost, late, afterwards=True).state.closed == "frost"
    with pytest.raises(Conflict) as refused:
        slot_changes.close(slot(), frost, change(time=late.time, attended=True), afterwards=True)
    assert refused.value.type == "already-attended"


def test_an_offer_that_is_sent_again_still_means_the_slot_that_was_changed() -> None:
    venue = Venue(
        id=VENUE,
        organisation=VENUE,
        name="x",
        region="RU-ROS",
        municipality="RU-ROS-001",
        seasons={"2020": "regional"},
    )
    schedule = Schedule(venue, season(), {"gov"}, ROSTOV)
    offer = SlotOffer.model_validate({**OFFER, "ref": "a"})
    opened = open_slot(schedule, offer, None, "s1", BOOKED_AT).state
    changed = slot_changes.resize(moved(opened), SlotSize(capacity=3), change()).state
    for known in (changed, closed(changed)):
        assert open_slot(schedule, offer, known, "s2", BOOKED_AT).state == known
    now = SlotOffer.model_validate({**OFFER, "ref": "a", "starts_at": "2020-10-06T10:00:00+03:00", "capacity": 3})
    assert open_slot(schedule, now, changed, "s2", BOOKED_AT).state == changed
    with pytest.raises(Conflict, match="another slot"):
        open_slot(schedule, SlotOffer.model_validate({**OFFER, "ref": "a", "minutes": 30}), changed, "s2", BOOKED_AT)


def test_a_booking_follows_its_slot_once() -> None:
    place = moved(slot(), minutes=60)
    path = booked(Path.new("p1", "2020"), slot())
    decision = rebooked(path, Joined(pupil()), place)
    (booking,) = decision.state.bookings
    assert (booking.starts_at, booking.minutes, booking.is_live) == (place.starts_at, 60, True)
    (fact,) = decision.happened
    assert isinstance(fact.event, TrialMoved)
    assert (fact.time, fact.event.from_starts_at, fact.event.booking) == (BEFORE, slot().starts_at, booking.id)
    assert rebooked(decision.state, Joined(pupil()), place).happened == ()


def withdrawn(day: str) -> Participant:
    changes = [("2020-09-01", True), (day, False)]
    told = [ConsentChange(sequence=f"{n:010}", time=at(when), given=given) for n, (when, given) in enumerate(changes)]
    return pupil(consent=False, consent_changes=tuple(told))


GONE = Archiving(sequence="0000000009", time=at("2020-10-05", 20), archived=True)


@pytest.mark.parametrize(
    ("who", "reason"),
    [(withdrawn("2020-10-06"), "consent"), (pupil(archivings=(GONE,)), "archived")],
)
def test_a_booking_is_given_up_where_the_pupil_may_not_come_at_the_new_time(who: Participant, reason: str) -> None:
    decision = rebooked(booked(Path.new("p1", "2020"), slot()), Joined(who), moved(slot()))
    (booking,) = decision.state.bookings
    assert (booking.cancelled, booking.given_up) == (BEFORE, reason)


def test_a_booking_is_given_up_where_the_pupil_has_another_one_at_the_new_time() -> None:
    other = slot("s2", starts_at=at("2020-10-06", 11))
    path = booked(booked(Path.new("p1", "2020"), slot()), other)
    decision = rebooked(path, Joined(pupil()), moved(slot()))
    assert [(b.slot, b.given_up) for b in decision.state.bookings] == [("s1", "moved"), ("s2", None)]
    (fact,) = decision.happened
    assert isinstance(fact.event, TrialCancelled)
    assert fact.event.reason == "moved"


def test_bookings_of_a_slot_that_is_called_off_are_given_up_but_for_what_was_attended() -> None:
    path = booked(Path.new("p1", "2020"), slot())
    decision = rebooked(path, Joined(pupil()), closed(slot()))
    assert [(b.cancelled, b.given_up) for b in decision.state.bookings] == [(BEFORE, "frost")]
    assert rebooked(decision.state, Joined(pupil()), closed(slot())).happened == ()
    walked = attended(path, slot()).state
    assert rebooked(walked, Joined(pupil()), closed(slot())).state == walked


def test_a_booking_of_a_duplicate_follows_on_its_own_path() -> None:
    duplicate = booked(Path.new("d", "2020"), slot())
    path = Path.new("s", "2020").model_copy(update={"duplicates": (duplicate,)})
    decision = rebooked(path, Joined(pupil("s"), (pupil("d"),)), moved(slot()))
    assert decision.state.bookings == ()
    assert [b.starts_at for b in decision.state.duplicates[0].bookings] == [at("2020-10-06", 10)]
    assert [fact.event.key for fact in decision.happened] == ["s"]


def test_nobody_books_into_a_slot_that_is_called_off() -> None:
    with pytest.raises(Conflict) as refused:
        steps.book(Path.new("p1", "2020"), pupil(), closed(slot()), BOOKED_AT, ids())
    assert refused.value.type == "slot-closed"


def test_who_asked_and_who_lost_a_consent_are_told_apart() -> None:
    path = booked(Path.new("p1", "2020"), slot())
    asked = steps.cancel(path, pupil(), path.bookings[0].id, BEFORE)
    assert [b.given_up for b in asked.state.bookings] == ["asked"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"venue": None},
        {"region": "RU-ROS"},
        {"until": "2020-10-04"},
        {"until": "2021-02-04"},
        {"reason": "weather"},
    ],
)
def test_days_are_of_one_place_and_not_far_apart(wrong: dict[str, Any]) -> None:
    body = {"day": "2020-10-05", "venue": VENUE, "reason": "frost"}
    said = DayClosing.model_validate(body)
    assert said.last - said.day == timedelta()
    with pytest.raises(ValueError, match="1 validation error"):
        DayClosing.model_validate({**body, **wrong})


def test_a_seat_that_is_to_be_confirmed_is_so_by_the_new_time_or_need_not_be() -> None:
    path = booked(Path.new("p1", "2020"), slot())
    (held,) = path.bookings
    late = held.model_copy(update={"confirm_by": at("2020-10-05", 8)})
    path = path.model_copy(update={"bookings": (late,)})
    for to, expected in (
        ("2020-09-25T19:00:00+03:00", at("2020-09-25", 13)),
        ("2020-09-25T17:59:00+03:00", None),
        ("2020-10-09T10:00:00+03:00", at("2020-10-05", 8)),
    ):
        place = slot_changes.move(slot(), SlotMove(starts_at=datetime.fromisoformat(to)), change()).state
        followed = rebooked(path, Joined(pupil()), place).state.bookings[0]
        assert (followed.starts_at, followed.confirm_by) == (datetime.fromisoformat(to), expected)
