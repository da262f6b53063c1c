"""The erasure of a guardian: told to whoever holds a link to one of the children, and answered by each service."""

from typing_extensions import override

from shared.contracts.erasure import Cleared
from shared.contracts.event import ParticipantEvent, Pseudonymous, Public


class GuardianErased(ParticipantEvent):
    """A guardian's name, keys and account were destroyed: whoever has more of her than facts clears it, and says so.

    Told under the key of every child of hers, behind all that was told of her there, so that no order between
    partitions matters. It ends her cabinet of the child; figures keep it, as they keep an erased pupil's.
    """

    type = "guardian.erased.v1"
    topic = "registration.events.v1"

    guardian: Pseudonymous[str]
    """The id under which the child had her."""
    account: Pseudonymous[str | None] = None
    """The account whose cabinet of the child it ends; null where she had none."""
    act: Public[str]
    """Number of the act of destruction, which lists the answers."""


class GuardianCleared(Cleared):
    """A service has cleared what it had of an erased guardian of a pupil, as an act of destruction asks."""

    guardian: Pseudonymous[str]
    """The id under which the child had her."""

    @property
    @override
    def subject(self) -> str:
        return f"erased/{self.participant}/{self.guardian}/{self.act}"


class ActorErased(GuardianCleared):
    """Trials has cleared the account by which a guardian acted for a pupil."""

    type = "actor.erased.v1"
    topic = "trials.events.v1"


class ReaderErased(GuardianCleared):
    """Notifications has cleared the account by which a guardian read what a pupil's family was told."""

    type = "reader.erased.v1"
    topic = "notifications.events.v1"


__all__ = ["ActorErased", "GuardianCleared", "GuardianErased", "ReaderErased"]
