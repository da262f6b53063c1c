"""Moves, archives and closed cabinets in the fold: on each day a pupil counts once, where the pupil was on that day."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.enrolments import Terms
from services.analytics.facts import Pupil, learn
from services.analytics.figures import guardians
from services.analytics.figures.registry import contribution
from shared.contracts.event import Envelope
from shared.programme.stages import Rules
from tests.builders.events import (
    PLACE,
    archived,
    at,
    attended,
    diagnosed,
    enveloped,
    guardian_linked,
    guardian_unlinked,
    moved,
    registered,
    restored,
)

TERMS = Terms(Rules(frozenset({"readiness"}), trials_required=1), closes="2020-10-31")
NEIGHBOUR: Mapping[str, Any] = {**PLACE, "municipality": "RU-ROS-002", "school": "RU-ROS-002-S04"}
ABROAD: Mapping[str, Any] = {**PLACE, "region": "RU-DA", "municipality": "RU-DA-001", "school": "RU-DA-001-S01"}
PLACES = (PLACE, NEIGHBOUR, ABROAD)
DAYS = tuple(f"2020-{month:02}-{day:02}" for month in (8, 9, 10, 11) for day in (1, 10, 20))


class Move(NamedTuple):
    day: str
    to: Mapping[str, Any]


MOVES = st.lists(st.builds(Move, st.sampled_from(DAYS), st.sampled_from(PLACES)), max_size=6)


def pupil_of(events: Iterable[Envelope]) -> Pupil:
    pupil = Pupil()
    for event in events:
        learn(pupil, event)
    return pupil


def on(sequence: int, day: str, event: Any) -> Envelope:
    return enveloped(event, sequence, at(day))


def told(moves: list[Move], *more: Envelope) -> list[Envelope]:
    """A pupil who was registered in September, tested and attended a trial, in whose first year moves were recorded."""
    path = [
        on(1, "2020-09-01", registered()),
        on(1, "2020-09-10", diagnosed()),
        on(2, "2020-10-10", attended()),
    ]
    return [*path, *(on(n, move.day, moved(to=move.to)) for n, move in enumerate(moves, 2)), *more]


def counted(pupil: Pupil, table: str, day: str) -> Counter[tuple[str, str]]:
    """What a pupil adds to each place of a table until a day, by place and the head of the path."""
    found: Counter[tuple[str, str]] = Counter()
    for cell, n in contribution("p1", "2020", pupil, TERMS).cells.items():
        if cell.table == table and cell.path[-1] <= day:
            found[cell.place, cell.path[0]] += n
    return +found


def place_on(moves: list[Move], day: str) -> Mapping[str, Any]:
    """The place on a day by the words of the contract: the latest day until then, of one day the latest told."""
    until = [(move.day, n, move) for n, move in enumerate(moves) if "2020-09-01" <= move.day <= min(day, "2020-10-31")]
    return max(until, key=lambda one: one[:2])[2].to if until else PLACE


@given(MOVES, st.sampled_from(DAYS))
def test_a_pupil_counts_once_where_the_latest_move_until_the_day_leads(moves: list[Move], day: str) -> None:
    pupil = pupil_of(told(moves))
    stages = [("registered", "2020-09-01"), ("participated", "2020-09-10"), ("tested", "2020-09-10")]
    reached = [stage for stage, since in [*stages, ("attended", "2020-10-10")] if since <= day]
    where = place_on(moves, day)
    assert counted(pupil, "funnel", day) == {(where["municipality"], stage): 1 for stage in reached}
    assert counted(pupil, "classes", day) == {(where["school"], stage): 1 for stage in reached}
    demand = {(where["municipality"], "attended"): 1} if day >= "2020-10-10" else {}
    assert counted(pupil, "demand", day) == demand


@given(st.permutations(told([Move("2020-09-20", NEIGHBOUR), Move("2020-09-10", ABROAD), Move("2020-09-20", PLACE)])))
def test_moves_count_the_same_in_whatever_order_they_arrive(events: list[Envelope]) -> None:
    pupil = pupil_of(events)
    assert counted(pupil, "funnel", "2020-09-10")["RU-DA-001", "tested"] == 1
    assert counted(pupil, "funnel", "2020-12-01")["RU-ROS-001", "tested"] == 1


def test_the_registration_of_another_season_says_where_the_pupil_is_too() -> None:
    camp = on(9, "2020-10-05", registered(season="camp", municipality="RU-ROS-002", school="RU-ROS-002-S04"))
    pupil = pupil_of(told([], camp))
    assert counted(pupil, "funnel", "2020-10-04")["RU-ROS-001", "tested"] == 1
    assert counted(pupil, "funnel", "2020-10-05") == {
        ("RU-ROS-002", stage): 1 for stage in ("registered", "participated", "tested")
    }


def test_a_move_after_the_season_takes_nothing_of_it_along() -> None:
    pupil = pupil_of(told([Move("2020-11-01", NEIGHBOUR)]))
    assert counted(pupil, "funnel", "2020-12-31")["RU-ROS-001", "registered"] == 1


def test_a_move_that_the_registration_of_its_day_came_after_leads_nowhere() -> None:
    early = [on(1, "2020-09-01", moved(to=NEIGHBOUR)), on(2, "2020-09-01", registered())]
    assert counted(pupil_of(early), "funnel", "2020-09-30") == {("RU-ROS-001", "registered"): 1}


def test_who_was_entered_by_mistake_never_counted_and_who_left_still_does() -> None:
    cabinet = on(7, "2020-09-02", guardian_linked())
    left = pupil_of(told([], cabinet, on(8, "2020-09-20", archived(reason="left"))))
    assert counted(left, "funnel", "2020-10-31")["RU-ROS-001", "attended"] == 1
    mistake = pupil_of(told([], cabinet, on(8, "2020-09-20", archived(reason="mistake"))))
    assert not counted(mistake, "funnel", "2020-09-10")
    assert not contribution("p1", "2020", mistake, TERMS).links
    learn(mistake, on(9, "2020-09-21", restored()))
    assert counted(mistake, "funnel", "2020-10-31") == counted(left, "funnel", "2020-10-31")


def linked(pupil: Pupil, day: str) -> Counter[str]:
    """The guardians of each municipality on a day."""
    found: Counter[str] = Counter()
    for cell, n in guardians.cells(contribution("p1", "2020", pupil, TERMS).links).items():
        if cell.table == guardians.MUNICIPALITY and cell.path[0] == "all" and cell.path[-1] <= day:
            found[cell.place] += n
    return +found


def test_a_guardian_counts_where_the_child_is_until_the_cabinet_is_closed() -> None:
    cabinet = on(7, "2020-08-20", guardian_linked()), on(8, "2020-10-10", guardian_unlinked())
    pupil = pupil_of(told([Move("2020-09-20", NEIGHBOUR)], *cabinet))
    assert linked(pupil, "2020-08-31") == {}
    assert linked(pupil, "2020-09-10") == {"RU-ROS-001": 1}
    assert linked(pupil, "2020-09-20") == {"RU-ROS-002": 1}
    assert linked(pupil, "2020-10-10") == {}
    learn(pupil, on(9, "2020-10-20", guardian_linked(guardian="g2", account="a-g1")))
    assert linked(pupil, "2020-10-20") == {"RU-ROS-002": 1}


def test_a_guardian_whose_child_comes_of_age_counts_on() -> None:
    grown_up = guardian_unlinked(by="platform", reason="of-age")
    pupil = pupil_of(told([], on(7, "2020-08-20", guardian_linked()), on(8, "2020-10-10", grown_up)))
    assert linked(pupil, "2020-10-31") == {"RU-ROS-001": 1}


def test_a_cabinet_that_is_closed_on_its_first_day_is_none() -> None:
    pupil = pupil_of(told([], on(7, "2020-09-20", guardian_linked()), on(8, "2020-09-20", guardian_unlinked())))
    assert linked(pupil, "2020-10-31") == {}
