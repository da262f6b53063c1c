"""Entries whose partitions two workers hold: whoever hears the second word joins or parts them, and nobody else."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count

import pytest
from aiokafka.partitioner import DefaultPartitioner
from pymongo.read_concern import ReadConcern

from services.trials.collections import COLLECTIONS, PARTICIPANTS
from services.trials.consumers import consumers, participants
from services.trials.copies.joining import Joined
from services.trials.copies.participants import Participant
from services.trials.domain.catalogue.diagnostics import Attempt, AttemptCommand
from services.trials.domain.path import steps
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.paths import Path
from services.trials.handlers.attempts import AttemptRequest, take
from services.trials.repository import Repository
from shared.contracts.event import Envelope, Event
from shared.contracts.registration import ConsentGiven
from shared.contracts.trials import RecommendationIssued, RecommendationWithdrawn, TrialCancelled
from shared.http.batch import Item
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.messaging.poll import Received
from shared.runtime.service import Platform
from shared.storage.decision import Decision, Done
from shared.storage.mongo import Transaction
from tests.builders.events import PLACE, at, enveloped, region, registered
from tests.builders.merging import merged, unmerged
from tests.builders.trials import attempt, instrument, pupil, season, slot
from tests.drivers.consumers import consuming, eventually, publish

PAIRS = 30
PLACES = [
    slot(f"s{n}", starts_at=at("2020-12-05", 9 + n), minutes=60, competency=f"c{n}", capacity=500) for n in range(3)
]
RULES = season(trials_required=1)
Pair = tuple[str, str]


class Written:
    """A database of trials with paths of pairs: both have a seat in one slot to come.

    What one of them has taken deserves no recommendation, and what both have does.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.repository = Repository(platform.mongo, platform.outbox)
        self._numbers = count(1)

    def new_id(self) -> str:
        return f"id{next(self._numbers)}"

    async def enter(self, pairs: Sequence[Pair]) -> None:
        platform, gate = self.platform, SeasonGate(RULES, self.new_id)
        await platform.mongo.ensure(COLLECTIONS)
        await platform.mongo["seasons"].insert_one(RULES.model_dump(exclude={"id"}) | {"_id": RULES.id})
        taken = {
            place.id: place.model_copy(update={"booked": 2 * len(pairs) * (place is PLACES[2])}) for place in PLACES
        }
        taken["s0"] = PLACES[0].model_copy(update={"booked": len(pairs)})
        rows = [place.model_dump(exclude={"id"}) | {"_id": id} for id, place in taken.items()]
        await platform.mongo["slots"].insert_many(rows)
        decisions = [decision for pair in pairs for decision in self._walked(pair, gate)]

        async def body(tx: Transaction) -> None:
            await self.repository.save_walks(decisions, tx)

        await self.repository.transact(body)
        await platform.mongo["outbox"].delete_many({})

    def _walked(self, pair: Pair, gate: SeasonGate) -> Iterable[Decision[Path]]:
        survivor, duplicate = pair
        for id, diagnostic, own in ((survivor, "readiness", []), (duplicate, "interests", [PLACES[0]])):
            path = Path.new(id, "2020")
            attempt = Attempt(path.id, "1", self.new_id(), diagnostic, b"", {}, at("2020-09-14"))
            made = [steps.complete(path, pupil(id), attempt, gate)]
            for place in (*own, PLACES[2]):
                made.append(steps.book(made[-1].state, pupil(id), place, at("2020-09-20"), gate.new_id))
            if own:
                booking = made[-1].state.bookings[0]
                made.append(steps.attend(made[-1].state, pupil(id), booking, "list", booking.starts_at, gate))
            yield Decision(made[-1].state, tuple(fact for one in made for fact in one.happened))

    async def seats(self) -> Mapping[str, int]:
        return {row["_id"]: row["booked"] async for row in self.platform.mongo["slots"].find({})}

    async def told(self) -> Counter[tuple[str, str]]:
        """Key and class of what waits in the outbox."""
        rows = [row for waiting in await self.platform.outbox.pending(10_000) for row in waiting.rows]
        types = [dict(row.headers)["ce_type"] for row in rows]
        return Counter((row.key.decode(), (type or b"").decode()) for row, type in zip(rows, types, strict=True))


def entered(id: str) -> list[Envelope]:
    consent = ConsentGiven(**{**PLACE, "participant": id, "version": "1", "channel": "paper"})
    return [enveloped(registered(id), 1, at("2020-09-01")), enveloped(consent, 2, at("2020-09-01"))]


def words(events: Sequence[Event], sequence: int, day: str) -> list[list[Envelope]]:
    """What each of a pair says."""
    return [[enveloped(event, sequence, at(day))] for event in events]


def interleaved(sides: Iterable[Sequence[Envelope]], rng: random.Random) -> Iterator[Envelope]:
    """Each side's in its own order, all of them mixed."""
    left = [list(side) for side in sides]
    while left:
        side = rng.choice(left)
        yield side.pop(0)
        left = [side for side in left if side]


