"""The topics that registration reads, in which groups, and the copies that it keeps of their events."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from services.registration.copies.steps import progress_id, step
from services.registration.copies.store import Copies
from shared.contracts import trials
from shared.contracts.topics import TRIALS_CATALOGUE, TRIALS_EVENTS
from shared.contracts.trials import PathEvent, SeasonDefined
from shared.messaging.consumer import BatchConsumer
from shared.messaging.events import Events
from shared.messaging.poll import Received
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction

UNHURRIED_MS = 500
"""A school's list may be a second late; it spares half of the transactions."""

RULES = Events.of(
    [trials.SeasonDefined], ignored=[trials.CompetencyApproved, trials.VenueRegistered, trials.SlotOpened]
)
STEPS = Events.of(
    [
        trials.DiagnosticCompleted,
        trials.TrialAttended,
        trials.AttendanceRevoked,
        trials.RecommendationIssued,
        trials.RecommendationWithdrawn,
    ],
    ignored=[trials.TrialBooked, trials.TrialCancelled],
)


def copies(platform: Platform, kept: Copies) -> Sequence[BatchConsumer]:
    """The readers of trials: the seasons' rules, and each pupil's steps."""
    rules = platform.catalogue("registration.rules", [TRIALS_CATALOGUE.name], partial(keep_rules, kept), RULES)
    steps = platform.consumer(
        "registration.steps", [TRIALS_EVENTS.name], partial(keep_steps, kept), linger_ms=UNHURRIED_MS, events=STEPS
    )
    rules.is_shown_whole = steps.is_shown_whole = True
    return [rules, steps]


async def keep_rules(kept: Copies, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps the definitions that a roster is checked against, and that stages are reached by."""
    newest: dict[str, tuple[str, SeasonDefined]] = {}
    for record in received:
        season, sequence = record.event, record.envelope.sequence
        if isinstance(season, SeasonDefined) and sequence > newest.get(season.season, ("",))[0]:
            newest[season.season] = sequence, season
    if newest:
        await kept.define(newest, tx)


async def keep_steps(kept: Copies, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps how far each pupil has come, so that a navigator sees who is stuck."""
    taken: dict[str, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    for record in received:
        found = step(record.envelope)
        if isinstance(record.event, PathEvent) and found is not None:
            name, added = found
            taken[progress_id(record.event.participant, record.event.season)][name].append(added)
    await kept.add_steps(taken, tx)
