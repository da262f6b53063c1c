"""Reads of the catalogue, open to everyone who has a token."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from services.trials.catalogue import Competency, Season, Venue
from services.trials.catalogue_views import (
    CompetencyPage,
    CompetencyView,
    DiagnosticEntry,
    DiagnosticPage,
    DiagnosticView,
    NamedSeason,
    NamedSlot,
    NamedVenue,
    SeasonPage,
    SlotPage,
    VenuePage,
)
from services.trials.instruments import Instrument
from services.trials.names import names
from services.trials.slots import Slot
from shared.base.errors import FieldError, NotFound
from shared.http.paging import Filter, Listing, Paging, instant
from shared.storage.decision import Aggregate
from shared.storage.mongo import Document, Mongo

S = TypeVar("S", bound=Aggregate)


def _spaced_cursor(word: str) -> list[str | datetime] | None:
    try:
        starts, _, id = base64.urlsafe_b64decode(word).decode().partition(" ")
    except ValueError:
        return None
    time = instant(starts)
    return None if time is None else [time, id]


BY_CODE = {"_id": str}
SEASONS, DIAGNOSTICS = Listing("seasons", BY_CODE), Listing("diagnostics", BY_CODE)
COMPETENCIES, VENUES = Listing("competencies", BY_CODE), Listing("venues", BY_CODE)
SLOTS = Listing("slots", {"starts": datetime, "_id": str}, earlier=_spaced_cursor)


class CatalogueReads:
    """Pages and single entries; a single one that is not there is NotFound."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def seasons(self, paging: Paging) -> SeasonPage:
        """A page of seasons."""
        rows, onward = await SEASONS.page(self._mongo["seasons"], {}, paging)
        return SeasonPage(items=await self._seasons([_state(Season, row) for row in rows]), next=onward)

    async def season(self, code: str) -> NamedSeason:
        """One season."""
        (season,) = await self._seasons([_state(Season, await self._one("seasons", code))])
        return season

    async def diagnostics(self, paging: Paging) -> DiagnosticPage:
        """A page of diagnostics."""
        rows, onward = await DIAGNOSTICS.page(self._mongo["instruments"], {}, paging)
        return DiagnosticPage(items=[DiagnosticEntry.of(_instrument(row)) for row in rows], next=onward)

    async def diagnostic(self, code: str) -> DiagnosticView:
        """One diagnostic with its items and options."""
        found = _instrument(await self._one("instruments", code))
        return DiagnosticView.model_validate(found.model_dump())

    async def competencies(self, paging: Paging) -> CompetencyPage:
        """A page of competencies."""
        rows, onward = await COMPETENCIES.page(self._mongo["competencies"], {}, paging)
        return CompetencyPage(items=[_competency(row) for row in rows], next=onward)

    async def competency(self, code: str) -> CompetencyView:
        """One competency."""
        return _competency(await self._one("competencies", code))

    async def venues(self, asked: Filter, paging: Paging) -> VenuePage:
        """A page of venues, those of a `season`, a `region`, a `municipality` or an `organisation`."""
        query: Document = {field: value for field, value in asked.items() if value and field != "season"}
        query |= {f"seasons.{asked['season']}": {"$exists": True}} if asked["season"] else {}
        rows, onward = await VENUES.page(self._mongo["venues"], query, paging, asked)
        return VenuePage(items=await self._venues([_state(Venue, row) for row in rows]), next=onward)

    async def venue(self, code: str) -> NamedVenue:
        """One venue."""
        (venue,) = await self._venues([_state(Venue, await self._one("venues", code))])
        return venue

    async def slots(self, asked: Filter, paging: Paging) -> SlotPage:
        """A page of slots of a `season`, the earliest first, those of a `venue`, a `region` or a `competency`."""
        query = {field: value for field, value in asked.items() if value}
        rows, onward = await SLOTS.page(self._mongo["slots"], query, paging, asked)
        return SlotPage(items=await self._slots([_state(Slot, row) for row in rows]), next=onward)

    async def slot(self, id: str) -> NamedSlot:
        """One slot."""
        (slot,) = await self._slots([_state(Slot, await self._one("slots", id, "id"))])
        return slot

    async def _one(self, collection: str, id: str, field: str = "code") -> Document:
        row: Document | None = await self._mongo[collection].find_one({"_id": id})
        if row is None:
            detail = "no such entry in the catalogue"
            raise NotFound(detail, errors=[FieldError(field, detail)])
        return row

    async def _seasons(self, seasons: Sequence[Season]) -> list[NamedSeason]:
        called = await names(self._mongo, {"diagnostic": [code for season in seasons for code in season.diagnostics]})
        return [NamedSeason.named(season, called) for season in seasons]

    async def _venues(self, venues: Sequence[Venue]) -> list[NamedVenue]:
        places = [code for venue in venues for code in (venue.organisation, venue.region, venue.municipality)]
        seasons = [code for venue in venues for code in venue.seasons]
        called = await names(self._mongo, {"organisation": places, "season": seasons})
        return [NamedVenue.named(venue, called) for venue in venues]

    async def _slots(self, slots: Sequence[Slot]) -> list[NamedSlot]:
        called = await names(
            self._mongo,
            {
                "venue": [slot.venue for slot in slots],
                "season": [slot.season for slot in slots],
                "organisation": [slot.region for slot in slots],
                "competency": [slot.competency for slot in slots],
            },
        )
        return [NamedSlot.named(slot, called) for slot in slots]


def _state(model: type[S], row: Document) -> S:
    return model.model_validate(row | {"id": row["_id"]})


def _instrument(row: Document) -> Instrument:
    return Instrument.model_validate(row | {"code": row["_id"]})


def _competency(row: Document) -> CompetencyView:
    return CompetencyView(code=row["_id"], name=_state(Competency, row).name)
