"""Slots with seats by season and region, in memory: they say where to look, and the database says what is there.

To read thousands of slots for each pupil would cost more than all else. A catalogue that is some seconds old misses a
slot that was just opened, and never offers a seat that is gone: each slot is read anew before it is shown.
"""

import asyncio
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.trials.answers.shown import NO_NAMES, Names
from services.trials.domain.places.programmes import Programme
from services.trials.domain.places.venues import Venue
from services.trials.domain.seats.statements import served
from services.trials.domain.seats.suggestions import Catalogue, Offer, Time, Traits
from services.trials.reads.names import names
from services.trials.repository import Repository
from shared.base.side_thread import aside
from shared.storage.mongo import WHOLE, Document, Mongo

FRESH_SECONDS = 5.0
"""After which the next request has it read anew, without waiting for that."""
KEPT_SECONDS = 60.0
"""After which a request waits for it."""
MOST = 200
"""Catalogues in memory; of those beyond, the one asked for longest ago goes."""
ALIKE = ("venue", "competency", "kind", "grades", "accessibility")
"""The fields that slots of one offer share, beside the programme, which old ones have not."""
OFFERED: Sequence[Document] = (
    {
        "$group": {
            "_id": {name: f"${name}" for name in ALIKE} | {"programme": {"$ifNull": ["$programme", None]}},
            "starts": {"$push": "$starts"},
            "slots": {"$push": "$_id"},
        }
    },
)
"""The database puts slots together: rows of thousands would keep the process from whoever asks meanwhile."""


@dataclass(slots=True)
class Shelf:
    """A catalogue with its age, and the reading of the next one, if it is under way."""

    offers: Catalogue = field(default_factory=dict)
    read_at: float = float("-inf")
    reading: asyncio.Task[None] | None = None


class OpenSlots:
    """The catalogues of one process."""

    def __init__(self, mongo: Mongo, repository: Repository, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._mongo = mongo
        self._repository = repository
        self._monotonic = monotonic
        self._shelves: OrderedDict[tuple[str, str], Shelf] = OrderedDict()

    async def of(self, season: str, region: str, now: datetime) -> Catalogue:
        """Returns the offers of a region in a season, as they were some seconds ago."""
        shelf = self._shelves.setdefault((season, region), Shelf())
        self._shelves.move_to_end((season, region))
        if len(self._shelves) > MOST:
            self._shelves.popitem(last=False)
        age = self._monotonic() - shelf.read_at
        if age > FRESH_SECONDS and shelf.reading is None:
            shelf.reading = asyncio.create_task(self._read(shelf, season, region, now))
            shelf.reading.add_done_callback(_told)
        if age > KEPT_SECONDS and shelf.reading is not None:
            await asyncio.shield(shelf.reading)
        return shelf.offers

    async def _read(self, shelf: Shelf, season: str, region: str, now: datetime) -> None:
        try:
            began = self._monotonic()
            seats = {"closing": None, "waiting": {"$not": {"$gt": 0}}, "$expr": {"$lt": ["$booked", "$capacity"]}}
            query = {"season": season, "region": region, "starts": {"$gt": now}, **seats}
            found = self._mongo["slots"].aggregate([{"$match": query}, *OFFERED], batchSize=WHOLE)
            offered = await found.to_list(None)
            shared = [one["_id"] for one in offered]
            venues = await self._repository.venues.load({row["venue"] for row in shared})
            programmes = await self._repository.programmes.load({row["programme"] for row in shared} - {None})
            around = Around(season, venues, programmes, NO_NAMES)
            towns, asked = {around.site(venue) for venue in venues.values()}, {row["competency"] for row in shared}
            called = await names(self._mongo, {"organisation": towns, "competency": asked})
            shelf.offers = await aside(lambda: replace(around, names=called).catalogue(offered), len(offered))
            shelf.read_at = began
        finally:
            shelf.reading = None


@dataclass(frozen=True, slots=True)
class Around:
    """All that slots name, as far as it is known."""

    season: str
    venues: Mapping[str, Venue]
    programmes: Mapping[str, Programme]
    names: Names
    """Of competencies and municipalities."""

    def site(self, venue: Venue) -> str:
        """Returns the municipality in which a venue stands."""
        address = venue.terms_in(self.season).address
        return address.municipality if address else venue.municipality

    def catalogue(self, offered: Sequence[Document]) -> Catalogue:
        """Returns offers, as the database put them together, by their traits."""
        found: dict[Traits, list[Offer]] = defaultdict(list)
        for one in offered:
            offer = self._offer(one["_id"], sorted(map(Time, one["starts"], one["slots"])))
            found[offer.traits].append(offer)
        return found

    def _offer(self, row: Document, times: Sequence[Time]) -> Offer:
        venue, programme = self.venues[row["venue"]], self.programmes.get(row["programme"] or "")
        terms, site, competency = venue.terms_in(self.season), self.site(venue), row["competency"]
        traits = Traits(
            municipality=site,
            expects=frozenset(terms.expects or ()),
            competency=competency,
            kind=row["kind"],
            grades=(row["grades"][0], row["grades"][1]),
            serves=served(row["accessibility"], terms, programme),
            environment=programme.environment if programme else None,
            is_online=programme is not None and programme.format == "online",
        )
        names = {
            "venue_name": venue.name,
            "municipality_name": self.names.of("organisation", site),
            "competency_name": self.names.of("competency", competency),
            "programme_name": programme.name if programme else None,
        }
        return Offer(traits, times, names)


def _told(reading: asyncio.Task[None]) -> None:
    """Takes note of a failure for which nobody waits: the next request has it read once more."""
    if not reading.cancelled():
        reading.exception()
