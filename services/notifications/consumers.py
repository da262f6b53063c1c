"""The topics that notifications reads, in their groups: names for its texts, and a notice for each step of a pupil."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from services.notifications.contacts import Contacts, of_closed
from services.notifications.copies.store import Copies
from services.notifications.domain import notices as domain
from services.notifications.handlers import inbox as handlers
from services.notifications.handlers.inbox import Changes
from services.notifications.repository import Repository
from shared.contracts import (
    feedback,
    guardians,
    lessons,
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
from shared.contracts.event import ParticipantEvent
from shared.identity.family import change_of
from shared.messaging.consumer import BatchConsumer
from shared.messaging.events import Events
from shared.messaging.poll import Received
from shared.programme.merging import word_of
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction

CATALOGUE = [topics.REGISTRATION_CATALOGUE.name, topics.TRIALS_CATALOGUE.name]
PLACES = [topics.REGISTRATION_EVENTS.name]
FACTS = [topics.REGISTRATION_EVENTS.name, topics.TRIALS_EVENTS.name]

NAMED = Events.of(
    [
        trials.SeasonDefined,
        venues.CompetencyApproved,
        venues.VenueRegistered,
        trials.SlotOpened,
        timetables.SlotMoved,
        organisations.OrganisationDefined,
        organisations.OrganisationClosed,
        staff.StaffExcluded,
        staff.StaffReadmitted,
    ],
    ignored=[
        targets.TargetSet,
        terms.SeasonRevised,
        trials.SeasonClosed,
        revisions.SeasonCorrected,
        venues.ProgrammeDefined,
        venues.VenueWithdrawn,
        timetables.SlotResized,
        payments.ActSigned,  # no family is told of money
        payments.ActPaid,
        quotas.QuotaSet,
        quotas.QuotaMoved,
        timetables.SlotClosed,  # each booking is cancelled by an event of its own, which is told
    ],
)
TOLD = Events.of(
    [
        *domain.DATA,
        registration.AccountLinked,
        registration.AccountUnlinked,
        registration.ParticipantErased,
        guardians.GuardianErased,
    ],
    ignored=[
        feedback.FeedbackGiven,  # the family's own, or marks that it sees on the path
        lessons.LessonAttended,  # one a week, which a family knows from the timetable and sees on the path
        lessons.LessonRevoked,
        trials.PathErased,
        guardians.ActorErased,
    ],
)
OF_PLACES = Events.of(
    [
        registration.ParticipantRegistered,
        registration.ParticipantMoved,
        registration.ParticipantPromoted,
        registration.ParticipantErased,
    ],
    ignored=[
        registration.ParticipantMerged,
        registration.ParticipantUnmerged,
        registration.ParticipantArchived,
        registration.ParticipantRestored,
        registration.ConsentGiven,
        registration.ConsentWithdrawn,
        registration.AccountLinked,
        registration.AccountUnlinked,
        registration.GuardianLinked,
        registration.GuardianUnlinked,
        guardians.GuardianErased,
    ],
)


def inbox(platform: Platform, copies: Copies, contacts: Contacts) -> Sequence[BatchConsumer]:
    """Returns the consumers of the inbox: the catalogue, then the facts."""
    catalogue = platform.catalogue("notifications.catalogue", CATALOGUE, partial(_defined, copies, contacts), NAMED)
    told = partial(_told, Repository(platform.mongo, platform.outbox))
    return [catalogue, platform.consumer("notifications.inbox", FACTS, told, after=catalogue, events=TOLD)]


def places(platform: Platform) -> BatchConsumer:
    """Returns the consumer of where pupils are, for the responsible persons there."""
    handle = partial(_placed, Repository(platform.mongo, platform.outbox))
    told = platform.consumer("notifications.places", PLACES, handle, events=OF_PLACES)
    told.catch_up.is_shown_whole = True
    return told


async def _defined(copies: Copies, contacts: Contacts, received: Sequence[Received], tx: Transaction) -> None:
    """Brings the copies of one poll of the catalogues up to date; the contacts of what closed end."""
    await copies.apply(received, tx)
    closed = {r.event.key for r in received if isinstance(r.event, organisations.OrganisationClosed)}
    if closed:
        await contacts.erase(of_closed(closed), tx)


async def _placed(repository: Repository, received: Sequence[Received], tx: Transaction) -> None:
    """Brings where pupils are up to date."""
    await repository.keep_places([r.envelope for r in received if isinstance(r.event, ParticipantEvent)], tx)


async def _told(repository: Repository, received: Sequence[Received], tx: Transaction) -> None:
    """Tells the families of one poll of facts."""
    events = [r.envelope for r in received if domain.is_news(r.event)]
    changes: dict[str, Changes] = defaultdict(Changes)
    for record in received:
        change, word = change_of(record.envelope), word_of(record.envelope)
        if change is not None:
            changes[record.event.key].links.append(change)
        if word is not None:
            changes[record.event.key].words.append(word)
    await handlers.tell(repository, events, changes, tx)
    ended = [r.envelope for r in received if isinstance(r.event, guardians.GuardianErased)]
    if ended:
        await handlers.erase_guardians(repository, ended, tx)
    erasures = [r.envelope for r in received if isinstance(r.event, registration.ParticipantErased)]
    if erasures:
        await handlers.erase(repository, erasures, tx)
