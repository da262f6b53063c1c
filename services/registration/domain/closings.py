"""An organisation closes, with another one that goes on in its place, or alone once nobody is left in it."""

from datetime import datetime

from services.registration.domain.organisations import Closing, Organisation, must_be_open
from services.registration.domain.placements import local_day
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.codes import OrganisationCode
from shared.contracts.organisations import OrganisationClosed
from shared.programme.moments import Moment, happened_at, zone
from shared.storage.decision import Decision, Happened


class ClosingRequest(Input):
    """The end of an organisation."""

    into: OrganisationCode | None = None
    """Code of the organisation of the same kind and region that goes on in its place: a municipality's organisations go
    there, a school's pupils to the classes of the same name. Left out, it closes alone, once nobody is left in it."""
    occurred_at: Moment | None = None
    """The time from whose local day on it is closed, RFC 3339 with an offset; now where it is left out."""


def close(
    organisation: Organisation, into: Organisation | None, request: ClosingRequest, left: str, now: datetime
) -> Decision[Organisation]:
    """Closes an organisation; nothing happens where it was closed in the same way before.

    `left` says who is left in it, nothing where nobody is. Raises BadInput where the other cannot go on in its place,
    Conflict where it was closed otherwise, where the other is closed, and where somebody is left and nothing goes on.
    """
    if organisation.kind == "region":
        raise BadInput.field("code", "is a region's, which is not closed")
    time = happened_at(request.occurred_at, now, zone(organisation.utc_offset))
    known = organisation.closed
    if known is not None and (known.into is not None or request.into is None):
        if known.into == request.into and (request.occurred_at is None or local_day(time) == known.day):
            return Decision(organisation)
        must_be_open(organisation, "code")
    if request.into is not None:
        _must_go_on(organisation, into)
    elif left:
        detail = f"{left} left in {organisation.id}: say `into`, or take them elsewhere first"
        raise Conflict(detail, slug="organisation-in-use")
    closed = Closing(at=known.at if known is not None else time, into=request.into)
    carried = "" if request.into is not None and organisation.kind == "school" else None
    state = organisation.model_copy(update={"closed": closed, "carried": carried})
    event = OrganisationClosed(
        code=state.id, kind=state.kind, region=state.region, municipality=state.municipality, into=closed.into
    )
    return Decision(state, (Happened(event, closed.at),))


def _must_go_on(organisation: Organisation, into: Organisation | None) -> None:
    if into is None or into.id == organisation.id or into.kind != organisation.kind:
        raise BadInput.field("into", f"must be the code of another {organisation.kind} in the register")
    if into.region != organisation.region:
        raise BadInput.field("into", f"must lie in {organisation.region}")
    must_be_open(into, "into")


def left_in(organisations: int, pupils: int) -> str:
    """Says who is left in an organisation; nothing where nobody is."""
    counts = {"organisations": organisations, "active pupils": pupils}
    said = " and ".join(f"{count} {whom}" for whom, count in counts.items() if count)
    return f"{said} are" if said else ""
