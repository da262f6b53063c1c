"""The booking that a command names, for whoever may act for its pupil."""

from dataclasses import dataclass

from services.trials.copies.participants import Participant
from services.trials.domain.path.caller import reaches
from services.trials.domain.path.paths import Path
from services.trials.domain.path.states import States
from services.trials.domain.seats.bookings import NO_BOOKING
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Held:
    """A pupil and the path on which the booking stands, among the states that are decided upon."""

    pupil: Participant
    path: Path
    states: States


async def walk_of(repository: Repository, booking: str) -> tuple[str, str]:
    """Returns whose path has a booking, and through which season; raises NotFound where there is none."""
    found = await repository.walk_with("bookings", booking)
    if found is None:
        raise NotFound(NO_BOOKING)
    return found


async def held(repository: Repository, walk: tuple[str, str], who: Principal, tx: Transaction) -> Held:
    """Returns the path of a booking; raises NotFound outside the scope, as where there is none."""
    participant, season = walk
    states = await repository.states([walk], tx)
    pupil = states.pupils[participant]
    if not reaches(who, pupil):
        raise NotFound(NO_BOOKING)
    about([pupil.id])
    return Held(pupil, states.paths.of(pupil.id, season), states)
