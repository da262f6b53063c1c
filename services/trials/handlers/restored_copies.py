"""Copies of pupils in a restored database: brought up to what registration has published, before any path follows."""

from collections.abc import Sequence
from functools import partial

from services.trials.copies.learning import learnt
from services.trials.copies.participants import Participant
from services.trials.handlers import following
from services.trials.repository import Repository
from shared.base.settings import Settings
from shared.contracts.event import Envelope, ParticipantEvent
from shared.contracts.guardians import ActorErased
from shared.contracts.topics import REGISTRATION_EVENTS
from shared.contracts.trials import PathErased
from shared.messaging.log import Logs
from shared.messaging.offsets import StoredOffsets
from shared.messaging.own_topics import beyond, chunks, numbered
from shared.programme.place import Place
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction

BEFORE_ALL = "0" * 10
"""A sequence before the first."""
FOLLOWED = 100
"""Pupils whose paths follow in one transaction."""


class RestoredCopies:
    """Pupils by events of registration, read beyond the offsets of the consumer, which stay where they are."""

    def __init__(self, repository: Repository, settings: Settings, offsets: StoredOffsets) -> None:
        self._repository = repository
        self._bootstrap = settings.bootstrap
        self._topic = settings.kafka_topic_prefix + REGISTRATION_EVENTS.name
        self._offsets = offsets

    async def cleared(self, event: PathErased, tx: Transaction) -> None:
        """Destroys again what an act says was destroyed, and lets it be answered no second time."""
        repository, id = self._repository, event.participant
        known = (await repository.copies.participants([id], tx)).get(id)
        pupil = known or Participant(id=id, place_set_by=BEFORE_ALL, **Place.of(event)._asdict())
        bare = {"act": event.act, "erased": True, "accounts": (), "link_changes": ()}
        await repository.copies.keep([pupil.model_copy(update=bare)], tx)
        await repository.attempts.destroy_of(id, tx)
        await repository.drafts.destroy_of(id, tx)
        await repository.repeats.destroy_of(id, tx)
        await repository.statements.destroy([id], tx)
        await repository.reviews.destroy_of(id, tx)
        await repository.lines.destroy_of(id, tx)
        await repository.ledger.mark_erased(id, tx)
        await repository.actors.forget([id], tx)
        await repository.losses.forget(id, tx)

    async def guardian_cleared(self, event: ActorErased, tx: Transaction) -> None:
        """Forgets again what an act says was forgotten of a guardian, and lets it be answered no second time."""
        repository, id = self._repository, event.participant
        known = (await repository.copies.participants([id], tx)).get(id)
        pupil = known or Participant(id=id, place_set_by=BEFORE_ALL, **Place.of(event)._asdict())
        hers = [change for change in pupil.link_changes if change.guardian == event.guardian]
        for account in {change.account for change in hers}:
            await repository.actors.forget_account([id], account, tx)
            await repository.actors.forget_in_audit(account, tx)
        links = tuple(change for change in pupil.link_changes if change not in hers)
        accounts = {change.account for change in hers} - {change.account for change in links}
        bare = {
            "guardians_erased": {**pupil.guardians_erased, event.guardian: event.act},
            "link_changes": links,
            "accounts": tuple(link for link in pupil.accounts if link.account not in accounts or link.role == "pupil"),
        }
        await repository.copies.keep([pupil.model_copy(update=bare)], tx)

    async def catch_up(self, new_id: NewId) -> None:
        """Learns all that registration has published; then the paths of those follow of whom something was learnt.

        The consumer reads the same once more, and learns nothing from it that leads to a step.
        """
        logs, pupils = Logs(self._bootstrap), dict[str, None]()
        try:
            partitions = await logs.partitions([self._topic])
            known = await self._offsets.handled()
            part = await beyond(logs, [self._topic], {p: known.get(p, 0) for p in partitions})
            async for chunk in chunks(logs, part):
                read = [one.read() for one in numbered(chunk.records, "/registration")]
                facts = [one for one in read if one is not None and isinstance(one.event, ParticipantEvent)]
                await self._repository.transact(partial(self._learn, facts))
                pupils |= dict.fromkeys(fact.event.key for fact in facts)
        finally:
            await logs.close()
        ids = list(pupils)
        for begin in range(0, len(ids), FOLLOWED):
            await self._repository.transact(partial(self._follow, ids[begin : begin + FOLLOWED], new_id))

    async def _learn(self, facts: Sequence[Envelope], tx: Transaction) -> None:
        """Learns facts, but for what makes the consumer answer an erasure: that is still to be done."""
        known = await self._repository.copies.participants((fact.event.key for fact in facts), tx)
        kept = []
        for id, pupil in learnt(known, facts).items():
            before = known.get(id, Participant.unheard(id))
            answered = {"act": before.act, "guardians_erased": before.guardians_erased}
            kept.append(pupil.model_copy(update=answered))
        await self._repository.copies.keep(kept, tx)

    async def _follow(self, ids: Sequence[str], new_id: NewId, tx: Transaction) -> None:
        pupils = (await self._repository.copies.participants(ids, tx)).values()
        led = [one for one in pupils if one.archivings or one.mergings or any(one.lapses)]
        if led:
            await following.follow(self._repository, led, new_id, tx)
