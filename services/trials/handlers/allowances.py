"""The quotas that bind bookings, read in the transaction in which they are decided."""

from collections.abc import Iterable

from services.trials.domain.path.claims import Allowance, Pair, pairs_of
from services.trials.domain.path.states import States
from services.trials.domain.timetable.slots import Slot
from services.trials.repository import Repository
from shared.storage.mongo import Transaction


async def allowance(
    repository: Repository, wanted: Iterable[tuple[str, Slot]], states: States, tx: Transaction
) -> Allowance:
    """Returns what is free of the quotas that pupils need in slots; where no season binds, nothing is read."""
    pairs = set[tuple[str, Pair]]()
    for id, slot in wanted:
        season, pupil = states.seasons.get(slot.season), states.pupils.get(id)
        if season is not None and season.quotas_bind and pupil is not None:
            known = pairs_of(states.path_of(id, season.id))
            pairs |= {(season.id, pair) for pair in {Pair(pupil.school, slot.venue), *known}}
    return await repository.ledger.allowance(pairs, tx)
