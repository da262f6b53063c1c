"""Events of registration about pupils: who takes part, where, with whose consent, and whose cabinet shows it."""

from typing import Literal

from shared.contracts.codes import ExceptionReason, RegionOfEvent
from shared.contracts.event import ParticipantEvent, Pseudonymous, Public, Sensitive, Timestamp

ConsentChannel = Literal["gosuslugi", "paper", "cabinet"]
ArchiveReason = Literal["left", "mistake"]
Side = Literal["family", "staff"]
Closer = Literal["family", "staff", "platform"]
UnlinkReason = Literal["asked", "of-age"]
MergeRole = Literal["survivor", "duplicate"]


class ParticipantRegistered(ParticipantEvent):
    """A pupil was entered into a season by the school; once per participant and season."""

    type = "participant.registered.v1"
    topic = "registration.events.v1"

    season: Public[str]
    disability: Sensitive[bool] = False
    """Limited health or disability; only ever read by suppressed aggregates."""
    exception: Public[ExceptionReason | None] = None
    """The operator's reason to enter a pupil outside the season's dates or too late; null without an exception."""


class ParticipantMoved(ParticipantEvent):
    """A pupil belongs to another class from the local day of `time` on; the school or region may be another, too.

    Of several moves the one with the latest day holds, of one day the one with the latest sequence, however late it was
    recorded. `region` to `grade` say where the pupil is by now, which a move of an earlier day may not have changed.
    """

    type = "participant.moved.v1"
    topic = "registration.events.v1"

    from_region: Public[RegionOfEvent]
    from_municipality: Public[str]
    from_school: Public[str]
    from_school_class: Public[str]
    from_grade: Public[int]
    """`from_…`: where the pupil would have been on that day without the move."""
    to_region: Public[RegionOfEvent]
    to_municipality: Public[str]
    to_school: Public[str]
    to_school_class: Public[str]
    to_grade: Public[int]
    """`to_…`: where the pupil belongs from the day on."""


class ParticipantPromoted(ParticipantMoved):
    """A pupil goes to the next class of the school with the school year: in all else a move."""

    type = "participant.promoted.v1"

    year: Public[str]
    """The school year that begins, by the calendar year of its first day: `2021`."""


class Merging(ParticipantEvent):
    """The word of one of two entries about the other: both are told, each in its own key, subject and sequence."""

    topic = "registration.events.v1"

    role: Public[MergeRole]
    """Of this participant in the merging; the other one has the other role."""
    other: Pseudonymous[str]
    """The other participant."""
    other_region: Public[RegionOfEvent]
    """The region to which the other one belongs: the feeds of both regions tell of both."""


class ParticipantMerged(Merging):
    """Two entries turned out to be one pupil.

    Whoever holds one of them alone knows of the join when both have said so; see ADR 21 for how a consumer joins and
    parts them. All that is entered from then on is the survivor's; the duplicate's facts stay under its own id. A step
    is taken back under the id that the path has then, so it may be another entry's: join the steps, then subtract.
    """

    type = "participant.merged.v1"


class ParticipantUnmerged(Merging):
    """Two entries that had been merged are two pupils after all.

    What was taken back meanwhile under the survivor's id of the duplicate's steps is told again under the duplicate's.
    """

    type = "participant.unmerged.v1"


class ParticipantArchived(ParticipantEvent):
    """A pupil takes no further steps; who left stays in the figures, who was entered by mistake was never in them."""

    type = "participant.archived.v1"
    topic = "registration.events.v1"

    reason: Public[ArchiveReason]


class ParticipantRestored(ParticipantEvent):
    """An archived pupil takes part again, with all that was there before."""

    type = "participant.restored.v1"
    topic = "registration.events.v1"


class ParticipantErased(ParticipantEvent):
    """A pupil's name, key and account were destroyed: whoever has more than facts clears it, and says so."""

    type = "participant.erased.v1"
    topic = "registration.events.v1"

    account: Pseudonymous[str | None] = None
    """The pupil's own account, which leads to no pupil any more; null where there was none."""
    act: Public[str]
    """Number of the act of destruction, which lists the answers."""


class ConsentGiven(ParticipantEvent):
    """A legal representative, or the pupil who is of age, consented to the processing of the pupil's data.

    A consent is a separate, versioned document. It takes the place of the one before it, also where it ends earlier.
    """

    type = "consent.given.v1"
    topic = "registration.events.v1"

    version: Public[str]
    """Version of the document's text."""
    channel: Public[ConsentChannel]
    until: Public[Timestamp | None] = None
    """The time from which on it is in force no longer, without another event; null where it has no term."""
    template: Public[str | None] = None
    """SHA-256 digest of the text that was consented to, in hexadecimal; null where none was published."""


class ConsentWithdrawn(ParticipantEvent):
    """The consent in force was taken back: processing stops, figures stay."""

    type = "consent.withdrawn.v1"
    topic = "registration.events.v1"


class AccountLinked(ParticipantEvent):
    """A pupil opened an own account by the one-time code that the school handed out."""

    type = "account.linked.v1"
    topic = "registration.events.v1"

    account: Pseudonymous[str]
    """Keyed hash of the identity provider's issuer and subject."""


class GuardianLinked(ParticipantEvent):
    """A guardian opened an own cabinet for a child by the one-time code of that child."""

    type = "guardian.linked.v1"
    topic = "registration.events.v1"

    guardian: Pseudonymous[str]
    """One id for one guardian of several children known to the same school."""
    account: Pseudonymous[str]
    """Keyed hash of the identity provider's issuer and subject."""


class AccountUnlinked(ParticipantEvent):
    """A pupil's own cabinet was closed: the account opens nothing of the pupil any more."""

    type = "account.unlinked.v1"
    topic = "registration.events.v1"

    account: Pseudonymous[str]
    """Keyed hash of the identity provider's issuer and subject."""
    by: Public[Side]
    """Who closed it: the family itself, or the school or an operator."""


class GuardianUnlinked(ParticipantEvent):
    """A guardian's cabinet was closed for a child: the account opens nothing of the child any more."""

    type = "guardian.unlinked.v1"
    topic = "registration.events.v1"

    guardian: Pseudonymous[str]
    """The id under which it was opened."""
    account: Pseudonymous[str]
    """Keyed hash of the identity provider's issuer and subject."""
    by: Public[Closer]
    """Who closed it: the guardian, or the school or an operator, or the platform by a rule."""
    reason: Public[UnlinkReason] = "asked"
    """`of-age` where the pupil's 18th birthday ended it: the guardian has taken part, and counts on."""


__all__ = [
    "AccountLinked",
    "AccountUnlinked",
    "ArchiveReason",
    "Closer",
    "ConsentChannel",
    "ConsentGiven",
    "ConsentWithdrawn",
    "GuardianLinked",
    "GuardianUnlinked",
    "MergeRole",
    "Merging",
    "ParticipantArchived",
    "ParticipantErased",
    "ParticipantMerged",
    "ParticipantMoved",
    "ParticipantPromoted",
    "ParticipantRegistered",
    "ParticipantRestored",
    "ParticipantUnmerged",
    "Side",
    "UnlinkReason",
]
