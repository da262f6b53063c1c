"""A closed season in the figures on a real database: live, from a replay, and from a recount it is the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from shared.contracts.event import Envelope
from shared.contracts.revisions import SeasonCorrected
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.entries import SEASON, Entries
from tests.builders.events import at, enveloped
from tests.builders.recount import in_revision
from tests.drivers.analytics import Analytics, Fold
from tests.drivers.figures import interleaved, same_as_a_recount

BEGIN = at("2020-12-20")
CATALOGUE = [enveloped(SEASON), enveloped(builders.season("camp")), enveloped(builders.region())]


async def _fold(platform_of: Callable[..., Platform]) -> Fold:
    analytics = Analytics(platform_of("analytics"))
    await analytics.migrate()
    return Fold(analytics)


def _ended(number: int, time: datetime) -> Envelope:
    """The closing, or the revision of a number."""
    event = SeasonCorrected(season="2020", revision=number) if number else builders.season_closed()
    return enveloped(event, number + 2, time)


@pytest.mark.parametrize("seed", range(2))
async def test_a_closed_season_changes_by_revisions_alone(platform_of: Callable[..., Platform], seed: int) -> None:
    rng, live, replayed = Random(seed), await _fold(platform_of), await _fold(platform_of)
    entries = Entries(rng, [f"p{n}" for n in range(8)])
    told: list[Envelope] = []
    ends: list[Envelope] = []

    async def happens(n: int) -> None:
        """Facts of which each is recorded a minute after the one before."""
        next_ones = entries.happen(n)
        late = [replace(f, recordedtime=BEGIN + timedelta(minutes=len(told) + i)) for i, f in enumerate(next_ones)]
        told.extend(late)
        heard = list(interleaved(late, rng))
        for begin in range(0, len(heard), 15):
            await live.learn(*heard[begin : begin + 15])

    async def ends_here(number: int) -> None:
        """The season is closed or revised, as is heard once some later facts have been."""
        ends.append(_ended(number, told[-1].recordedtime))
        await happens(rng.randrange(20))
        await live.define(ends[-1])
        await live.define(ends[-1])  # heard again, it changes nothing
        counted = in_revision(told, ends[0].recordedtime, ends[-1].recordedtime)
        await same_as_a_recount(live.mongo, counted)
        assert (await live.funnel())["revision"] == number

    await live.define(*CATALOGUE)
    await happens(80)
    assert (await live.funnel())["revision"] is None
    for number in range(3):
        await ends_here(number)
        await happens(30)
    await same_as_a_recount(live.mongo, in_revision(told, ends[0].recordedtime, ends[-1].recordedtime))
    await replayed.define(*CATALOGUE, *ends)
    for begin in range(0, len(told), 25):
        await replayed.learn(*told[begin : begin + 25])
    for day in (None, "2020-10-01"):
        seen, again = [await fold.funnel(by="class", as_of=day) for fold in (live, replayed)]
        assert {**again, "known_at": seen["known_at"]} == seen


async def test_what_is_told_of_an_entry_that_is_in_another_season_alone_is_corrected_too(
    platform_of: Callable[..., Platform],
) -> None:
    live = await _fold(platform_of)
    told = [
        enveloped(builders.registered("d"), 1),
        enveloped(builders.merged("d", "s", "duplicate"), 2),
        enveloped(builders.registered("s", season="camp"), 1),
        enveloped(builders.merged("s", "d", "survivor"), 2),
        replace(enveloped(builders.guardian_linked("s"), 3), recordedtime=BEGIN + timedelta(minutes=1)),
        replace(enveloped(builders.archived("s", "mistake"), 4), recordedtime=BEGIN + timedelta(minutes=1)),
    ]
    ends = [_ended(n, BEGIN + timedelta(minutes=2 * n)) for n in (0, 1)]
    await live.define(*CATALOGUE)
    await live.learn(*told[:-1])  # the cabinet before its closing is heard
    for end in ends:
        await live.define(end)
        await live.learn(told[-1])
        await same_as_a_recount(live.mongo, in_revision(told, BEGIN, end.recordedtime))


async def test_a_closing_that_is_heard_behind_a_revision_holds_from_its_own_instant(
    platform_of: Callable[..., Platform],
) -> None:
    live = await _fold(platform_of)
    told = [
        enveloped(builders.registered("p"), 1),
        replace(enveloped(builders.guardian_linked("p"), 2), recordedtime=BEGIN + timedelta(minutes=1)),
    ]
    closing, revision = (_ended(n, BEGIN + timedelta(minutes=2 * n)) for n in (0, 1))
    await live.define(*CATALOGUE)
    await live.learn(*told)  # the cabinet was opened between the closing and the revision
    for end in (revision, closing, closing, revision):
        await live.define(end)
    await same_as_a_recount(live.mongo, in_revision(told, BEGIN, revision.recordedtime))
    assert (await live.funnel())["revision"] == 1
