"""The topics that analytics reads, in their groups, and which group waits for which."""

from collections.abc import Sequence

from services.analytics import reservations
from services.analytics.bookers import Reservations
from services.analytics.copies import KEPT, Copies
from services.analytics.feed.numbering import Numbering
from services.analytics.figures.registry import FOLD
from services.analytics.projection import Projection
from shared.contracts import (
    feedback,
    guardians,
    organisations,
    payments,
    quotas,
    registration,
    revisions,
    staff,
    targets,
    terms,
    timetables,
    topics,
    trials,
    venues,
)
from shared.messaging.consumer import BatchConsumer
from shared.messaging.events import Events
from shared.runtime.service import Platform

CATALOGUE = [topics.REGISTRATION_CATALOGUE.name, topics.TRIALS_CATALOGUE.name]
FACTS = [topics.REGISTRATION_EVENTS.name, topics.TRIALS_EVENTS.name]
VIEWS = f"analytics.views.{FOLD}"
FEED_LINGER_MS = 50
"""Every reader of a region waits for this group, and its polls are the cheapest: small ones are affordable."""

DEFINED = Events.of(
    [
        *KEPT,
        quotas.QuotaMoved,
        trials.SeasonClosed,
        revisions.SeasonCorrected,
        staff.StaffExcluded,
        staff.StaffReadmitted,
    ],
    ignored=[
        organisations.OrganisationClosed,  # names stay for the past; whoever was in it moves by events of their own
        targets.TargetSet,  # a figure of plan and fact is still to come
        terms.SeasonRevised,
        venues.ProgrammeDefined,
        venues.VenueRegistered,
        venues.VenueWithdrawn,
        trials.SlotOpened,
        timetables.SlotMoved,
        timetables.SlotResized,
        timetables.SlotClosed,
        payments.ActSigned,  # no figure is of money
        payments.ActPaid,
        quotas.QuotaSet,  # what the nation has not given on is in no region's figure
    ],
)
NO_FIGURES = (
    timetables.TrialMoved,
    trials.AttendanceMissed,
    feedback.FeedbackGiven,  # for whoever reads the feed: no figure is of marks or stars
    trials.PathErased,
    guardians.ActorErased,
)
"""Of a pupil's path: figures know the day of a booking, not that of its slot, and who came, not who did not."""
FOLDED = Events.of(
    [
        registration.ParticipantRegistered,
        registration.ParticipantMoved,
        registration.ParticipantPromoted,
        registration.ParticipantMerged,
        registration.ParticipantUnmerged,
        registration.ParticipantArchived,
        registration.ParticipantRestored,
        registration.GuardianLinked,
        registration.GuardianUnlinked,
        *(event for event in topics.TRIALS_EVENTS.events if event not in NO_FIGURES),
    ],
    ignored=[
        registration.ParticipantErased,
        guardians.GuardianErased,  # her cabinets stay in the figures, as an erased pupil's steps do
        *NO_FIGURES,
        registration.ConsentGiven,
        registration.ConsentWithdrawn,
        registration.AccountLinked,
        registration.AccountUnlinked,
    ],
)

RESERVED = Events.of(
    reservations.FACTS,
    ignored=[
        event
        for topic in (topics.REGISTRATION_EVENTS, topics.TRIALS_EVENTS)
        for event in topic.events
        if event not in reservations.FACTS
    ],
)


def views(platform: Platform) -> Sequence[BatchConsumer]:
    """Returns the consumers of the figures: the catalogue, then the facts."""
    projection = Projection(platform.mongo, platform.settings.kafka_topic_prefix + VIEWS)
    catalogue = platform.catalogue("analytics.catalogue", CATALOGUE, Copies(platform.mongo, projection).apply, DEFINED)
    facts = platform.consumer(VIEWS, FACTS, projection.apply, after=catalogue, events=FOLDED)
    facts.catch_up.is_shown_whole = True
    return [catalogue, facts]


def reserved(platform: Platform) -> BatchConsumer:
    """Returns the consumer of the bookings as quotas count them; it waits for nothing."""
    consumer = platform.consumer("analytics.reservations", FACTS, Reservations(platform.mongo).apply, events=RESERVED)
    consumer.catch_up.is_shown_whole = True
    return consumer


def feed(platform: Platform) -> Sequence[BatchConsumer]:
    """Returns the consumers of the regional feeds: the catalogue, then the facts."""
    numbering = Numbering(platform.mongo, platform.settings.master_key, platform.clock)
    catalogue = platform.consumer(
        "analytics.feed-catalogue", CATALOGUE, numbering.apply, events=Events.all_of(CATALOGUE)
    )
    return [
        catalogue,
        platform.consumer(
            "analytics.feed",
            FACTS,
            numbering.apply,
            after=catalogue,
            linger_ms=FEED_LINGER_MS,
            events=Events.all_of(FACTS),
        ),
    ]
