"""What registration keeps of trials' events: the seasons' rules, and each pupil's steps."""

from collections import defaultdict
from collections.abc import Sequence

from services.registration.repository import Register
from services.registration.steps import step
from shared.contracts.trials import PathEvent, SeasonDefined
from shared.messaging.poll import Received
from shared.storage.mongo import Transaction


async def rules(register: Register, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps what a roster is checked against, and what stages are reached by."""
    newest: dict[str, tuple[str, SeasonDefined]] = {}
    for record in received:
        season, sequence = record.event, record.envelope.sequence
        if isinstance(season, SeasonDefined) and sequence > newest.get(season.season, ("",))[0]:
            newest[season.season] = sequence, season
    if newest:
        await register.learn_rules(newest, tx)


async def steps(register: Register, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps how far each pupil has come, so that a navigator sees who is stuck."""
    taken: dict[str, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    for record in received:
        found = step(record.envelope)
        if isinstance(record.event, PathEvent) and found is not None:
            name, added = found
            taken[f"{record.event.participant}/{record.event.season}"][name].append(added)
    await register.add_steps(taken, tx)
