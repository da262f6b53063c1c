"""The caller of a request, with the grants of the token and their scope."""

from dataclasses import dataclass, replace

from shared.base.errors import Forbidden
from shared.identity.grants import Grant, Role, Scope

MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller."""

    subject: str
    account: str
    """Keyed hash of issuer and subject: what `guardian.linked` and `account.linked` bind to."""
    grants: tuple[Grant, ...]
    refused: tuple[str, ...] = ()
    """Why other entries of the token's claim are not granted."""

    def limited_to(self, *roles: Role) -> "Principal":
        """The principal with the grants of these roles alone; raises Forbidden when there are none."""
        admitted = tuple(grant for grant in self.grants if grant.role in roles)
        if not admitted:
            raise Forbidden("; ".join([f"needs one of the roles {', '.join(roles)}", *self.refused[:MOST_REASONS]]))
        return replace(self, grants=admitted)

    def has(self, role: Role) -> bool:
        """Tells that a grant of this role is there."""
        return any(grant.role == role for grant in self.grants)

    @property
    def scope(self) -> Scope:
        """The reach of the grants."""
        return Scope(self.grants)
