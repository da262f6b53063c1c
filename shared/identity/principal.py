"""The caller of a request, with the grants of the token and their scope."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from shared.base.errors import Excluded, Forbidden
from shared.identity.grants import Grant, Role, Scope, put_out_of

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
    excluded: tuple[Grant, ...] = ()
    """Grants in organisations of which the account was put out: they count for nothing."""

    def limited_to(self, *roles: Role) -> "Principal":
        """The principal with the grants of these roles alone; raises Forbidden, or Excluded, when there are none."""
        admitted, excluded = (tuple(g for g in some if g.role in roles) for some in (self.grants, self.excluded))
        if not admitted and excluded:
            raise Excluded(put_out_of(excluded))
        if not admitted:
            raise Forbidden("; ".join([f"needs one of the roles {', '.join(roles)}", *self.refused[:MOST_REASONS]]))
        return replace(self, grants=admitted, excluded=excluded)

    def holding(self, *roles: Role) -> "Principal":
        """The principal with the grants of these roles alone, perhaps with none."""
        return replace(self, grants=tuple(grant for grant in self.grants if grant.role in roles))

    def without(self, excluded: Collection[Grant]) -> "Principal":
        """The principal without grants of which the account was put out."""
        left = tuple(grant for grant in self.grants if grant not in excluded)
        return replace(self, grants=left, excluded=(*self.excluded, *excluded))

    def has(self, role: Role) -> bool:
        """Tells that a grant of this role is there."""
        return any(grant.role == role for grant in self.grants)

    @property
    def scope(self) -> Scope:
        """The reach of the grants."""
        return Scope(self.grants, self.excluded)
