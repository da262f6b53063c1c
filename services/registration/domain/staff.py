"""Staff of organisations: who acted with a grant, and who was put out by those who stand as high at least. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from services.registration.domain.organisations import NATION, Organisation
from shared.base.errors import Conflict, Forbidden
from shared.base.models import Input
from shared.contracts.codes import OrganisationCode
from shared.contracts.staff import StaffChange, StaffExcluded, StaffReadmitted
from shared.identity.grants import Grant, Role, Scope
from shared.identity.principal import Principal
from shared.programme.moments import as_stored, zone
from shared.programme.texts import Id, Reason
from shared.storage.decision import Aggregate, Decision, Happened

MOST_EXCLUSIONS = 2_000
"""Accounts that were ever put out of one organisation."""
MOST_CHANGES = 100
"""Times that one account is put out of an organisation and readmitted: each is an event for all services."""
ABOVE = "stands-above"


class Presence(BaseModel):
    """An account that acted with a grant; nothing here says who it is."""

    model_config = ConfigDict(frozen=True)

    account: str
    role: Role
    org: str
    """The organisation, or the venue of it, that the grant names."""
    organisation: str
    """The organisation of the register to which that belongs; `RU` for the nation."""
    classes: tuple[str, ...] | None
    first: str
    last: str
    """Local days, `2020-09-14`."""

    @property
    def grant(self) -> Grant:
        """The grant with which it acted."""
        return Grant(self.role, self.org, None if self.classes is None else frozenset(self.classes))


class ExclusionRequest(Input):
    """An account that is to act in an organisation, and in what lies below it, no more."""

    org: OrganisationCode
    """Code of the organisation."""
    account: Id
    """Id of the account, as the list of staff shows it."""
    reason: Reason | None = None
    """The reason; it names nobody."""


class Exclusion(Aggregate):
    """An account in an organisation of which it was put out, now or once."""

    account: str
    organisation: str
    region: str
    in_force: bool
    at: datetime
    """The time since which it is as it is."""
    reason: str | None = None
    standing: int
    """The height at which those stand who put it out: nobody who stands lower readmits it."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The exclusion of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})

    def told(self, kind: type[StaffChange]) -> StaffChange:
        """The event about it."""
        return kind(account=self.account, organisation=self.organisation, region=self.region)


def exclusion_id(account: str, organisation: str) -> str:
    """The id of an account's exclusion from an organisation: 32 hexadecimal digits, from which no account is told."""
    return sha256(f"{organisation}\n{account}".encode()).hexdigest()[:32]


def standing(grants: Iterable[Grant], organisation: Organisation) -> int:
    """Returns the height at which an account stands over an organisation by its grants.

    3 is the nation's, 2 the region's, 1 the municipality's, 0 that of the organisation itself, its classes and its
    venues, and of whoever has no grant that reaches it.
    """
    heights = {NATION: 3, organisation.region: 2, organisation.municipality: 1}
    place = organisation.place
    return max(
        (heights.get(g.org, 0) for g in grants if Scope((g,)).covers(*place, hosts=(organisation.id,))), default=0
    )


def must_stand_below(who: Principal, account: str, grants: Iterable[Grant], organisation: Organisation) -> None:
    """Raises Conflict where an account is the caller's own, Forbidden where its known grants stand above the caller's.

    `grants` are those with which it was seen, anywhere.
    """
    if account == who.account:
        raise Conflict.about("account", "is your own", "own-account")
    if standing(grants, organisation) > standing(who.grants, organisation):
        raise Forbidden("a grant of this account stands above yours", slug=ABOVE)


def exclude(
    known: Exclusion | None, request: ExclusionRequest, organisation: Organisation, height: int, now: datetime
) -> Decision[Exclusion]:
    """Puts an account out; nothing happens where it is out already, but that a higher standing takes it over."""
    if known is not None and known.in_force:
        higher = known.model_copy(update={"standing": height})
        return Decision(higher, quiet=True) if height > known.standing else Decision(known)
    state = Exclusion(
        id=exclusion_id(request.account, organisation.id),
        sequence=known.sequence if known else 0,
        account=request.account,
        organisation=organisation.id,
        region=organisation.region,
        in_force=True,
        at=as_stored(now),
        reason=request.reason,
        standing=height,
    )
    return Decision(state, (Happened(state.told(StaffExcluded), now.astimezone(zone(organisation.utc_offset))),))


def readmit(known: Exclusion, organisation: Organisation, height: int, now: datetime) -> Decision[Exclusion]:
    """Lets an account act again; nothing happens where it may.

    Raises Forbidden where those who put it out stand higher, Conflict after too many changes.
    """
    if not known.in_force:
        return Decision(known)
    if known.standing > height:
        raise Forbidden("the account was put out by those who stand above you", slug=ABOVE)
    if known.sequence >= MOST_CHANGES:
        raise Conflict(f"the account was put out and readmitted {MOST_CHANGES} times", slug="too-many-exclusions")
    state = known.model_copy(update={"in_force": False, "at": as_stored(now), "reason": None})
    return Decision(state, (Happened(state.told(StaffReadmitted), now.astimezone(zone(organisation.utc_offset))),))
