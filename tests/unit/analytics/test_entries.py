"""Two entries of one pupil in the fold: counted once, whichever is heard first, and parted again as they were."""

from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.enrolments import Terms
from services.analytics.entries import counted
from services.analytics.facts import Pupil, Role, learn
from services.analytics.figures.registry import Contribution, contribution
from services.analytics.states import packed, unpacked
from shared.contracts.event import Envelope, Event
from tests.builders.entries import DAYS, SEASON, Entries
from tests.builders.events import (
    PLACE,
    archived,
    at,
    attended,
    booked,
    cancelled,
    diagnosed,
    enveloped,
    guardian_linked,
    guardian_unlinked,
    merged,
    moved,
    promoted,
    recommended,
    registered,
    revoked,
    unmerged,
)
from tests.builders.recount import recount
from tests.builders.summed import summed

TERMS = Terms.of(vars(SEASON))
NEIGHBOUR: Mapping[str, Any] = {**PLACE, "municipality": "RU-ROS-002", "school": "RU-ROS-002-S01"}
SEEDS = st.integers(0, 10_000)
Said = tuple[str, Event]


def entries_of(told: Iterable[Envelope]) -> dict[str, Pupil]:
    entries: dict[str, Pupil] = {}
    for fact in told:
        learn(entries.setdefault(fact.event.key, Pupil()), fact)
    return entries


def parts(told: Iterable[Envelope]) -> dict[str, Contribution]:
    """What each pupil adds to the season."""
    pupils = counted(entries_of(told))
    return {id: part for id, pupil in pupils if (part := contribution(id, "2020", pupil, TERMS)) != Contribution()}


def figures(told: Iterable[Envelope], day: str) -> Counter[tuple[str, ...]]:
    """What all pupils add up to at the end of a day."""
    return summed(parts(told).values(), day)


def said(*facts: Said) -> list[Envelope]:
    """The facts, each with the next number of its subject."""
    numbers: Counter[str] = Counter()
    numbered = []
    for day, event in facts:
        numbers[event.subject] += 1
        numbered.append(enveloped(event, numbers[event.subject], at(day)))
    return numbered


MERGED: list[Said] = [("2020-10-01", merged("p1", "p2", "survivor")), ("2020-10-01", merged("p2", "p1", "duplicate"))]
UNMERGED: list[Said] = [
    ("2020-10-20", unmerged("p1", "p2", "survivor")),
    ("2020-10-20", unmerged("p2", "p1", "duplicate")),
]
TWICE: list[Said] = [("2020-09-10", registered("p1", **NEIGHBOUR)), ("2020-09-01", registered("p2"))]


@given(SEEDS, st.integers(10, 120), st.sampled_from(DAYS))
def test_the_figures_are_those_of_a_recount(seed: int, n: int, day: str) -> None:
    told = Entries(Random(seed), [f"p{number}" for number in range(5)]).happen(n)
    assert figures(told, day) == recount(told, day)


@given(SEEDS, st.randoms(use_true_random=False))
def test_whichever_entry_is_heard_first_comes_to_the_same(seed: int, rng: Random) -> None:
    told = Entries(Random(seed), ["p1", "p2", "p3"]).happen(60)
    shuffled = list(told)
    rng.shuffle(shuffled)
    assert parts(shuffled) == parts(told)


@given(SEEDS, st.randoms(use_true_random=False))
def test_any_words_count_every_entry_once(seed: int, rng: Random) -> None:
    """Also words that registration never says, or that have been heard in part."""
    ids = ["p1", "p2", "p3", "p4"]
    entries = entries_of(Entries(Random(seed), ids).happen(20))
    for id in ids:
        roles: tuple[Role, ...] = ("survivor", "duplicate", "")
        entries.setdefault(id, Pupil()).words = {
            (other, f"{rng.randrange(9):010}"): rng.choice(roles) for other in ids if other != id
        }
        learn(entries[id], enveloped(registered(id), 1, at("2020-09-01")))
        learn(entries[id], enveloped(attended(id, f"own-{id}"), 1, at("2020-09-02")))
    pupils = list(counted(entries))
    backwards = list(counted(dict(reversed(entries.items()))))
    assert pupils == backwards
    taken = [slot for _, pupil in pupils for _, _, _, slot in pupil.season("2020").attended.values() if "own" in slot]
    assert sorted(taken) == [f"own-{id}" for id in ids]


