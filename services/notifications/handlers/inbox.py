"""The use cases of notifications: a family is told of events, until its pupil or the guardian is erased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.notifications.collections import FAMILIES
from services.notifications.domain import notices as domain
from services.notifications.domain.notices import Head
from services.notifications.repository import Repository
from shared.contracts.event import Envelope
from shared.contracts.guardians import GuardianErased, ReaderErased
from shared.contracts.notifications import FamilyErased
from shared.contracts.registration import ParticipantErased
from shared.http.audit import ACTORS
from shared.identity.family import LinkChange
from shared.programme.merging import Word
from shared.programme.place import Place
from shared.storage.decision import Happened
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes, in one poll, of who may read a pupil's notices."""

    links: list[LinkChange] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    """Of other entries of the same pupil."""


async def tell(
    repository: Repository, events: Sequence[Envelope], changes: Mapping[str, Changes], tx: Transaction
) -> None:
    """Stores a notice for each event that has none yet, and who may read them after the changes of each pupil.

    Numbers come from the heads, which the same transaction writes: two writers of one pupil conflict, so the order of
    numbers is the order of commit, and a reader that has seen a number has missed none below it.
    """
    if not events and not changes:
        return
    heads = await repository.heads({*(envelope.event.key for envelope in events), *changes}, tx)
    erased = {participant for participant, head in heads.items() if head.readers.is_erased}
    told = [envelope for envelope in events if envelope.event.key not in erased]
    stored = await repository.stored(told, tx)
    notices = domain.number(told, stored, {participant: head.last for participant, head in heads.items()})
    changed = {id: heads.get(id, Head()).after(of.links, of.words) for id, of in changes.items()}
    await repository.save(notices, changed, tx)


async def erase(repository: Repository, erasures: Sequence[Envelope], tx: Transaction) -> None:
    """Destroys what families were told of erased pupils, and tells the act so; once, however often it is asked."""
    asked = {envelope.event.key: envelope for envelope in erasures}
    heads = await repository.heads(asked, tx)
    for envelope in asked.values():
        event, head = envelope.event, heads.get(envelope.event.key)
        if not isinstance(event, ParticipantErased):
            continue
        audit = await repository.forget_actor(event.account, tx)
        if head is not None and head.readers.act == event.act:
            continue
        rows = await repository.erase(event.key, event.act, tx) | ({ACTORS: audit} if event.account else {})
        answer = FamilyErased(**Place.of(event).event_fields(event.key), act=event.act, rows=rows)
        await repository.tell(Happened(answer, envelope.time), tx)


async def erase_guardians(repository: Repository, erasures: Sequence[Envelope], tx: Transaction) -> None:
    """Forgets the accounts by which erased guardians read, and tells their acts so; once each, as `erase`.

    The notices stay: they are of the child, and name no guardian.
    """
    heads = await repository.heads({envelope.event.key for envelope in erasures}, tx)
    for envelope in erasures:
        event = envelope.event
        head = heads.get(event.key, Head())
        if not isinstance(event, GuardianErased):
            continue
        audit = await repository.forget_actor(event.account, tx)  # also once more: a backup may know it again
        if head.readers.is_erased or head.readers.erased.get(event.guardian) == event.act:
            continue
        bare = replace(head, readers=head.readers.without(event))
        gone = _accounts(head) - _accounts(bare)
        rows = {FAMILIES: int(gone > 0), ACTORS: audit}
        await repository.put(event.key, bare, tx)
        heads[event.key] = bare
        fields = Place.of(event).event_fields(event.key)
        answer = ReaderErased(**fields, guardian=event.guardian, act=event.act, rows=rows)
        await repository.tell(Happened(answer, envelope.time), tx)


def _accounts(head: Head) -> int:
    return len(head.readers.accounts) + len(head.readers.closed)
