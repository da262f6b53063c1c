"""The recount that verifies the figures comes to the cells of the fold in any history, and shares no code with it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics import reservations
from services.analytics.documents import guardian_document
from services.analytics.enrolments import Link, Terms
from services.analytics.entries import counted
from services.analytics.facts import Pupil, learn, recorded_at
from services.analytics.figures import guardians
from services.analytics.figures.registry import contribution
from services.analytics.reservations import Booker, cells_of
from services.analytics.revisions import Limit, standing
from services.analytics.verification.live import _linked
from services.analytics.verification.pupils import connected
from services.analytics.verification.reading import RESERVED, SEASONAL
from services.analytics.verification.rows import cell
from services.analytics.verification.scratch import Difference, Scratch
from services.analytics.verification.seasons import Season
from services.analytics.verification.told import MERGINGS, Fact, fact_of
from services.analytics.verification.verdict import LeftOut, Verdict
from services.analytics.verification.verify import count
from services.trials.domain.path.gates import SeasonGate
from shared.contracts.event import Envelope
from shared.contracts.revisions import SeasonCorrected
from shared.contracts.trials import SeasonDefined
from tests.builders import events as builders
from tests.builders.entries import SEASON, Entries
from tests.builders.events import at, attended, booked, cancelled, enveloped, merged, missed, registered, unmerged
from tests.builders.ledgers import GIVERS, Ledgered
from tests.builders.trials import season
from tests.builders.walks import ids

SEEDS = st.integers(0, 10_000)
BEGIN = at("2020-12-20")
CAMP = builders.season("camp")
RULES = [
    SEASON,
    SEASON.model_copy(update={"trials_required": 3, "diagnostics": ("readiness",)}),
    SEASON.model_copy(update={"trials_required": 0, "tested_by": "any-round"}),
]
Cells = Counter[str]


def recorded(told: Iterable[Envelope]) -> list[Envelope]:
    """The facts, one recorded a minute."""
    return [replace(fact, recordedtime=BEGIN + timedelta(minutes=n)) for n, fact in enumerate(told)]


def catalogue(rules: SeasonDefined, ends: Sequence[Envelope] = ()) -> dict[str, Season]:
    """The seasons, of which the first ended with the recording of these facts: by its closing, and its revisions."""
    found = {code: Season(code) for code in ("2020", "camp")}
    found["2020"].hear(enveloped(builders.season(diagnostics=("other",))))
    found["2020"].hear(enveloped(rules, 2))
    found["2020"].hear(enveloped(builders.season(trials_required=9)))
    found["camp"].hear(enveloped(CAMP))
    for number, fact in enumerate(ends):
        event = SeasonCorrected(season="2020", revision=number) if number else builders.season_closed()
        found["2020"].hear(replace(enveloped(event, number + 3), recordedtime=fact.recordedtime))
    return found


def recounted(
    told: Iterable[Envelope], seasons: Mapping[str, Season], live: Mapping[str, int], readers: int = SEASONAL | RESERVED
) -> list[Difference]:
    """The first cells in which the recount differs from those given."""
    facts = [fact for envelope in told if (fact := fact_of(envelope))]
    pairs = {(fact.participant, fact.said["other"]) for fact in facts if fact.type in MERGINGS}
    with Scratch() as scratch:
        scratch.keep([(readers, fact) for fact in facts])
        groups = connected({id for pair in pairs for id in pair}, pairs)
        scratch.relate({id: group[0] for group in groups for id in group})
        scratch.add_live(live)
        count(scratch, seasons)
        assert scratch.compared()[0] > 0 or not any(live.values())
        return scratch.differences(5)


def named(cells: Mapping[Any, int]) -> Cells:
    """The fold's cells under the names of a verification."""
    found = Cells()
    for one, n in cells.items():
        where = one.table, one.season, one.region, one.municipality, one.place
        found[cell((*where, *one.path[:-1]), one.path[-1])] += n
    return found


def reserved(told: Iterable[Envelope]) -> Cells:
    """The cells of the fold of reservations."""
    bookers = defaultdict[str, Booker](Booker)
    for fact in told:
        if type(fact.event) in reservations.FACTS:
            reservations.learn(bookers[fact.event.key], fact)
    return named(cells_of(bookers))


def folded(told: Iterable[Envelope], terms: Mapping[str, Terms]) -> Cells:
    """The cells of the fold of seasons."""
    entries = defaultdict[str, Pupil](Pupil)
    for fact in told:
        learn(entries[fact.event.key], fact)
    found, links = Cells(), defaultdict[tuple[str, str], set[Link]](set)
    for code, of_season in terms.items():
        pupils = counted({id: standing(pupil, of_season.limit) for id, pupil in entries.items()})
        for id, pupil in pupils:
            part = contribution(id, code, pupil, of_season)
            found.update(named(part.cells))
            for link in part.links:
                links[code, link.guardian].add(link)
    for (code, guardian), of_guardian in links.items():
        found.update(named(guardians.cells(of_guardian)))
        for name, n in _linked(guardian_document(code, guardian, of_guardian)):
            found[name] += n
    return found


@settings(max_examples=80)
@given(SEEDS, st.integers(10, 120), st.sampled_from(RULES), st.booleans())
def test_in_an_open_season_both_come_to_the_same_cells(seed: int, n: int, rules: SeasonDefined, shuffled: bool) -> None:
    told = list(Entries(Random(seed), [f"p{number}" for number in range(5)]).happen(n))
    live = folded(told, {"2020": Terms.of(vars(rules)), "camp": Terms.of(vars(CAMP))})
    if shuffled:
        Random(seed).shuffle(told)
    assert recounted([*told, *told[::3]], catalogue(rules), live, SEASONAL) == []


