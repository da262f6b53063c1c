"""Families: accounts that a one-time code has linked to a pupil, in a role that the token grants as well.

A guardian's account that claims to be a pupil is not the pupil, and a link without the role in the token opens nothing.
"""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Envelope
from shared.contracts.registration import AccountLinked, AccountUnlinked, GuardianLinked, GuardianUnlinked
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


class LinkChange(BaseModel):
    """A cabinet that was opened for an account, or closed."""

    model_config = ConfigDict(frozen=True)

    sequence: str
    account: str
    role: FamilyRole
    guardian: str | None
    """The id under which a guardian has it; one account may have several."""
    opened: bool

    @property
    def link(self) -> FamilyLink:
        """The account in its role."""
        return FamilyLink(account=self.account, role=self.role)


def change_of(envelope: Envelope) -> LinkChange | None:
    """Returns the change of a link that an event makes, if it makes one."""
    event, sequence = envelope.event, envelope.sequence
    opened = isinstance(event, GuardianLinked | AccountLinked)
    match event:
        case GuardianLinked() | GuardianUnlinked():
            account, id = event.account, event.guardian
            return LinkChange(sequence=sequence, account=account, role="guardian", guardian=id, opened=opened)
        case AccountLinked() | AccountUnlinked():
            return LinkChange(sequence=sequence, account=event.account, role="pupil", guardian=None, opened=opened)
    return None


def in_force(known: Iterable[FamilyLink], changes: Iterable[LinkChange]) -> tuple[FamilyLink, ...]:
    """Returns the links after changes, in whatever order they came: of one cabinet the latest sequence holds.

    A known link without a change stays: an earlier release kept no changes.
    """
    latest: dict[tuple[FamilyLink, str | None], bool] = {}
    for change in sorted(changes, key=lambda change: change.sequence):
        latest[change.link, change.guardian] = change.opened
    changed = {link: any(latest[key] for key in latest if key[0] == link) for link, _ in latest}
    kept = dict.fromkeys((*known, *changed))
    return tuple(link for link in kept if changed.get(link, True))


def is_family(who: Principal, links: Iterable[FamilyLink]) -> bool:
    """Tells whether a pupil with these links is the caller, or one whose guardian the caller is."""
    return any(link.admits(who) for link in links)


def roles_of(who: Principal) -> list[FamilyRole]:
    """Returns the roles of a family that the caller acts in."""
    return sorted(role for role in FAMILY if who.has(role))
