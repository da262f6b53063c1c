"""The figures that analytics stores, beside a recount of what was told."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from random import Random

from services.analytics.collections import CELLS, MERGED
from services.analytics.documents import entry_of, leaves
from services.analytics.facts import Pupil
from services.analytics.journal import Journal
from services.analytics.states import APART, unpacked
from shared.contracts.event import Envelope
from shared.storage.mongo import Mongo
from tests.builders.entries import DAYS
from tests.builders.recount import Counted, recount


async def figures(mongo: Mongo, day: str) -> Counted:
    """What the stored cells of season 2020 add up to at the end of a day."""
    found: Counted = Counter()
    async for packed in mongo[CELLS].find({"season": "2020"}):
        for path, n in leaves(packed.get("n", {})):
            if path[-1] <= day:
                found[packed["table"], packed["region"], packed["place"], *path[:-1]] += n
    return +found


async def same_as_a_recount(mongo: Mongo, told: Sequence[Envelope]) -> None:
    """Fails unless the cells say on every day what the facts do."""
    for day in DAYS:
        assert await figures(mongo, day) == recount(told, day), day


async def known_pupils(mongo: Mongo) -> dict[str, Pupil]:
    """What is known of each pupil, wherever it is stored."""
    states: dict[str, bytes] = {}
    async with mongo.snapshot() as tx:
        async for of_partition in Journal(mongo).everything(tx):
            assert not states.keys() & of_partition.keys(), "a pupil has one state"
            states |= of_partition
        rows = {row["_id"]: entry_of(row) async for row in mongo[MERGED].find({}, session=tx)}
    return {id: rows[id] if state == APART else unpacked(state) for id, state in states.items()}


def interleaved(facts: Sequence[Envelope], rng: Random) -> Iterator[Envelope]:
    """The facts in another order, but of one topic and pupil in theirs."""
    queues: dict[tuple[str, str], list[Envelope]] = defaultdict(list)
    for fact in facts:
        queues[fact.event.topic, fact.event.key].append(fact)
    turns = [key for key, queue in queues.items() for _ in queue]
    rng.shuffle(turns)
    yield from (queues[key].pop(0) for key in turns)
