"""Events of trials: a pupil's path through a season, and the catalogue that it is walked on."""

from datetime import date
from typing import Literal

from typing_extensions import override

from shared.contracts.cancellations import CancellationReason
from shared.contracts.codes import RegionOfEvent
from shared.contracts.erasure import Cleared
from shared.contracts.event import Event, Pseudonymous, Public, Timestamp
from shared.contracts.quotas import QuotaUnit
from shared.contracts.steps import PathEvent, TakenStep

Gate = Literal["after-all-stages", "after-diagnostics"]
SlotKind = Literal["trial", "partner-trial", "excursion", "museum", "master-class", "lesson", "festival"]
TRIAL_KINDS: frozenset[SlotKind] = frozenset({"trial", "partner-trial"})
"""The kinds that count as a practical trial (профпроба); every other kind counts as taking part."""
AttendanceSource = Literal["qr", "list", "import"]
TestedBy = Literal["first-round", "any-round"]
RevocationReason = Literal["mistake", "consent"]
"""A step was recorded by mistake, or it happened after a consent had ended, of which nothing was known yet."""


class DiagnosticCompleted(TakenStep):
    """A pupil answered every item of a diagnostic; the profile itself stays in trials."""

    type = "diagnostic.completed.v1"

    diagnostic: Public[str]
    attempt: Pseudonymous[str]
    round: Public[int] = 1
    """The round of the season to which the day belongs: 1, or 2 where the season has a second one."""


class DiagnosticRevoked(PathEvent):
    """An attempt does not count after all: its answers are destroyed, and figures subtract it.

    `time` is that of the attempt. The diagnostic may be completed again, by another attempt.
    """

    type = "diagnostic.revoked.v1"

    diagnostic: Public[str]
    attempt: Pseudonymous[str]
    """The attempt that this takes back."""
    reason: Public[RevocationReason] = "consent"
    round: Public[int] = 1
    """The round of the attempt."""


class TrialBooked(TakenStep):
    """A seat in a slot was taken for a pupil."""

    type = "trial.booked.v1"

    booking: Pseudonymous[str]
    slot: Public[str]
    venue: Public[str]
    competency: Public[str]
    kind: Public[SlotKind]
    starts_at: Public[Timestamp | None] = None
    """The start of the slot by then; records of an earlier release, when no slot moved, do not say it."""
    minutes: Public[int | None] = None
    confirm_by: Public[Timestamp | None] = None
    """Until when the family is to confirm a seat that was given from the waiting list; None where it need not."""
    source: Public[Literal["door"] | None] = None
    """`door` where it was made as the pupil was let in, which is no demand; None for one that was made before."""


class TrialCancelled(PathEvent):
    """A booking was given up, and the seat is free again: before the slot began, or with a slot that was not held."""

    type = "trial.cancelled.v1"

    booking: Pseudonymous[str]
    """The booking that this takes back."""
    slot: Public[str]
    competency: Public[str]
    kind: Public[SlotKind]
    reason: Public[CancellationReason] = "unsaid"


class TrialAttended(TakenStep):
    """The venue confirmed that a pupil took part in what was booked."""

    type = "trial.attended.v1"

    attendance: Pseudonymous[str]
    booking: Pseudonymous[str]
    slot: Public[str]
    venue: Public[str]
    competency: Public[str]
    kind: Public[SlotKind]
    source: Public[AttendanceSource]


class AttendanceMissed(TakenStep):
    """A pupil did not come to what was booked, as the venue said; an attendance of the booking says otherwise."""

    type = "attendance.missed.v1"

    booking: Pseudonymous[str]
    slot: Public[str]
    venue: Public[str]
    competency: Public[str]
    kind: Public[SlotKind]


class AttendanceRevoked(PathEvent):
    """An attendance does not count after all; figures subtract it."""

    type = "attendance.revoked.v1"

    attendance: Pseudonymous[str]
    """The attendance that this corrects."""
    slot: Public[str]
    competency: Public[str]
    kind: Public[SlotKind]
    reason: Public[RevocationReason] = "mistake"