@settings(max_examples=80)
@given(SEEDS, st.integers(10, 120), st.integers(0, 120), st.lists(st.integers(0, 40), max_size=3))
def test_in_a_closed_season_both_come_to_the_same_cells(seed: int, n: int, closed: int, revised: list[int]) -> None:
    told = recorded(Entries(Random(seed), [f"p{number}" for number in range(5)]).happen(n))
    ends = [told[min(closed + sum(revised[:m]), len(told) - 1)] for m in range(len(revised) + 1)]
    limit = Limit(recorded_at(ends[0]), recorded_at(ends[-1]))
    live = folded(told, {"2020": replace(Terms.of(vars(SEASON)), limit=limit), "camp": Terms.of(vars(CAMP))})
    assert recounted(told, catalogue(SEASON, ends), live, SEASONAL) == []


ACTS = ["book", "attend", "cancel", "miss", "revoke"] * 3 + ["book"] * 6 + ["change school", "archive", "erase"]
STEPS = st.tuples(st.sampled_from(["s", "s", "d"]), st.sampled_from(ACTS), st.integers(0, 3))


@settings(max_examples=80)
@given(turns=st.lists(st.one_of([STEPS] * 8 + [st.booleans()]), min_size=10, max_size=40), seed=SEEDS)
def test_of_bookings_in_any_history_both_come_to_the_same_cells(turns: list[Any], seed: int) -> None:
    kept = Ledgered(gate=SeasonGate(season(quota_unit="pupil"), ids()))
    kept.issue(60)
    for n in range(len(GIVERS)):
        kept.give(n, (25, 20, 2, 2, 2, 2)[n])
    for turn in turns:
        if isinstance(turn, bool):
            kept.become(turn)
        else:
            kept.step(*turn)
    word = merged if kept.merged else unmerged
    told = [enveloped(event, time=time) for event, time in kept.facts if type(event) in reservations.FACTS]
    told += [enveloped(word("s", "d", "survivor"), 9), enveloped(word("d", "s", "duplicate"), 9)]
    Random(seed).shuffle(told)
    assert recounted(told, {}, reserved(told), RESERVED) == []


def test_a_cell_that_is_off_or_should_not_be_there_is_named() -> None:
    told = [enveloped(registered()), enveloped(attended())]
    live = folded(told, {"2020": Terms.of(vars(SEASON))}) + reserved(told)
    off = next(name for name in sorted(live) if name.startswith("classes"))
    strange = cell(("funnel", "2020", "RU-ROS", "RU-ROS-009", "RU-ROS-009", "tested", "7"), "2020-10-01")
    differing = recounted(told, catalogue(SEASON), live | {off: 2, strange: 1})
    assert differing == [Difference(off, 2, 1), Difference(strange, 1, 0)]


def test_who_is_let_in_at_the_door_was_no_demand_and_holds_a_unit() -> None:
    told = [enveloped(registered()), enveloped(booked(source="door"))]
    live = folded(told, {"2020": Terms.of(vars(SEASON))}) + reserved(told)
    assert {name.partition("\t")[0] for name in live} == {"funnel", "classes", "reservations"}
    assert recounted(told, catalogue(SEASON), live) == []


@pytest.mark.parametrize("ended", [missed(), cancelled(booking="b-p1-s1")])
def test_a_booking_that_came_to_nothing_holds_no_unit(ended: Any) -> None:
    told = [enveloped(registered()), enveloped(booked(), 1), enveloped(ended, 2)]
    assert not +reserved(told)
    assert recounted(told, catalogue(SEASON), folded(told, {"2020": Terms.of(vars(SEASON))})) == []


@given(SEEDS, st.integers(10, 60))
def test_a_fact_is_stored_and_read_back(seed: int, n: int) -> None:
    for envelope in Entries(Random(seed), ["p1", "p2"]).happen(n):
        fact = fact_of(envelope)
        assert fact is None or Fact.of_text(fact.text()) == fact


def test_who_is_in_one_pair_is_in_one_group() -> None:
    pairs = {("a", "d"), ("d", "b"), ("c", "e")}
    assert connected("abcdef", pairs) == [["a", "b", "d"], ["c", "e"], ["f"]]


def test_the_outcome_is_told_to_people_and_to_scripts() -> None:
    reached = {"analytics.views.3": {"trials.events.v1:0": 1_200}, "analytics.catalogue": {}}
    differing = [Difference(cell(("funnel", "2020", "RU-ROS", "", "RU-ROS", "tested"), "2020-10-01"), 3, 2)]
    aside = [LeftOut("analytics.views.3", "trials.events.v1:0:7", "no value")]
    verdict = Verdict(reached, 1_200, 0.5, 90, 2, differing, aside)
    assert list(verdict.lines()) == [
        "analytics.views.3 at trials.events.v1:0 1,200",
        "analytics.catalogue at nothing",
        "1,200 records read in 0.5 s, 2,400 a second",
        "left out by analytics.views.3: trials.events.v1:0:7  no value",
        "90 cells compared, 2 differ",
        "  funnel 2020 RU-ROS - RU-ROS tested 2020-10-01: live 3, recounted 2",
        "  and 1 more",
    ]
    said = json.loads(verdict.as_json())
    assert (said["proven"], said["rate"], said["differing"], said["left_out"][0]["reason"]) == (
        False,
        2400,
        2,
        "no value",
    )
    assert said["first"][0]["cell"][:2] == ["funnel", "2020"]
