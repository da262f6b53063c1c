"""An organisation goes to another municipality of its region, from a day on; its pupils follow."""

from datetime import datetime

from services.registration.domain.definitions import FIXED, defined
from services.registration.domain.organisations import ALWAYS, Organisation, Parentage, must_be_open
from services.registration.domain.placements import local_day
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.codes import OrganisationCode
from shared.programme.moments import Moment, happened_at, zone
from shared.storage.decision import Decision

MOST_RELOCATIONS = 50
"""Of one organisation: each of its pupils remembers them."""


class RelocationRequest(Input):
    """The municipality to which an organisation goes."""

    parent: OrganisationCode
    """Code of the municipality, of the same region."""
    occurred_at: Moment | None = None
    """The time from whose local day on it lies there, RFC 3339 with an offset; now where it is left out."""


def relocate(
    organisation: Organisation, parent: Organisation | None, request: RelocationRequest, now: datetime
) -> Decision[Organisation]:
    """Takes an organisation to a municipality from a day on; nothing happens where it lies there already.

    Of several such commands the one with the latest day holds from that day on. Raises BadInput where it cannot lie
    there, Conflict where one of both is closed, and after too many.
    """
    if organisation.kind in FIXED:
        raise BadInput.field("code", f"is a {organisation.kind}'s, which goes nowhere")
    time = happened_at(request.occurred_at, now, zone(organisation.utc_offset))
    if parent is None or parent.kind != "municipality" or parent.region != organisation.region:
        raise BadInput.field("parent", f"must be the code of a municipality of {organisation.region}")
    day = local_day(time)
    is_there = organisation.parent if request.occurred_at is None else organisation.parent_on(day)
    if is_there == parent.id:
        return Decision(organisation)
    must_be_open(organisation, "code")
    must_be_open(parent, "parent")
    return moved(organisation, parent.id, day, time)


def succeeded(organisation: Organisation, closed: str, into: str, time: datetime) -> Decision[Organisation]:
    """Takes an organisation along from a municipality that closed at a time to the one that goes on in its place."""
    day = local_day(time)
    parents = [
        told.model_copy(update={"parent": into}) if told.parent == closed and told.day >= day else told
        for told in organisation.parents
    ]
    state = organisation.model_copy(update={"parents": tuple(parents)})
    if state.parent_on(day) == closed:
        return moved(state, into, day, time)
    return _settled(state, time)


def moved(organisation: Organisation, parent: str, day: str, time: datetime) -> Decision[Organisation]:
    """Says where the organisation lies from a day on; raises Conflict after too many."""
    known = organisation.parents or (Parentage(day=ALWAYS, parent=organisation.parent),)
    others = [told for told in known if told.day != day]
    if len(others) > MOST_RELOCATIONS:
        raise Conflict(f"the organisation has moved {MOST_RELOCATIONS} times", slug="too-many-relocations")
    parents = sorted((*others, Parentage(day=day, parent=parent)), key=lambda told: told.day)
    return _settled(organisation.model_copy(update={"parents": tuple(parents)}), time)


def _settled(organisation: Organisation, time: datetime) -> Decision[Organisation]:
    """The organisation that lies where the latest day says, whose pupils are to be brought along."""
    parent = organisation.parents[-1].parent
    state = organisation.model_copy(update={"parent": parent, "municipality": parent, "carried": ""})
    return Decision(state, (defined(state, time),))