def in_partition(wanted: int, name: str) -> str:
    """An id whose records go to a partition of two."""
    split = DefaultPartitioner()
    return next(id for n in count() if split((id := f"{name}-{n}").encode(), [0, 1], [0, 1]) == wanted)


async def test_two_workers_join_and_part_pairs_of_two_partitions_in_any_order(
    platform_of: Callable[..., Platform],
) -> None:
    first, second = Written(platform_of("trials")), Written(platform_of("trials"))
    pairs = [(in_partition(n % 2, f"s{n}"), in_partition(1 - n % 2, f"d{n}")) for n in range(PAIRS)]
    await first.enter(pairs)
    rng, workers = (
        random.Random(7),
        [consumers(one.platform, one.repository, first.new_id)[1] for one in (first, second)],
    )

    async def hear(sides: Iterable[Sequence[Envelope]], *, merged: bool) -> None:
        facts = list(interleaved(sides, rng))
        for n in range(0, len(facts), 10):
            await publish(first.platform.settings, *facts[n : n + 10])

        rows = first.platform.mongo[PARTICIPANTS].with_options(read_concern=ReadConcern("majority"))

        async def heard() -> bool:
            word = {"mergings": {"$elemMatch": {"merged": merged}}}
            return bool(await rows.count_documents(word) == 2 * PAIRS)

        await eventually(heard)

    async def is_shared() -> bool:
        return all(worker.reader is not None and len(worker.reader.assignment()) == 1 for worker in workers)

    async with consuming(first.platform.settings, workers[0]), consuming(first.platform.settings, workers[1]):
        await eventually(is_shared)
        said = (
            (id, own) for pair in pairs for id, own in zip(pair, words(merged(*pair), 3, "2020-11-18"), strict=True)
        )
        await hear([entered(id) + own for id, own in said], merged=True)
        joined = await first.told()
        assert await first.seats() == {"s0": PAIRS, "s1": 0, "s2": PAIRS}
        await hear([own for pair in pairs for own in words(unmerged(*pair), 4, "2020-11-25")], merged=False)
    assert await first.seats() == {"s0": PAIRS, "s1": 0, "s2": PAIRS}
    once = {(s, event.type): 1 for s, _ in pairs for event in (RecommendationIssued, TrialCancelled)}
    again = {(s, RecommendationWithdrawn.type): 1 for s, _ in pairs} | {(d, TrialCancelled.type): 1 for _, d in pairs}
    assert joined == once
    assert await first.told() == once | again


async def hear(written: Written, envelopes: Iterable[Envelope]) -> None:
    """One poll, as the consumer handles it."""
    received = [Received(envelope, "registration.events.v1", 0, n) for n, envelope in enumerate(envelopes)]

    async def body(tx: Transaction) -> None:
        await participants(written.repository, written.new_id, received, tx)

    await written.repository.transact(body)


async def test_whoever_hears_a_word_while_another_worker_hears_the_other_comes_second(
    platform_of: Callable[..., Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second entry has no row yet when the first worker looks for it."""
    written, pair = Written(platform_of("trials")), ("s", "d")
    await written.enter([pair])
    said = words(merged(*pair), 3, "2020-11-18")
    survivors, duplicates = ([*entered(id), *own] for id, own in zip(pair, said, strict=True))
    read = written.repository.copies.entries

    async def read_behind(wanted: Iterable[str], tx: Transaction) -> Mapping[str, Participant]:
        found = await read(wanted, tx)
        monkeypatch.undo()
        await hear(written, duplicates)
        return found

    monkeypatch.setattr(written.repository.copies, "entries", read_behind)
    await hear(written, survivors)
    assert (await written.seats())["s2"] == 1
    assert (await written.told())["s", RecommendationIssued.type] == 1


async def test_a_first_step_that_meets_a_merging_is_the_survivor_s(
    platform_of: Callable[..., Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no path yet in which both could conflict."""
    written = Written(platform_of("trials"))
    await written.enter([])
    instruments = written.platform.mongo["instruments"]
    await instruments.insert_one(instrument().document())
    region_row = region().model_dump(exclude={"code"}) | {"_id": "RU-ROS", "sequence": "1"}
    await written.platform.mongo["organisations"].insert_one(region_row)
    await hear(written, [*entered("s"), *entered("d")])
    read = written.repository.copies.joined

    async def read_behind(wanted: Iterable[str], tx: Transaction) -> Mapping[str, Joined]:
        found = await read(wanted, tx)
        monkeypatch.undo()
        await hear(written, [own for (own,) in words(merged("s", "d"), 3, "2020-11-18")])
        return found

    monkeypatch.setattr(written.repository.copies, "joined", read_behind)
    command = AttemptCommand.model_validate(attempt("d"))
    who = Principal("someone", "account", (Grant("navigator", PLACE["school"]),))
    asked = AttemptRequest(items=[Item("", command)], who=who, now=datetime.now(UTC))
    ((done,),) = await take(written.repository, [asked], written.new_id)
    assert isinstance(done, Done)
    assert done.value.participant == "s"
    assert [row["_id"] async for row in written.platform.mongo["paths"].find({})] == ["s/2020"]
