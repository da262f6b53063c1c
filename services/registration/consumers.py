"""The topics that registration reads, in which groups, and the copies that it keeps of their events."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from services.registration.acts import Acts
from services.registration.copies.steps import progress_id, step
from services.registration.copies.store import Copies
from services.registration.handlers.erasure import answered
from shared.contracts import (
    feedback,
    guardians,
    lessons,
    notifications,
    payments,
    quotas,
    revisions,
    terms,
    timetables,
    trials,
    venues,
)
from shared.contracts.payments import ActSigned
from shared.contracts.terms import SeasonRevised
from shared.contracts.timetables import SlotMoved
from shared.contracts.topics import NOTIFICATIONS_EVENTS, TRIALS_CATALOGUE, TRIALS_EVENTS
from shared.contracts.trials import PathEvent, SeasonClosed, SeasonDefined, SlotOpened
from shared.contracts.venues import CompetencyApproved, VenueRegistered
from shared.messaging.consumer import BatchConsumer
from shared.messaging.events import Events
from shared.messaging.poll import Received
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from shared.storage.outbox import Clock

UNHURRIED_MS = 500
"""A school's list may be a second late; it spares half of the transactions."""

RULES = Events.of(
    [
        trials.SeasonDefined,
        trials.SeasonClosed,
        terms.SeasonRevised,
        venues.CompetencyApproved,
        venues.VenueRegistered,
        trials.SlotOpened,
        timetables.SlotMoved,
        payments.ActSigned,
    ],
    ignored=[
        revisions.SeasonCorrected,
        venues.ProgrammeDefined,
        venues.VenueWithdrawn,
        payments.ActPaid,
        timetables.SlotResized,
        quotas.QuotaSet,
        quotas.QuotaMoved,
        timetables.SlotClosed,  # nobody is expected there any more: each booking is cancelled by an event of its own
    ],
)
STEPS = Events.of(
    [
        trials.DiagnosticCompleted,
        trials.DiagnosticRevoked,
        trials.TrialBooked,
        trials.TrialCancelled,
        trials.TrialAttended,
        trials.AttendanceRevoked,
        lessons.LessonAttended,
        lessons.LessonRevoked,
        trials.RecommendationIssued,
        trials.RecommendationWithdrawn,
        trials.PathErased,
        guardians.ActorErased,
    ],
    ignored=[timetables.TrialMoved, trials.AttendanceMissed, feedback.FeedbackGiven],
)
CLEARED = Events.of([notifications.FamilyErased, guardians.ReaderErased])


def consumers(platform: Platform, copies: Copies, acts: Acts) -> Sequence[BatchConsumer]:
    """Returns the consumers: of the catalogue, of each pupil's steps, and of answers to erasures."""
    defined = platform.catalogue(
        "registration.rules", [TRIALS_CATALOGUE.name], partial(rules, copies, platform.clock), RULES
    )
    walked = platform.consumer(
        "registration.steps", [TRIALS_EVENTS.name], partial(steps, copies, acts), linger_ms=UNHURRIED_MS, events=STEPS
    )
    cleared = platform.consumer(
        "registration.erasures",
        [NOTIFICATIONS_EVENTS.name],
        partial(answered, acts, "notifications"),
        linger_ms=UNHURRIED_MS,
        events=CLEARED,
    )
    defined.catch_up.is_shown_whole = walked.catch_up.is_shown_whole = True
    return [defined, walked, cleared]


async def rules(copies: Copies, clock: Clock, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps seasons, by which a roster is checked and stages are reached, competencies, slots and acts for payment."""
    defined = [(r.event, r.envelope.sequence) for r in received if isinstance(r.event, SeasonDefined)]
    await copies.define(defined, tx)
    await copies.revise([(r.event, r.envelope) for r in received if isinstance(r.event, SeasonRevised)], tx)
    await copies.close([(r.event, r.envelope.time) for r in received if isinstance(r.event, SeasonClosed)], tx)
    approved = [(r.event, r.envelope.sequence) for r in received if isinstance(r.event, CompetencyApproved)]
    await copies.approve(approved, tx)
    events = [r.event for r in received]
    await copies.register([event for event in events if isinstance(event, VenueRegistered)], tx)
    await copies.time([event for event in events if isinstance(event, SlotOpened | SlotMoved)], clock(), tx)
    await copies.sign([event for event in events if isinstance(event, ActSigned)], tx)


async def steps(copies: Copies, acts: Acts, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps how far each pupil has come, so that a navigator sees who is stuck, and what was cleared of whom."""
    taken: dict[str, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    for record in received:
        found = step(record.envelope)
        if isinstance(record.event, PathEvent) and found is not None:
            name, added = found
            taken[progress_id(record.event.participant, record.event.season)][name].append(added)
    erased = await acts.erased({id.partition("/")[0] for id in taken}, tx)
    await copies.add_steps({id: added for id, added in taken.items() if id.partition("/")[0] not in erased}, tx)
    await answered(acts, "trials", received, tx)
