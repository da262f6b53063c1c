"""Events of notifications: what it has done for a family, without a word of what was told."""

from shared.contracts.erasure import Cleared


class FamilyErased(Cleared):
    """Notifications has destroyed the notices of an erased pupil, and who could read them."""

    type = "family.erased.v1"
    topic = "notifications.events.v1"


__all__ = ["FamilyErased"]
