"""Use case: registration has erased pupils; their answers are destroyed, and the act is told so."""

from collections.abc import Collection, Mapping

from services.trials.collections import PARTICIPANTS
from services.trials.copies.participants import Participant
from services.trials.repository import Repository
from shared.contracts.event import Envelope
from shared.contracts.registration import ParticipantErased
from shared.contracts.trials import PathErased
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
        if not isinstance(event, ParticipantErased) or (pupil is not None and pupil.act == event.act):
            continue
        rows = {"attempts": await repository.destroy_answers(id, tx), PARTICIPANTS: int(pupil is not None)}
        # A duplicate's path is written with each of the survivor's steps, also between the erasures of both.
        await repository.forget_actors(pupils[id].ids, tx)
        answered = PathErased(**Place.of(event).event_fields(id), act=event.act, rows=rows)
        await repository.tell(Happened(answered, fact.time), tx)
