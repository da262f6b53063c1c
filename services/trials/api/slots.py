"""Trials over HTTP: slots."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response

from services.trials.answers.catalogue import NamedSlot, OpenedAnswer
from services.trials.answers.commands import Items, SlotAnswer
from services.trials.answers.shown import shown
from services.trials.api.items import SlotId, item_by_item
from services.trials.api.reading import UNKNOWN, InRegion, OfGrade
from services.trials.domain.timetable.slots import SlotOffer
from services.trials.handlers import slots
from services.trials.handlers.slots import SlotRequest
from services.trials.reads.catalogue import CatalogueReads
from services.trials.repository import Repository
from shared.base.models import Count, Input
from shared.contracts.codes import Code, CompetencyCode, SeasonCode, VenueCode
from shared.http.authorisation import Anyone, VenueOperator
from shared.http.batch import Item, ReadAs, only, read_each
from shared.http.entity_tags import Known
from shared.http.openapi import also, problems
from shared.http.paging import Filter, Paged
from shared.http.routes import KIB, router_of
from shared.identity.grants import FAMILY
from shared.identity.principal import Principal
from shared.programme.moments import Moment
from shared.programme.texts import Ref
from shared.storage.decision import NewId
from shared.storage.outbox import Clock


class SingleSlot(SlotOffer):
    """A slot that is offered alone."""

    venue: VenueCode
    """Code of the venue where it is held."""
    season: SeasonCode
    occurred_at: Moment | None = None


class TimetableBody(Input):
    """A venue's slots for a season; each is read on its own (shape: a slot without venue and season)."""

    venue: VenueCode
    """Code of the venue where they are held."""
    season: SeasonCode
    occurred_at: Moment | None = None
    slots: Annotated[list[Annotated[Any, ReadAs(SlotOffer)]], Count(1, 200)]
    """Each as the body of `POST /trials/slots` without venue, season and time."""


class KeyedOffer(Item[SlotOffer]):
    """An offer whose ref is the request's Idempotency-Key."""

    def pointer(self, word: str) -> str:
        """As of any item, but for the ref."""
        return "header:Idempotency-Key" if word == "ref" else super().pointer(word)


def routes(repository: Repository, reads: CatalogueReads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes by which slots are opened and read."""
    router = router_of("trials")
    _add_writes(router, repository, clock, new_id)
    _add_reads(router, reads, clock)
    return router


def _add_writes(router: APIRouter, repository: Repository, clock: Clock, new_id: NewId) -> None:
    @router.post(
        "/slots",
        status_code=201,
        responses=also(OpenedAnswer)
        | problems(
            {409: ["organisation-closed", "organisation-unknown", "ref-reused", "season-closed", "venue-not-in-season"]}
        ),
    )
    async def open_slot(
        body: SingleSlot,
        who: VenueOperator,
        response: Response,
        idempotency_key: Annotated[Ref | None, Header()] = None,
    ) -> OpenedAnswer:
        """Opens a slot; 200 where the ref (or else the Idempotency-Key) names one that is open already."""
        fields = body.model_dump(include=set(SlotOffer.model_fields))
        offer = SlotOffer.model_construct(**fields | {"ref": body.ref or idempotency_key})
        item = Item("", offer) if body.ref else KeyedOffer("", offer)
        done = only(await slots.open_slots(repository, _request(body, [item], who, clock), new_id))
        response.status_code = 201 if done.new else 200
        return shown(OpenedAnswer, done.value, slot=done.value.id, status="opened" if done.new else "known")

    @router.post(
        "/slots/batch",
        max_body_size=320 * KIB,
        response_model_exclude_none=True,
        responses=problems(
            {409: ["organisation-closed", "organisation-unknown", "season-closed", "venue-not-in-season"]}
        ),
    )
    async def open_slots(body: TimetableBody, who: VenueOperator) -> Items[SlotAnswer]:
        """Publishes a timetable of at most 200 slots, item by item."""
        request = _request(body, await read_each(SlotOffer, body.slots, "/slots"), who, clock)
        return await item_by_item(SlotAnswer.of, body.slots, await slots.open_slots(repository, request, new_id))


def _request(
    body: SingleSlot | TimetableBody, items: Sequence[Item[SlotOffer]], who: Principal, clock: Clock
) -> SlotRequest:
    return SlotRequest(
        items=items, who=who, now=clock(), venue=body.venue, season=body.season, occurred_at=body.occurred_at
    )


def _add_reads(router: APIRouter, reads: CatalogueReads, clock: Clock) -> None:
    @router.get("/slots", name="slots", response_model=reads.slots.page_model)
    async def listed(
        who: Anyone, paging: Paged, known: Known, asked: Annotated[Filter, Depends(_narrowed)]
    ) -> Response:
        """Slots of a season with their open seats, the earliest first; families see as far ahead as its terms say."""
        is_family = FAMILY.issuperset(grant.role for grant in who.grants)
        return known.answer(await reads.slots.page_from(paging, asked, clock() if is_family else None))

    @router.get("/slots/{id}", response_model=NamedSlot, responses=UNKNOWN)
    async def slot(who: Anyone, id: SlotId, known: Known) -> Response:
        """One slot with its open seats."""
        return known.answer(await reads.slots.one(id, "id"))


async def _suited(
    grade: OfGrade = None,
    accessibility: Annotated[Code | None, Query(description="the slots that serve this need alone")] = None,
) -> Filter:
    return {"grade": None if grade is None else str(grade), "need": accessibility}


async def _narrowed(
    season: SeasonCode,
    suited: Annotated[Filter, Depends(_suited)],
    region: InRegion = None,
    venue: Annotated[VenueCode | None, Query(description="the slots of this venue alone")] = None,
    competency: Annotated[CompetencyCode | None, Query(description="the slots of this competency alone")] = None,
    programme: Annotated[Code | None, Query(description="the slots of this trial programme alone")] = None,
) -> Filter:
    places = {"season": season, "region": region, "venue": venue}
    return {**places, "competency": competency, "programme": programme, **suited}
