"""Use cases: an operator says of two candidates that they are two children, and takes that back."""

from datetime import datetime

from services.registration.domain.caller import Caller
from services.registration.domain.dismissals import MOST_DISMISSALS, Dismissal, DismissalRequest, dismiss
from services.registration.domain.participants import Participant
from services.registration.repository import Repository
from shared.base.errors import Conflict, NotFound
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.decision import Done
from shared.storage.mongo import Transaction


async def dismiss_candidates(
    repository: Repository, who: Principal, request: DismissalRequest, now: datetime
) -> Done[Dismissal]:
    """Says that two entries are two; those of whom it was said stay so, with the reason of then.

    Raises NotFound where one is out of scope, Conflict where they are no candidates.
    """

    async def body(tx: Transaction) -> Done[Dismissal]:
        entries = await repository.participants.entries(request.participants, tx)
        pair = [_staff_s(who, entries.get(id), f"participants/{at}") for at, id in enumerate(request.participants)]
        are_namesakes = await repository.sealed.are_namesakes([entry.id for entry in pair], tx)
        dismissal = dismiss(pair, request.reason, are_namesakes, now)
        about(dismissal.participants)
        known = await repository.dismissals.load(dismissal.id, tx)
        if known is not None:
            return Done(known, new=False)
        if await repository.dismissals.most_of_one(dismissal.participants, tx) >= MOST_DISMISSALS:
            detail = f"one of the entries was told apart from {MOST_DISMISSALS} others"
            raise Conflict.about("participants", detail, "too-many-dismissals")
        await repository.dismissals.add(dismissal, tx)
        return Done(dismissal, new=True)

    return await repository.transact(body)


async def take_back_dismissal(repository: Repository, who: Principal, id: str) -> Dismissal:
    """Lets two entries be candidates again; raises NotFound outside the scope of either."""

    async def body(tx: Transaction) -> Dismissal:
        dismissal = await repository.dismissals.load(id, tx)
        if dismissal is None:
            raise NotFound("no such dismissal in your scope")
        entries = await repository.participants.entries(dismissal.participants, tx)
        if not all(Caller(who).is_staff_of(entry) for entry in entries.values()):
            raise NotFound("no such dismissal in your scope")
        about(dismissal.participants)
        await repository.dismissals.take_back(id, tx)
        return dismissal

    return await repository.transact(body)


def _staff_s(who: Principal, entry: Participant | None, word: str) -> Participant:
    if entry is None or not Caller(who).is_staff_of(entry):
        raise NotFound.about(word, "no such participant in your scope", "not-found")
    return entry
