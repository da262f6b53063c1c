"""The registry of topics: the one place that says who owns which event, and what all else is generated from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from shared.contracts import (
    feedback,
    guardians,
    lessons,
    notifications,
    organisations,
    payments,
    quotas,
    registration,
    revisions,
    staff,
    targets,
    terms,
    timetables,
    trials,
    venues,
)
from shared.contracts.event import Event

PARTITIONS = 6
"""Of a spread topic, unless an installation says otherwise."""
Owner = Literal["registration", "trials", "notifications", "analytics"]
SERVICES: tuple[Owner, ...] = get_args(Owner)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that is never compacted, never transactional and kept for ever, so that history can be replayed."""

    name: str
    owner: Owner
    purpose: str
    events: tuple[type[Event], ...]
    spread: bool = True
    """Whether it has the installation's number of partitions; a catalogue has one, so it stays in order."""


REGISTRATION_EVENTS = Topic(
    "registration.events.v1",
    "registration",
    "Who takes part, where, with whose consent; keyed by participant.",
    (
        registration.ParticipantRegistered,
        registration.ParticipantMoved,
        registration.ParticipantPromoted,
        registration.ParticipantMerged,
        registration.ParticipantUnmerged,
        registration.ParticipantArchived,
        registration.ParticipantRestored,
        registration.ParticipantErased,
        registration.ConsentGiven,
        registration.ConsentWithdrawn,
        registration.AccountLinked,
        registration.AccountUnlinked,
        registration.GuardianLinked,
        registration.GuardianUnlinked,
        guardians.GuardianErased,
    ),
)
REGISTRATION_CATALOGUE = Topic(
    "registration.catalogue.v1",
    "registration",
    "The register of organisations, their targets, and who was put out of them; keyed by code.",
    (
        organisations.OrganisationDefined,
        organisations.OrganisationClosed,
        targets.TargetSet,
        staff.StaffExcluded,
        staff.StaffReadmitted,
    ),
    spread=False,
)
TRIALS_EVENTS = Topic(
    "trials.events.v1",
    "trials",
    "Each pupil's path through a season; keyed by participant.",
    (
        trials.DiagnosticCompleted,
        trials.DiagnosticRevoked,
        trials.TrialBooked,
        timetables.TrialMoved,
        trials.TrialCancelled,
        trials.TrialAttended,
        trials.AttendanceMissed,
        trials.AttendanceRevoked,
        feedback.FeedbackGiven,
        lessons.LessonAttended,
        lessons.LessonRevoked,
        trials.RecommendationIssued,
        trials.RecommendationWithdrawn,
        trials.PathErased,
        guardians.ActorErased,
    ),
)
TRIALS_CATALOGUE = Topic(
    "trials.catalogue.v1",
    "trials",
    "Seasons, competencies, trial programmes, venues, slots, quotas and acts for payment; keyed by the object's code.",
    (
        trials.SeasonDefined,
        terms.SeasonRevised,
        trials.SeasonClosed,
        revisions.SeasonCorrected,
        venues.CompetencyApproved,
        venues.ProgrammeDefined,
        venues.VenueRegistered,
        venues.VenueWithdrawn,
        trials.SlotOpened,
        timetables.SlotMoved,
        timetables.SlotResized,
        timetables.SlotClosed,
        payments.ActSigned,
        payments.ActPaid,
        quotas.QuotaSet,
        quotas.QuotaMoved,
    ),
    spread=False,
)
NOTIFICATIONS_EVENTS = Topic(
    "notifications.events.v1",
    "notifications",
    "What was done for families; keyed by participant.",
    (notifications.FamilyErased, guardians.ReaderErased),
)

TOPICS: tuple[Topic, ...] = (
    REGISTRATION_EVENTS,
    REGISTRATION_CATALOGUE,
    TRIALS_EVENTS,
    TRIALS_CATALOGUE,
    NOTIFICATIONS_EVENTS,
)
EVENTS: Mapping[str, type[Event]] = MappingProxyType({e.type: e for topic in TOPICS for e in topic.events})

GROUPS: Mapping[str, Owner] = MappingProxyType(
    {
        "registration.rules": "registration",
        "registration.steps": "registration",
        "registration.erasures": "registration",
        "trials.organisations": "trials",
        "trials.participants.2": "trials",
        "notifications.catalogue": "notifications",
        "notifications.inbox": "notifications",
        "notifications.places": "notifications",
        "analytics.catalogue": "analytics",
        "analytics.views.4": "analytics",
        "analytics.reservations": "analytics",
        "analytics.feed": "analytics",
        "analytics.feed-catalogue": "analytics",
    }
)
"""Every consumer group and the service that it belongs to."""
_CATALOGUES = (REGISTRATION_CATALOGUE, TRIALS_CATALOGUE)
_FACTS = (REGISTRATION_EVENTS, TRIALS_EVENTS)
READS: Mapping[str, tuple[Topic, ...]] = MappingProxyType(
    {
        "registration.rules": (TRIALS_CATALOGUE,),
        "registration.steps": (TRIALS_EVENTS,),
        "registration.erasures": (NOTIFICATIONS_EVENTS,),
        "trials.organisations": (REGISTRATION_CATALOGUE,),
        "trials.participants.2": (REGISTRATION_EVENTS,),
        "notifications.catalogue": _CATALOGUES,
        "notifications.inbox": _FACTS,
        "notifications.places": (REGISTRATION_EVENTS,),
        "analytics.catalogue": _CATALOGUES,
        "analytics.views.4": _FACTS,
        "analytics.reservations": _FACTS,
        "analytics.feed": _FACTS,
        "analytics.feed-catalogue": _CATALOGUES,
    }
)
"""The topics that each group reads: what waits for one is known before it has ever run."""


def region_topic(region: str) -> str:
    """The topic of one region's feed, created when the region first appears: one partition, numbered records."""
    return f"region.{region}.events.v1"


def dead_letters(group: str) -> str:
    """The topic of the records that `group` could not read."""
    return f"{group}.dlq"
