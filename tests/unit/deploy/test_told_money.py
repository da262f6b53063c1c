"""The independent counter knows units of quotas and acts for payment by the words of the contract alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.chaos.payments import Act, acts, faults
from tests.chaos.quotas import Units, holders
from tests.chaos.told import Record

SEASON = "s"
RULES = {"quota_unit": "attendance", "trials_required": 1}
SCHOOL, OTHER = ("school", "venue"), ("other", "venue")


def told(type_: str, hour: int = 0, **data: Any) -> Record:
    time = datetime(2020, 10, 5, tzinfo=UTC) + timedelta(hours=hour)
    return Record(1, 1, "e", f"{type_}.v1", {"season": SEASON, **data}, time=time)


def booked(booking: str, hour: int, school: str = "school", pupil: str = "a") -> Record:
    return told("trial.booked", hour, participant=pupil, booking=booking, school=school, venue="venue")


def attended(attendance: str, booking: str, hour: int, pupil: str = "a") -> Record:
    of = {"participant": pupil, "booking": booking, "slot": f"of {booking}", "kind": "trial"}
    return told("trial.attended", hour, attendance=attendance, **of)


def cancelled(booking: str, hour: int) -> Record:
    return told("trial.cancelled", hour, participant="a", booking=booking)


REVOKED = told("attendance.revoked", 9, participant="a", attendance="A1")


def test_units_go_down_and_come_back_and_their_sum_is_what_the_nation_set() -> None:
    down: dict[str, Any] = {"giver": "RU", "organisation": "R", "venue": None}
    entries = [
        told("quota.set", added=10),
        told("quota.moved", amount=6, **down),
        told("quota.moved", amount=-2, **down),
    ]
    assert holders(entries, SEASON, RULES) == {("RU", None): Units(6, 6, 0, 0), ("R", None): Units(4, 4, 0, 0)}


@pytest.mark.parametrize(
    ("records", "reserved", "completed"),
    [
        ([booked("b1", 1)], 1, 0),
        ([booked("b1", 1), cancelled("b1", 2)], 0, 0),
        ([booked("b1", 1), attended("A1", "b1", 8)], 0, 1),
        ([booked("b1", 1), attended("A1", "b1", 8), REVOKED], 0, 0),
        ([booked("b1", 1), told("attendance.missed", 8, participant="a", booking="b1")], 0, 0),
        ([booked("b1", 1), told("participant.erased", 8, participant="a")], 0, 0),
        ([booked("b1", 1), attended("A1", "b1", 8), told("participant.erased", 9, participant="a")], 0, 1),
    ],
)
def test_a_booking_holds_a_unit_as_long_as_it_stands(records: list[Record], reserved: int, completed: int) -> None:
    found = holders(records, SEASON, RULES).get(SCHOOL, Units(0, 0, 0, 0))
    assert found == Units(0, -reserved - completed, reserved, completed)


@pytest.mark.parametrize(("until", "whose"), [(3, SCHOOL), (2, OTHER)])
def test_of_a_pupil_the_booking_counts_with_which_began_what_stands_without_a_break(until: int, whose: Any) -> None:
    records = [booked("b1", 1), booked("b2", 2, "other"), cancelled("b1", until)]
    assert holders(records, SEASON, {**RULES, "quota_unit": "pupil"}) == {whose: Units(0, -1, 1, 0)}


def signed(number: int, *lines: tuple[str, int]) -> Record:
    attendances, kopecks = zip(*lines, strict=True)
    return told("act.signed", venue="venue", number=number, attendances=attendances, kopecks=kopecks)


CAME = [booked("b1", 1), attended("A1", "b1", 8)]
PAID = signed(1, ("A1", 100))


@pytest.mark.parametrize(
    ("records", "fault"),
    [
        ([*CAME, PAID], ""),
        ([*CAME], "not paid: ('a', 'of b1')"),
        ([*CAME, PAID, REVOKED], "paid, though it does not stand: A1"),
        ([*CAME, PAID, REVOKED, signed(2, ("A1", -100))], ""),
        ([*CAME, PAID, REVOKED, signed(2, ("A1", -90))], "attendance A1 has the lines [100, -90]"),
        ([*CAME, signed(2, ("A1", 100))], "a number is left out: ('venue', 1)"),
        ([*CAME, attended("A2", "b1", 8), signed(1, ("A1", 1), ("A2", 1))], "paid 2 times: ('a', 'of b1')"),
    ],
)
def test_an_attendance_is_paid_once_while_it_stands(records: list[Record], fault: str) -> None:
    found = list(faults(records, SEASON))
    assert (fault in found) if fault else not found


def test_parts_of_an_act_are_added_up_and_it_is_paid() -> None:
    records = [signed(1, ("A1", 100)), signed(1, ("A2", 50), ("A3", -20))]
    paid = told("act.paid", venue="venue", number=1)
    assert acts([*records, paid], SEASON) == {("venue", 1): Act(130, 3, "paid")}