class RecommendationIssued(PathEvent):
    """The season's gate opened for a pupil: the individual recommendation exists, or its next revision.

    Of a pupil and season one is in force; `time` is when the gate opened, in each revision.
    """

    type = "recommendation.issued.v1"

    recommendation: Pseudonymous[str]
    competencies: Public[tuple[str, ...]]
    """Up to three competency codes, the most fitting first."""
    revision: Public[int] = 1
    revised_at: Public[Timestamp | None] = None
    """When that changed which led to a later revision; None for the first one."""


class RecommendationWithdrawn(PathEvent):
    """A correction closed the season's gate again, or another revision follows; figures subtract this one."""

    type = "recommendation.withdrawn.v1"

    recommendation: Pseudonymous[str]
    """The recommendation that this takes back."""
    replaced: Public[bool] = False
    """True where another revision is in force in its place."""


class PathErased(Cleared):
    """Trials has destroyed the answers of an erased pupil; the steps of the path stay, as facts that name nobody."""

    type = "path.erased.v1"
    topic = "trials.events.v1"


class SeasonEvent(Event):
    """A fact of a season."""

    topic = "trials.catalogue.v1"

    season: Public[str]

    @property
    @override
    def key(self) -> str:
        return self.season

    @property
    @override
    def subject(self) -> str:
        return f"season/{self.season}"


class SeasonDefined(SeasonEvent):
    """The rules of a season; immutable after the season's first fact."""

    type = "season.defined.v1"

    name: Public[str]
    opens: Public[date]
    closes: Public[date]
    grades: Public[tuple[int, int]]
    """Lowest and highest grade, both included."""
    diagnostics: Public[tuple[str, ...]]
    """Codes of the diagnostics, all of them required."""
    trials_required: Public[int]
    recommendation_gate: Public[Gate]
    second_round: Public[date | None] = None
    """The day from which on diagnostics are of the second round; null where the season has one round."""
    tested_by: Public[TestedBy] = "first-round"
    """The rounds in which a required diagnostic counts for `tested`; for taking part, each does."""
    attempts_per_round: Public[int | None] = None
    """Attempts that a pupil has of each diagnostic in a round, but by leave; null for as many as are wanted."""
    quota_unit: Public[QuotaUnit] = "attendance"
    quotas_bind: Public[bool] = False
    """True where no booking goes beyond the quota of the school for the venue; elsewhere bookings are only counted."""


class SeasonClosed(SeasonEvent):
    """A season was closed: from then on only corrections of it are recorded.

    Attendances and attempts may still be revoked, entries merged, and pupils archived who were entered by mistake: that
    counts from the next `season.corrected` on. Moves, registrations and cabinets whose `recordedtime` is behind that of
    this event count in no figure of the season, whatever their day.
    """

    type = "season.closed.v1"


class SlotEvent(Event):
    """A fact of a slot."""

    topic = "trials.catalogue.v1"

    slot: Public[str]
    venue: Public[str]
    season: Public[str]
    region: Public[RegionOfEvent]

    @property
    @override
    def key(self) -> str:
        return self.slot

    @property
    @override
    def subject(self) -> str:
        return f"slot/{self.slot}"


class SlotOpened(SlotEvent):
    """A venue offers seats at a time: what can be booked."""

    type = "slot.opened.v1"

    competency: Public[str]
    kind: Public[SlotKind]
    starts_at: Public[Timestamp]
    minutes: Public[int]
    capacity: Public[int]
    """Seats."""
    grades: Public[tuple[int, int]]
    accessibility: Public[tuple[str, ...]] = ()
    """Disability groups that the venue is equipped for, free codes."""
    programme: Public[str | None] = None
    """Code of the trial programme that is held; None where the slot names none."""


__all__ = [
    "TRIAL_KINDS",
    "AttendanceMissed",
    "AttendanceRevoked",
    "AttendanceSource",
    "DiagnosticCompleted",
    "DiagnosticRevoked",
    "Gate",
    "PathErased",
    "PathEvent",
    "RecommendationIssued",
    "RecommendationWithdrawn",
    "RevocationReason",
    "SeasonClosed",
    "SeasonDefined",
    "SeasonEvent",
    "SlotEvent",
    "SlotKind",
    "SlotOpened",
    "TrialAttended",
    "TrialBooked",
    "TrialCancelled",
]
