"""Bookings of the release before, which knew no quotas: they come to hold what others hold."""

from collections.abc import Collection, Mapping
from functools import partial

from services.trials.domain.path.paths import Path
from services.trials.repository import Repository
from shared.base.settings import Settings
from shared.contracts.topics import TRIALS_EVENTS
from shared.contracts.trials import TrialBooked
from shared.messaging.log import Logs
from shared.messaging.own_topics import beyond, chunks, numbered
from shared.storage.decision import Decision
from shared.storage.mongo import Document, Mongo, Transaction
from shared.storage.outbox import Outbox

OF_NO_SCHOOL: Document = {"bookings": {"$elemMatch": {"school": None}}}
TOGETHER = 25
"""Paths of one transaction."""
Walk = tuple[str, str]
"""The participant and the season of a path."""


async def count_former(mongo: Mongo, settings: Settings) -> list[str]:
    """Lets bookings that name no school hold units of the one that their event names, and counts all units again.

    An image of the release before that still runs writes paths without what it does not know: once more, this brings
    it back, and the count is right however often something was lost. Returns a line of what is left, and of what was
    counted otherwise.
    """
    repository = Repository(mongo, Outbox(mongo, "trials", settings.kafka_topic_prefix))
    told = []
    if await mongo["paths"].find_one(OF_NO_SCHOOL, {"_id": 1}):
        await _learn_schools(mongo, repository, settings)
        left = await mongo["paths"].count_documents(OF_NO_SCHOOL)
        told += [f"paths: {left} have a booking of which no event is there: it holds no quota"] if left else []
    changed = await repository.ledger.count_again()
    return [*told, f"quotas: {changed} holders were counted again"] if changed else told


async def _learn_schools(mongo: Mongo, repository: Repository, settings: Settings) -> None:
    """Reads the service's own topic from its beginning, and completes the paths whose bookings it tells of."""
    topic, logs = settings.kafka_topic_prefix + TRIALS_EVENTS.name, Logs(settings.bootstrap)
    try:
        partitions = await logs.partitions([topic])
        async for chunk in chunks(logs, await beyond(logs, [topic], dict.fromkeys(partitions, 0))):
            read = [one.read() for one in numbered(chunk.records, "/trials")]
            booked = [one.event for one in read if one is not None and isinstance(one.event, TrialBooked)]
            schools = {event.booking: event.school for event in booked}
            of_those: Document = {"bookings": {"$elemMatch": {"id": {"$in": list(schools)}, "school": None}}}
            rows = await mongo["paths"].find(of_those, {"participant": 1, "season": 1}).to_list(None)
            walks = [(row["participant"], row["season"]) for row in rows]
            for begin in range(0, len(walks), TOGETHER):
                await mongo.transact(partial(_complete, repository, walks[begin : begin + TOGETHER], schools))
    finally:
        await logs.close()


async def _complete(
    repository: Repository, walks: Collection[Walk], schools: Mapping[str, str], tx: Transaction
) -> None:
    states = await repository.states(walks, tx)
    known = [(states.pupils[id].id, season) for id, season in walks if id in states.pupils]
    paths = [states.paths.of(id, season) for id, season in dict.fromkeys(known)]
    entries = await repository.copies.participants((entry.participant for p in paths for entry in p.entries), tx)
    erased = {id for id, entry in entries.items() if entry.erased}
    await repository.save_walks([Decision(_completed(path, schools, erased), quiet=True) for path in paths], tx)


def _completed(path: Path, schools: Mapping[str, str], erased: Collection[str]) -> Path:
    """Returns a path whose bookings name their schools, and whose entries say whether they are erased."""
    bookings = (
        booking.model_copy(update={"school": schools[booking.id]})
        if booking.school is None and booking.id in schools
        else booking
        for booking in path.bookings
    )
    duplicates = tuple(_completed(one, schools, erased) for one in path.duplicates)
    is_erased = path.erased or path.participant in erased
    return path.model_copy(update={"bookings": tuple(bookings), "duplicates": duplicates, "erased": is_erased})
