"""Reads of the catalogue, open to everyone who has a token."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from services.trials.answers.catalogue import (
    CompetencyPage,
    CompetencyView,
    NamedSeason,
    NamedSlot,
    NamedVenue,
    SeasonPage,
    SlotPage,
    VenuePage,
    coded,
)
from services.trials.answers.diagnostics import DiagnosticEntry, DiagnosticPage
from services.trials.answers.programmes import NamedProgramme, ProgrammePage
from services.trials.answers.shown import mentioned, shown
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.catalogue.competencies import Competency
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.places.programmes import Programme
from services.trials.domain.places.venues import Venue
from services.trials.domain.timetable.slots import Slot
from services.trials.reads.names import names
from shared.base.errors import BadInput, NotFound
from shared.http.paging import NO_FILTER, Filter, Listing, Page, Paging, instant
from shared.programme.moments import zone
from shared.storage.mongo import Document, Mongo, by_ids
from shared.storage.organisations import OrganisationCopies

S = TypeVar("S", bound=BaseModel)
V = TypeVar("V", bound=BaseModel)


def _spaced_cursor(word: str) -> list[str | datetime] | None:
    try:
        starts, _, id = base64.urlsafe_b64decode(word).decode().partition(" ")
    except ValueError:
        return None
    time = instant(starts)
    return None if time is None else [time, id]


SLOTS = Listing("slots", {"starts": datetime, "_id": str}, earlier=_spaced_cursor)


def _by_code(name: str) -> Listing:
    return Listing(name, {"_id": str})


def _equal(asked: Filter) -> Document:
    return {field: value for field, value in asked.items() if value}


def _of_registry(asked: Filter) -> Document:
    """A venue is in the registries of several seasons, and says of itself something else in each."""
    season, terms = asked["season"], f"terms.{asked['season']}"
    query = _equal({field: value for field, value in asked.items() if field not in ("season", "grade", "need")})
    if not season and (asked["grade"] or asked["need"]):
        raise BadInput.field("season", "is needed to narrow by grade or need: a venue says both for each season")
    if season:
        query[f"seasons.{season}"] = {"$exists": True}
    if asked["need"]:
        query[f"{terms}.accessibility"] = asked["need"]
    if asked["grade"]:
        query["$or"] = [{f"{terms}.grades": None}, _takes_in(f"{terms}.grades", asked["grade"])]
    return query


def _of_season(asked: Filter) -> Document:
    query = _equal({field: value for field, value in asked.items() if field not in ("grade", "need")})
    if asked["need"]:
        query["accessibility"] = asked["need"]
    return query | (_takes_in("grades", asked["grade"]) if asked["grade"] else {})


def _takes_in(field: str, grade: str) -> Document:
    """Matches what is held from a lowest to a highest grade, and a grade between them."""
    return {f"{field}.0": {"$lte": int(grade)}, f"{field}.1": {"$gte": int(grade)}}


@dataclass(frozen=True)
class Entries(Generic[S, V]):
    """The entries of one collection, each as a view shows it."""

    mongo: Mongo
    collection: str
    state: type[S]
    view: type[V]
    own: Callable[[S], Mapping[str, Any]]
    """Makes the fields of a view that its state has by another name, or not at all."""

    async def one(self, id: str, word: str = "code") -> V:
        """Returns an entry; raises NotFound about the `word` by which it was asked for."""
        row: Document | None = await self.mongo[self.collection].find_one({"_id": id})
        if row is None:
            raise NotFound.about(word, "no such entry in the catalogue")
        (entry,) = await self._shown([row])
        return entry

    async def _shown(self, rows: Sequence[Document]) -> list[V]:
        states = [self.state.model_validate(row | {"id": row["_id"], "code": row["_id"]}) for row in rows]
        called = await names(self.mongo, mentioned([(self.view, states)]))
        return [shown(self.view, state, called, **self.own(state)) for state in states]


@dataclass(frozen=True)
class ListedEntries(Entries[S, V]):
    """The same, page by page too."""

    listing: Listing
    page_model: type[Page[V]]
    query: Callable[[Filter], Document] = _equal
    """Makes the query of a filter."""

    async def page(self, paging: Paging, asked: Filter = NO_FILTER) -> Page[V]:
        """Returns a page of the entries that a filter admits."""
        rows, onward = await self.listing.page(self.mongo[self.collection], self.query(asked), paging, asked)
        return self.page_model(items=await self._shown(rows), next=onward)


@dataclass(frozen=True)
class SlotEntries(ListedEntries[Slot, NamedSlot]):
    """Slots, whose starts are told on the clock of where their venue lies, which may have changed since."""

    register: OrganisationCopies = field(kw_only=True)

    async def page_from(self, paging: Paging, asked: Filter, now: datetime | None) -> Page[NamedSlot]:
        """Returns a page of slots: where a time is said, those alone that the season's terms show then."""
        query = self.query(asked)
        if now is not None and (ahead := await self._days_ahead(asked["season"], now)) is not None:
            query["starts"] = {"$lt": datetime.combine(now.date() + timedelta(days=ahead + 1), time(), UTC)}
        rows, onward = await self.listing.page(self.mongo[self.collection], query, paging, asked)
        return self.page_model(items=await self._shown(rows), next=onward)

    async def _days_ahead(self, season: str | None, now: datetime) -> int | None:
        row = await self.mongo["seasons"].find_one({"_id": season})
        return Season.model_validate(row | {"id": row["_id"]}).terms_at(now).days_ahead if row else None

    async def _shown(self, rows: Sequence[Document]) -> list[NamedSlot]:
        clocks = await self.register.clocks({row["region"] for row in rows})
        venues = await by_ids(self.mongo["venues"], {row["venue"] for row in rows})
        lies = {venue["_id"]: venue["municipality"] for venue in venues}
        told = []
        for row in rows:
            clock = clocks.of(row["region"], lies.get(row["venue"]))
            starts = datetime.fromisoformat(row["starts_at"])
            told.append(row if clock is None else row | {"starts_at": starts.astimezone(zone(clock)).isoformat()})
        return await super()._shown(told)


class CatalogueReads:
    """The lists of the catalogue."""

    def __init__(self, mongo: Mongo) -> None:
        self.seasons = ListedEntries(mongo, "seasons", Season, NamedSeason, coded, _by_code("seasons"), SeasonPage)
        self.diagnostics = ListedEntries(
            mongo, "instruments", Instrument, DiagnosticEntry, _sizes, _by_code("diagnostics"), DiagnosticPage
        )
        self.competencies = ListedEntries(
            mongo,
            "competencies",
            Competency,
            CompetencyView,
            lambda c: {"code": c.id},
            _by_code("competencies"),
            CompetencyPage,
        )
        self.programmes = ListedEntries(
            mongo,
            "programmes",
            Programme,
            NamedProgramme,
            lambda p: {"programme": p.id},
            _by_code("programmes"),
            ProgrammePage,
        )
        self.venues = ListedEntries(
            mongo, "venues", Venue, NamedVenue, lambda v: {"venue": v.id}, _by_code("venues"), VenuePage, _of_registry
        )
        self.slots = SlotEntries(
            mongo,
            "slots",
            Slot,
            NamedSlot,
            lambda s: {"slot": s.id},
            SLOTS,
            SlotPage,
            _of_season,
            register=OrganisationCopies(mongo),
        )


def _sizes(instrument: Instrument) -> Mapping[str, Any]:
    in_russian = {"name": instrument.name.ru, "method": instrument.method.ru, "names": instrument.name}
    return {**in_russian, "scales": len(instrument.scales), "items": len(instrument.items)}
