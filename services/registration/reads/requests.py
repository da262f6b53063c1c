"""Reads of requests for a place: a guardian's own, and those of a place with names for its staff, on record."""

from services.registration.answers.requests import RequestPage, RequestView, WaitingPage, WaitingView
from services.registration.collections import REQUESTS
from services.registration.domain.requests import PlaceRequest, State
from services.registration.person_keys import PersonKeys
from services.registration.reads.organisations import OrganisationReads
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.identity.vault import Vault
from shared.storage.mongo import Document, Mongo

OWN, OF_A_PLACE = Listing("own requests", {"_id": str}), Listing("requests", {"_id": str})


class RequestReads:
    """The requests that a principal has made, or may answer."""

    def __init__(self, mongo: Mongo, vault: Vault, who: Principal) -> None:
        self._rows = mongo[REQUESTS]
        self._keys = PersonKeys(mongo)
        self._organisations = OrganisationReads(mongo)
        self._vault = vault
        self._who = who

    async def own(self, paging: Paging) -> RequestPage:
        """A page of the caller's own, without names: they were the caller's words."""
        rows, onward = await OWN.page(self._rows, {"account": self._who.account}, paging)
        requests = [PlaceRequest.of(row) for row in rows]
        names = await self._organisations.names(request.place.school for request in requests)
        return RequestPage(items=[RequestView.of(request, names) for request in requests], next=onward)

    async def one(self, request: PlaceRequest) -> RequestView:
        """One request that the caller has made or answered."""
        return RequestView.of(request, await self._organisations.names([request.place.school]))

    async def page(self, code: str, state: State | None, paging: Paging) -> WaitingPage:
        """A page of those of a place; raises NotFound where it is not there, Forbidden out of scope."""
        place = await self._organisations.place(code)
        self._who.scope.must_cover(*place.place)
        kind = place.kind if place.kind in ("region", "municipality") else "school"
        classes = self._who.scope.classes(*place.place)
        query: Document = {f"place.{kind}": code} | ({"state": state} if state else {})
        query |= {} if classes is None else {"place.school_class": {"$in": sorted(classes)}}
        rows, onward = await OF_A_PLACE.page(self._rows, query, paging, {"organisation": code, "state": state})
        return WaitingPage(items=await self._shown(rows), next=onward)

    async def _shown(self, rows: list[Document]) -> list[WaitingView]:
        closed = await self._keys.joined([row for row in rows if "data" in row])
        about(row["_id"] for row in closed)  # nobody has an id of a person yet: the request stands for the child
        sealed = {row["_id"]: self._vault.open(row) for row in closed}
        requests = [PlaceRequest.of(row) for row in rows]
        names = await self._organisations.names(request.place.school for request in requests)
        return [WaitingView.waiting(request, names, sealed.get(request.id, {})) for request in requests]
