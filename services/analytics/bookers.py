"""The projection of reservations: pupils' bookings and the packed cells, kept in step in one transaction per poll."""

from collections.abc import Mapping, Sequence

from pymongo import UpdateOne

from services.analytics.collections import BOOKERS, RESERVATIONS
from services.analytics.documents import Packing
from services.analytics.entry_rows import EntryRows, by_participant_of, who_merged
from services.analytics.figures.cells import difference
from services.analytics.reservations import Attendance, Booker, Booking, SeasonBookings, cells_of, learn
from shared.messaging.poll import Received
from shared.storage.mongo import Document, Mongo, Transaction

INSTANTS = ("cancelled", "missed", "revoked")


class Reservations:
    """Applies polls of facts, as the projection of the figures does (ADR 3)."""

    def __init__(self, mongo: Mongo) -> None:
        self._bookers, self._cells = mongo[BOOKERS], mongo[RESERVATIONS]
        self._rows = EntryRows(self._bookers, booker_of, Booker)

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll: the change of what every pupil's bookings hold.

        Of merged pupils all rows are written, changed or not, so that two workers that have parts of one conflict.
        """
        facts = by_participant_of(received)
        known = await self._rows.load(facts, tx)
        entries = {id: known.get(id) or Booker() for id in facts} | await self._rows.joined(
            who_merged(received, known), known, tx
        )
        before = cells_of(entries)
        for id, told in facts.items():
            for fact in told:
                learn(entries[id], fact.envelope)
        change = Packing(min((r.partition for r in received), default=0))
        change.count(difference(before, cells_of(entries)))
        if entries:
            await self._bookers.bulk_write([_written(*one) for one in entries.items()], ordered=False, session=tx)
        if writes := change.writes():
            await self._cells.bulk_write(writes, ordered=False, session=tx)


def _written(participant: str, booker: Booker) -> UpdateOne:
    """Returns the write of an entry, which changes the row in any case."""
    change = {"$set": booker_document(booker), "$inc": {"met": 1}}
    return UpdateOne({"_id": participant}, change, upsert=True)


def booker_document(booker: Booker) -> Document:
    """Returns the stored form of an entry's bookings."""
    seasons = [
        {
            "code": code,
            "booked": [[id, *booking] for id, booking in facts.booked.items()],
            "attended": [[id, *attendance] for id, attendance in facts.attended.items()],
            **{name: [list(fact) for fact in getattr(facts, name).items()] for name in INSTANTS},
        }
        for code, facts in booker.seasons.items()
    ]
    others = [[other, *word] for other, word in booker.others.items()]
    return {"seasons": seasons, "others": others, "erased": booker.erased}


def booker_of(document: Document) -> Booker:
    """Returns the bookings in an entry's document."""
    return Booker(
        {stored["code"]: _season_of(stored) for stored in document["seasons"]},
        document["erased"],
        words={(other, sequence): role for other, sequence, role in document["others"]},
    )


def _season_of(stored: Mapping[str, list[list[str]]]) -> SeasonBookings:
    return SeasonBookings(
        booked={id: Booking(*booking) for id, *booking in stored["booked"]},
        attended={id: Attendance(*attendance) for id, *attendance in stored["attended"]},
        **{name: dict(stored[name]) for name in INSTANTS},
    )
