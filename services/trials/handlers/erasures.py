"""Use cases: registration has erased pupils or guardians; what leads to them is destroyed, and the act is told so."""

from collections.abc import Collection, Mapping

from services.trials.collections import NEEDS, PARTICIPANTS, REVIEWS
from services.trials.copies.participants import Participant
from services.trials.handlers.claims import release
from services.trials.repository import Repository
from shared.contracts.event import Envelope
from shared.contracts.guardians import ActorErased, GuardianErased
from shared.contracts.registration import ParticipantErased
from shared.contracts.trials import PathErased
from shared.http.audit import ACTORS
from shared.programme.place import Place
from shared.storage.decision import Happened
from shared.storage.mongo import Transaction


async def answer(
    repository: Repository, facts: Collection[Envelope], known: Mapping[str, Participant], tx: Transaction
) -> None:
    """Clears what leads to persons, in the transaction that learns of it; `known` are the pupils as they were before.

    An act that was answered is not answered again, so that an erasure that is read twice has one answer; another act,
    as after a restored backup, is.
    """
    erasures = {fact.event.key: fact for fact in facts if isinstance(fact.event, ParticipantErased)}
    pupils = await repository.copies.joined(erasures, tx)
    for id, fact in erasures.items():
        pupil, event = known.get(id), fact.event
        if not isinstance(event, ParticipantErased):
            continue
        rows = await _in_audit(repository, event.account, tx)
        if pupil is not None and pupil.act == event.act:
            continue
        rows |= {"attempts": await repository.attempts.destroy_of(id, tx)}
        rows |= {"drafts": await repository.drafts.destroy_of(id, tx), PARTICIPANTS: int(pupil is not None)}
        rows |= {"repeats": await repository.repeats.destroy_of(id, tx)}
        rows |= {NEEDS: await repository.statements.destroy([id], tx)}
        rows |= {REVIEWS: await repository.reviews.destroy_of(id, tx)}
        rows |= {"waiting": await repository.lines.destroy_of(id, tx)}
        await release(repository, pupils[id], id, tx)
        # A duplicate's path is written with each of the survivor's steps, also between the erasures of both.
        await repository.actors.forget(pupils[id].ids, tx)
        answered = PathErased(**Place.of(event).event_fields(id), act=event.act, rows=rows)
        await repository.tell(Happened(answered, fact.time), tx)


async def answer_for_guardians(
    repository: Repository, facts: Collection[Envelope], known: Mapping[str, Participant], tx: Transaction
) -> None:
    """Forgets the accounts by which guardians acted, as `answer` does; of a pupil who was erased nothing is left."""
    for fact in facts:
        event = fact.event
        if not isinstance(event, GuardianErased):
            continue
        audit = await _in_audit(repository, event.account, tx)
        pupil = known.get(event.key)
        if pupil is not None and (pupil.erased or pupil.guardians_erased.get(event.guardian) == event.act):
            continue
        had = pupil is not None and any(change.guardian == event.guardian for change in pupil.link_changes)
        rows = {PARTICIPANTS: int(had), "paths": 0, **audit}
        if event.account is not None:
            joined = (await repository.copies.joined([event.key], tx)).get(event.key)
            ids = joined.ids if joined else [event.key]
            rows |= await repository.actors.forget_account(ids, event.account, tx)
        fields = Place.of(event).event_fields(event.key)
        cleared = ActorErased(**fields, guardian=event.guardian, act=event.act, rows=rows)
        await repository.tell(Happened(cleared, fact.time), tx)


async def _in_audit(repository: Repository, account: str | None, tx: Transaction) -> dict[str, int]:
    """Forgets whose an account is in the audit log, also once more: a backup that was put back may know it again."""
    return {} if account is None else {ACTORS: await repository.actors.forget_in_audit(account, tx)}
