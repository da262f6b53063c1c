"""Families: accounts that a one-time code has linked to a pupil, in a role that the token grants as well.

A guardian's account that claims to be a pupil is not the pupil, and a link without the role in the token opens nothing.
"""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Event
from shared.contracts.registration import AccountLinked, GuardianLinked
from shared.identity.grants import FAMILY, FamilyRole
from shared.identity.principal import Principal


class FamilyLink(BaseModel):
    """An account whose cabinet shows a pupil, and as whom: only in that role does it act for them."""

    model_config = ConfigDict(frozen=True)

    account: str
    role: FamilyRole

    def admits(self, who: Principal) -> bool:
        """Tells whether the account is the caller's, who acts in that role."""
        return self.account == who.account and who.has(self.role)


def link_of(event: Event) -> FamilyLink | None:
    """Returns the link that an event makes, if it makes one."""
    match event:
        case GuardianLinked(account=account):
            return FamilyLink(account=account, role="guardian")
        case AccountLinked(account=account):
            return FamilyLink(account=account, role="pupil")
    return None


def is_family(who: Principal, links: Iterable[FamilyLink]) -> bool:
    """Tells whether a pupil with these links is the caller, or one whose guardian the caller is."""
    return any(link.admits(who) for link in links)


def roles_of(who: Principal) -> list[FamilyRole]:
    """Returns the roles of a family that the caller acts in."""
    return sorted(role for role in FAMILY if who.has(role))
