"""Requests for a place, as the one who asks and the school see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.registration.answers.organisations import OrganisationNames
from services.registration.domain.requests import PlaceRequest, Reason, State
from shared.base.models import Answer
from shared.http.paging import Page
from shared.programme.moments import zone


class RequestView(Answer):
    """A request for a place; it says nothing of a child before the school has confirmed it."""

    request: str
    """Id of the request."""
    state: State
    """`asked` until the school has answered."""
    reason: Reason | None
    """The reason for which it was refused; null where it was not."""
    school: str
    """Code of the school that is asked."""
    school_name: str | None
    """Name of that school."""
    school_class: Annotated[str, Field(serialization_alias="class")]
    """The class in which the child is said to learn."""
    asked_at: datetime
    """The time of the request, on the region's clock."""
    answered_at: datetime | None
    """The time of the answer; null while there is none."""
    forgotten_at: datetime
    """The time at which nothing of the request is left: 90 days after it, or 30 after the answer."""
    participant: str | None
    """Id of the pupil who was entered; null until it is confirmed."""

    @classmethod
    def of(cls, request: PlaceRequest, names: OrganisationNames) -> "RequestView":
        """One request."""
        return cls(**_told(request, names))


class WaitingView(RequestView):
    """A request as the school's staff see it: with the names, as long as it waits."""

    name: str | None
    """Full name of the child as the guardian wrote it; null once the request is answered."""
    birth_date: str | None
    """Date of birth as `2007-05-17`; null once the request is answered."""
    guardian_name: str | None
    """Full name of the one who asks; null once the request is answered."""

    @classmethod
    def waiting(cls, request: PlaceRequest, names: OrganisationNames, sealed: Mapping[str, str]) -> "WaitingView":
        """One request with what was sealed; that is empty once it is answered."""
        shown = {field: sealed.get(field) for field in ("name", "birth_date", "guardian_name")}
        return cls(**_told(request, names), **shown)


def _told(request: PlaceRequest, names: OrganisationNames) -> dict[str, Any]:
    local = zone(request.place.utc_offset)
    return {
        "request": request.id,
        "state": request.state,
        "reason": request.reason,
        "school": request.place.school,
        "school_name": names.get(request.place.school),
        "school_class": request.place.school_class,
        "asked_at": request.asked_at.astimezone(local),
        "answered_at": request.answered_at and request.answered_at.astimezone(local),
        "forgotten_at": request.expires.astimezone(local),
        "participant": request.participant,
    }


class RequestPage(Page[RequestView]):
    """A page of the caller's own requests, in order of their ids."""


class WaitingPage(Page[WaitingView]):
    """A page of the requests of a place, in order of their ids."""


class Removed(Answer):
    """The request that is gone."""

    request: str
    """Id of the request, of which nothing is left."""
