"""The figure of quotas is the ledger of trials, in every history of bookings, whatever order its events come in."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.bookers import booker_document, booker_of
from services.analytics.enrolments import Link
from services.analytics.figures import quotas
from services.analytics.figures.cells import Count, Table
from services.analytics.figures.reading import Asked, Counts, Given, OfPlace, Reading
from services.analytics.reservations import FACTS, Booker, cells_of, learn
from services.trials.domain.path.gates import SeasonGate
from shared.contracts.event import Envelope
from shared.contracts.quotas import QuotaMoved, QuotaUnit
from tests.builders.events import at, attended, booked, enveloped, merged, revoked, unmerged
from tests.builders.ledgers import GIVERS, REGION, Ledgered
from tests.builders.trials import season
from tests.builders.walks import ids
from tests.chaos import quotas as told
from tests.chaos.told import Record

ACTS = ["book", "attend", "cancel", "miss", "revoke"] * 3 + ["book"] * 6 + ["change school", "archive", "erase"]
STEPS = st.tuples(st.sampled_from(["s", "s", "d"]), st.sampled_from(ACTS), st.integers(0, 3))
GIFTS = st.tuples(st.integers(0, len(GIVERS) - 1), st.integers(-3, 6).filter(bool))
TURNS = st.lists(st.one_of([STEPS] * 8 + [st.booleans(), GIFTS]), min_size=10, max_size=40)


class Read(Reading):
    """A region's season, as it is stored in memory."""

    def __init__(self, kept: Ledgered, cells: Counter[Any], municipalities: Mapping[str, str]) -> None:
        self.asked, self.name, self.day, self.known_at = Asked("RU-ROS", "2020", None, at("2020-12-01")), "", "", ""
        self.municipalities = municipalities
        self._kept, self._cells = kept, cells

    async def cells(self, tables: Set[Table], *, by_day: bool = False, depth: int | None = None) -> Counts:
        return Counts((Count(cell.table, cell.place, cell.path, n) for cell, n in self._cells.items()), 1)

    async def given(self) -> Sequence[Given]:
        moved = [event for event, _ in self._kept.facts if isinstance(event, QuotaMoved)]
        within = [e for e in moved if not self.municipalities or {e.giver, e.organisation} & {*self.municipalities}]
        return [Given(e.giver, e.organisation, e.venue or "", e.amount) for e in within]

    async def towns(self) -> Mapping[str, str]:
        return {}

    async def revision(self) -> int | None:
        return None

    async def rules(self) -> Mapping[str, Any]:
        return vars(self._kept.season)

    async def links(self) -> AsyncIterator[set[Link]]:
        yield set()

    async def places(self, table: Table) -> AsyncIterator[OfPlace]:
        yield OfPlace("", table, ())

    async def competencies(self) -> Mapping[str, str]:
        return {}

    async def organisations(self, codes: Any) -> Mapping[str, Any]:
        return {}

    async def position(self) -> Mapping[str, int]:
        return {}


def words(kept: Ledgered) -> list[Envelope]:
    """What the entries last said of each other."""
    word = merged if kept.merged else unmerged
    return [enveloped(word("s", "d", "survivor"), 9), enveloped(word("d", "s", "duplicate"), 9)]


def booked_by(kept: Ledgered, rng: Random) -> Counter[Any]:
    """The cells of what was told, in some order, by way of the stored form."""
    entries = {"s": Booker(), "d": Booker()}
    told = [enveloped(event, time=time) for event, time in kept.facts if type(event) in FACTS]
    told += words(kept)
    for envelope in rng.sample(told, len(told)):
        learn(entries[envelope.event.key], envelope)
    return cells_of({id: booker_of(booker_document(booker)) for id, booker in entries.items()})


@pytest.mark.parametrize("unit", ["attendance", "pupil"])
@settings(max_examples=40)
@given(turns=TURNS, seed=st.integers(0, 99))
def test_the_figure_is_the_ledger(unit: QuotaUnit, turns: list[Any], seed: int) -> None:
    kept = Ledgered(gate=SeasonGate(season(quota_unit=unit), ids()))
    kept.issue(60)
    for n, units in enumerate((25, 20, 1, 2, 1, 2)):
        kept.give(n, units)
    for turn in turns:
        match turn:
            case bool():
                kept.become(turn)
            case (int(n), int(amount)):
                kept.give(n, amount)
            case (str(id), str(act), int(n)):
                kept.step(id, act, n)
    answer = asyncio.run(quotas.read(Read(kept, booked_by(kept, Random(seed)), {}), None))
    shown = {(row["organisation"], row["venue"]): row for row in answer["rows"]}
    for holder in (REGION, *GIVERS):
        balance = kept.balances[holder]
        row = shown.get((holder.organisation, holder.venue), Counter())
        assert [row[name] for name in ("value", "reserved", "completed", "free")] == [
            *(getattr(balance, name) for name in ("value", "reserved", "completed")),
            balance.free,
        ], holder
    assert answer["planned"] == sum(kept.balances[holder].value for holder in GIVERS)
    assert answer["planned"] == answer["free"] + answer["reserved"] + answer["completed"]
    if unit == "attendance":
        events = [*(event for event, _ in kept.facts), *(envelope.event for envelope in words(kept))]
        records = [Record(0, n, "", event.type, event.model_dump(mode="json")) for n, event in enumerate(events)]
        counted = told.holders(records, "2020", {"quota_unit": unit})
        assert told.answered(answer["rows"]) == {
            holder: own for holder, own in counted.items() if holder[0] != told.NATION
        }
    quotas.Quotas.model_validate({**answer, "as_of": "2020-12-01"})


def test_a_municipality_sees_its_own_units() -> None:
    kept = Ledgered(gate=SeasonGate(season(), ids()))
    kept.issue(60)
    for n, units in enumerate((25, 20, 3)):
        kept.give(n, units)
    reading = Read(kept, booked_by(kept, Random(1)), {"RU-ROS-001": "Town"})
    answer = asyncio.run(quotas.read(reading, "municipality"))
    assert (answer["planned"], answer["free"]) == (20, 20)
    assert [(row["organisation"], row["value"], row["given"]) for row in answer["rows"]] == [("RU-ROS-001", 17, 3)]
    assert len(asyncio.run(quotas.read(reading, None))["rows"]) == 2


@pytest.mark.parametrize("attendances", [("a1", "a2"), ("a2", "a1")])
def test_a_booking_of_which_two_attendances_were_revoked_held_its_unit_until_the_last_one_was(
    attendances: tuple[str, str],
) -> None:
    first, second = attendances
    told = [
        (booked(school="S1", booking="b1"), at("2020-10-01")),
        (attended(booking="b1", attendance=first), at("2020-10-05", 15)),
        (revoked(attendance=first), at("2020-10-05", 18)),
        (attended(booking="b1", attendance=second), at("2020-10-05", 15)),
        (booked(school="S2", booking="b2", slot="s2"), at("2020-10-06")),
        (revoked(attendance=second), at("2020-10-07")),
    ]
    booker = Booker()
    for event, time in told:
        learn(booker, enveloped(event, time=time))
    assert [cell.place for cell in cells_of({"p1": booker}) if cell.path[0] == "pupils"] == ["S1"]