@given(SEEDS)
def test_who_is_parted_again_counts_as_before(seed: int) -> None:
    told = list(Entries(Random(seed), ["p1"]).happen(25)) + list(Entries(Random(seed + 1), ["p2"]).happen(25))
    words = [
        enveloped(event(id, other, role), 100 + n, at("2020-10-01"))
        for n, event in enumerate((merged, unmerged))
        for id, other, role in (("p1", "p2", "survivor"), ("p2", "p1", "duplicate"))
    ]
    assert parts([*told, *words]) == parts(told)
    assert parts([*told, *words[:1]]) == parts(told), "one word is no merging"


@pytest.mark.parametrize("heard", [1, 2])
def test_two_are_one_while_both_say_so(heard: int) -> None:
    told = said(*TWICE, *MERGED, *UNMERGED)
    assert parts(told[:3]).keys() == {"p1", "p2"}
    assert parts(told[:4]).keys() == {"p1"}
    assert parts([*told[:4], told[3 + heard]]).keys() == {"p1", "p2"}


def test_two_of_one_role_are_two() -> None:
    claims: list[Said] = [("2020-10-01", merged(a, b, "survivor")) for a, b in (("p1", "p2"), ("p2", "p1"))]
    assert parts(said(*TWICE, *claims)).keys() == {"p1", "p2"}


def test_the_survivor_s_placements_hold_since_its_first_one_and_the_earliest_registration_counts() -> None:
    told = said(*TWICE, *MERGED, ("2020-09-20", moved("p2", to={**PLACE, "school": "RU-ROS-001-S09"})))
    for day, school in (
        ("2020-09-01", "RU-ROS-001-S01"),
        ("2020-09-10", "RU-ROS-002-S01"),
        ("2020-12-20", "RU-ROS-002-S01"),
    ):
        schools = {row[2]: n for row, n in figures(told, day).items() if row[0] == "classes"}
        assert schools == {school: 1}, day


def test_who_was_placed_already_is_there_when_a_duplicate_is_registered() -> None:
    """The survivor takes part in another season since August; the duplicate alone was entered into this one."""
    told = said(("2020-08-01", registered("p1", "camp", **NEIGHBOUR)), ("2020-09-01", registered("p2")), *MERGED)
    assert {row[2] for row in figures(told, "2020-09-01") if row[0] == "classes"} == {"RU-ROS-002-S01"}


def test_sequences_of_two_entries_are_not_compared() -> None:
    """The duplicate's tenth move of a day is no later than the survivor's second, nor its first cabinet's closing."""
    busy: list[Said] = [("2020-09-10", moved("p2", to=PLACE)) for _ in range(10)]
    told = said(*TWICE, *busy, ("2020-09-10", guardian_linked("p1", "g1", account="a")), *MERGED)
    closed = enveloped(guardian_unlinked("p2", "g1", account="a"), 50, at("2020-09-20"))
    assert {row[2] for row in figures([*told, closed], "2020-09-20") if row[0] == "classes"} == {"RU-ROS-002-S01"}
    assert figures([*told, closed], "2020-09-20")["region-guardians", "RU-ROS", "RU-ROS", "all"] == 1


def test_one_slot_of_both_is_one_in_the_demand_and_one_trial() -> None:
    steps = [
        (day, event(id, "s1"))
        for event in (booked, attended)
        for id, day in (("p1", "2020-09-20"), ("p2", "2020-09-12"))
    ]
    shown = figures(said(*TWICE, *MERGED, *steps), "2020-09-12")
    assert {row[3:]: n for row, n in shown.items() if row[0] == "demand"} == {
        ("booked", "gov"): 1,
        ("attended", "gov"): 1,
    }
    needs_two = Terms(TERMS.rules.__class__(frozenset(), 2), TERMS.closes)
    one = dict(counted(entries_of(said(*TWICE, *MERGED, *steps, ("2020-09-20", recommended("p1"))))))["p1"]
    assert not any(cell.path[0] == "completed" for cell in contribution("p1", "2020", one, needs_two).cells)


