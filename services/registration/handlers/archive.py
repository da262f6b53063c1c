"""Use cases: the school or an operator puts a pupil into the archive, and takes one out of it."""

from collections.abc import Callable
from datetime import datetime

from services.registration.domain import archive as decisions
from services.registration.domain.archive import ArchiveRequest
from services.registration.domain.caller import Caller, must_reach
from services.registration.domain.participants import Participant
from services.registration.repository import Repository
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.storage.decision import Decision


async def archive(
    repository: Repository, who: Principal, id: str, request: ArchiveRequest, now: datetime
) -> Participant:
    """Puts a pupil into the archive; raises NotFound outside the scope.

    A mistake takes the pupil out of the figures of every place, so Forbidden where one of these is out of scope.
    """
    return await _decided(
        repository,
        who,
        id,
        request.occurred_at,
        now,
        lambda pupil, time: decisions.archive(pupil, request.reason, time),
    )


async def restore(
    repository: Repository, who: Principal, id: str, occurred_at: datetime | None, now: datetime
) -> Participant:
    """Takes a pupil out of the archive; raises NotFound outside the scope."""
    return await _decided(repository, who, id, occurred_at, now, decisions.restore)


async def _decided(
    repository: Repository,
    who: Principal,
    id: str,
    said: datetime | None,
    now: datetime,
    decision: Callable[[Participant, datetime], Decision[Participant]],
) -> Participant:
    def decide(current: Participant | None) -> Decision[Participant]:
        pupil = Caller(who).staff_s(current)
        decided = decision(pupil, happened_at(said, now, zone(pupil.place.utc_offset)))
        if pupil.is_mistake or decided.state.is_mistake:
            must_reach(who, (placement.place for placement in pupil.history))
        return decided

    return await repository.participants.update(id, decide)
