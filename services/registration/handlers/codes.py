"""Use cases: staff issue the one-time code of a guardian or a pupil anew, or revoke it."""

from datetime import datetime

from services.registration.domain.cabinets import SELF
from services.registration.domain.caller import Caller
from services.registration.domain.participants import Participant
from services.registration.repository import Repository
from shared.base.errors import Conflict, NotFound
from shared.identity.principal import Principal
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction


async def issue(repository: Repository, who: Principal, id: str, owner: str, now: datetime) -> Participant:
    """Issues a code anew, which makes the one before useless.

    Raises NotFound outside the scope and for an unknown guardian, Conflict while a cabinet is open.
    """

    async def body(tx: Transaction) -> Participant:
        pupil, guardian = _owned(who, (await repository.participants.load([id], tx)).get(id), owner)
        if pupil.has_cabinet(guardian):
            raise Conflict("the code was redeemed: close the cabinet first", slug="code-redeemed")
        state = pupil.issued_anew(guardian).with_codes(repository.codes, now)
        await repository.participants.save([Decision(state, quiet=True)], tx)
        if guardian is not None:
            await repository.cabinets.release(guardian, pupil.place.school, tx)
        return state

    return await repository.transact(body)


async def revoke(repository: Repository, who: Principal, id: str, owner: str) -> Participant:
    """Takes a code back, until one is issued anew; raises NotFound outside the scope and for an unknown guardian.

    A cabinet that was opened with it stays open.
    """

    def decide(current: Participant | None) -> Decision[Participant]:
        pupil, guardian = _owned(who, current, owner)
        state = pupil.without_code(guardian)
        return Decision(state, quiet=state != pupil)

    return await repository.participants.update(id, decide)


def _owned(who: Principal, pupil: Participant | None, owner: str) -> tuple[Participant, str | None]:
    """The pupil in scope, and the guardian who owns a code; None for the pupil's own."""
    guardian = None if owner == SELF else owner
    if pupil is None or not Caller(who).is_staff_of(pupil) or not (guardian is None or guardian in pupil.guardians):
        raise NotFound("no such participant or guardian in your scope")
    return pupil, guardian