def test_what_one_entry_takes_back_may_be_the_other_s() -> None:
    steps: list[Said] = [("2020-09-12", booked("p2")), ("2020-09-12", attended("p2"))]
    back: list[Said] = [
        ("2020-10-10", cancelled("p1", booking="b-p2-s1")),
        ("2020-10-10", revoked("p1", attendance="t-p2-s1")),
    ]
    assert not [row for row in figures(said(*TWICE, *MERGED, *steps, *back), "2020-12-20") if row[0] == "demand"]
    parted = figures(said(*TWICE, *MERGED, *steps, *back, *UNMERGED), "2020-12-20")
    assert [row[2] for row in parted if row[0] == "demand"] == ["RU-ROS-001"] * 2, "the duplicate's own word counts"


def test_a_mistake_is_said_by_the_survivor_alone() -> None:
    assert parts(said(*TWICE, *MERGED, ("2020-10-02", archived("p2", "mistake")))).keys() == {"p1"}
    assert not parts(said(*TWICE, *MERGED, ("2020-10-02", archived("p1", "mistake"))))


def test_a_guardian_of_both_is_one_link_from_the_first_cabinet_on() -> None:
    told = said(
        *TWICE,
        ("2020-09-20", guardian_linked("p1", "g1", account="a")),
        ("2020-09-12", guardian_linked("p2", "g2", account="a")),
        *MERGED,
    )
    links = [link for link in parts(told)["p1"].links if link.place.municipality == "RU-ROS-002"]
    assert [(link.participant, link.day, link.span.begins) for link in links] == [("p1", "2020-09-12", "2020-09-12")]


def test_what_the_survivor_closes_after_the_merging_is_closed_for_all_entries() -> None:
    """Registration opens for the survivor the cabinets that the duplicate had, and closes them there."""
    opened: list[Said] = [("2020-09-12", guardian_linked("p2", "g2", account="a"))]
    early: list[Said] = [("2020-09-20", guardian_unlinked("p1", "g1", account="a"))]
    closed: list[Said] = [("2020-10-10", guardian_unlinked("p1", "g2", account="a"))]
    row = "region-guardians", "RU-ROS", "RU-ROS", "all"
    told = said(*TWICE, *opened, *early, *MERGED, ("2020-10-01", guardian_linked("p1", "g2", account="a")), *closed)
    assert [figures(told, day)[row] for day in ("2020-09-20", "2020-10-01", "2020-10-10")] == [1, 1, 0]
    assert figures([*told, *said(*TWICE, *opened, *early, *MERGED, *UNMERGED)[-2:]], "2020-12-20")[row] == 1


def test_several_duplicates_are_one_pupil_with_their_survivor() -> None:
    more: list[Said] = [
        ("2020-08-20", registered("p3")),
        ("2020-10-01", merged("p1", "p3", "survivor")),
        ("2020-10-01", merged("p3", "p1", "duplicate")),
        ("2020-09-02", diagnosed("p3", "readiness")),
        ("2020-09-03", diagnosed("p2", "interests")),
    ]
    told = said(*TWICE, *MERGED, *more)
    assert parts(told).keys() == {"p1"}
    assert figures(told, "2020-09-03")["funnel", "RU-ROS", "RU-ROS-001", "tested", "7"] == 1


def test_a_promotion_is_a_move() -> None:
    told = said(("2020-09-01", registered()), ("2020-10-01", promoted(to=NEIGHBOUR)))
    assert parts(told) == parts(said(("2020-09-01", registered()), ("2020-10-01", moved(to=NEIGHBOUR))))


@given(SEEDS)
def test_facts_are_read_as_they_were_stored(seed: int) -> None:
    for pupil in entries_of(Entries(Random(seed), ["p1", "p2"]).happen(40)).values():
        assert unpacked(packed(pupil)) == pupil
