"""Use case: a database that was put back from a backup learns from its own topics what it has published since."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.registration.domain.erasure import Act, Cleared, Proof, erase
from services.registration.domain.guardians import common, forget_guardian
from services.registration.domain.merges import merge, unmerge
from services.registration.domain.participants import Participant
from services.registration.domain.placements import Place
from services.registration.domain.restoring import left_school, nameless, told, with_kept_key, without_adopted
from services.registration.handlers.erasure import destroyed
from services.registration.handlers.merges import bind_adopted, same_guardians, save_pair
from services.registration.handlers.restored_register import REGISTER, RestoredRegister
from services.registration.repository import Repository
from shared.contracts.event import Envelope, ParticipantEvent
from shared.contracts.guardians import GuardianErased
from shared.contracts.registration import (
    AccountLinked,
    AccountUnlinked,
    ConsentGiven,
    ConsentWithdrawn,
    GuardianLinked,
    GuardianUnlinked,
    ParticipantArchived,
    ParticipantErased,
    ParticipantMerged,
    ParticipantMoved,
    ParticipantPromoted,
    ParticipantRegistered,
    ParticipantRestored,
    ParticipantUnmerged,
)
from shared.messaging.events import Events
from shared.programme import place as programme
from shared.programme.merging import Word, word_of
from shared.programme.texts import REF, ref_key
from shared.storage.losses import Loss
from shared.storage.mongo import Transaction
from shared.storage.outbox import Clock


class Restorer:
    """The pupils and organisations that registration's own events tell of (`shared.runtime.restoration.Restorer`)."""

    events = Events.of(
        [
            *REGISTER,
            ParticipantRegistered,
            ParticipantMoved,
            ParticipantPromoted,
            ParticipantMerged,
            ParticipantUnmerged,
            ParticipantArchived,
            ParticipantRestored,
            ParticipantErased,
            ConsentGiven,
            ConsentWithdrawn,
            AccountLinked,
            AccountUnlinked,
            GuardianLinked,
            GuardianUnlinked,
            GuardianErased,
        ]
    )

    def __init__(self, repository: Repository, clock: Clock) -> None:
        self._repository = repository
        self._register = RestoredRegister(repository)
        self._clock = clock

    async def sequences(self, subjects: Collection[str], tx: Transaction) -> Mapping[str, int]:
        """Returns the last sequences of pupils, organisations and targets."""
        pupils = [subject for subject in subjects if "/" not in subject]
        entries = await self._repository.participants.entries(pupils, tx)
        known = {id: entry.sequence for id, entry in entries.items()}
        return {**known, **await self._register.sequences(set(subjects) - set(pupils), tx)}

    async def apply(self, events: Sequence[Envelope], tx: Transaction) -> Sequence[Loss]:
        """Brings pupils and organisations to where they were after events that the database does not know."""
        await self._register.apply([one for one in events if not isinstance(one.event, ParticipantEvent)], tx)
        facts = [one for one in events if isinstance(one.event, ParticipantEvent)]
        return await _Chunk(self._repository, self._clock(), tx).apply(facts) if facts else []

    async def settle(self) -> None:
        """Nothing is left: consumers go on from where the backup had them, and what they write has no order."""


class _Chunk:
    """Facts of pupils that are applied in one transaction."""

    def __init__(self, repository: Repository, now: datetime, tx: Transaction) -> None:
        self._repository, self._now, self._tx = repository, now, tx
        self._offsets: dict[str, str] = {}
        """The region's offset by school, as far as the register has it."""
        self._states: dict[str, Participant] = {}
        self._losses: list[Loss] = []
        self._with_pupils: set[str] = set()
        """The acts of pupils, by which guardians without another child go along."""

    async def apply(self, facts: Sequence[Envelope]) -> list[Loss]:
        """Brings the pupils to where they were; returns what no event tells."""
        await self._know(facts)
        self._with_pupils = {one.event.act for one in facts if isinstance(one.event, ParticipantErased)}
        before = dict(self._states)
        for fact in facts:
            await self._tell(fact)
        await self._repository.participants.restore(list(map(self._with_codes, self._states.values())), self._tx)
        for id, state in self._states.items():
            await self._keep(before.get(id), state)
        for fact in facts:
            await self._then(fact)
        erased = {fact.event.key for fact in facts if isinstance(fact.event, ParticipantErased)}
        return [loss for loss in self._losses if loss.envelope.event.key not in erased]

    async def _know(self, facts: Sequence[Envelope]) -> None:
        places = [vars(fact.event) for fact in facts]
        schools = {place[name] for place in places for name in ("school", "to_school") if name in place}
        found = await self._repository.organisations.load(schools, self._tx)
        self._offsets = {code: school.utc_offset for code, school in found.items()}
        self._states = await self._repository.participants.entries({fact.event.key for fact in facts}, self._tx)

    def _place_of(self, place: programme.Place, time: datetime) -> Place:
        return Place(**place._asdict(), utc_offset=self._offsets.get(place.school) or time.isoformat()[-6:])

    async def _tell(self, fact: Envelope) -> None:
        """Takes one more fact into the state of its pupil, and notes what no event tells."""
        event, known = fact.event, self._states.get(fact.event.key)
        if known is None:
            known = nameless(fact, self._place_of)
            self._losses.append(Loss(fact, "entry"))
        state = told(known, fact, self._place_of)
        if isinstance(event, GuardianErased) and event.act not in self._with_pupils:
            state = forget_guardian(state, event.guardian, event.act, fact.time).state
        lacking = []
        if isinstance(event, ParticipantMoved) and left_school(known, state):
            state = with_kept_key(state, known.place.school, await self._free_key(known, state.place.school))
            lacking.append("external_ref")
        if isinstance(event, ConsentGiven):
            lacking.append("giver")
        if isinstance(event, GuardianLinked):
            about = event.guardian, event.account, state.place.school
            lacking += [] if await self._repository.cabinets.restore(*about, self._tx) else ["guardian"]
        self._losses += [Loss(fact, word) for word in lacking if not known.lost]  # of a lost entry all is lacking
        self._states[state.id] = state

    async def _free_key(self, pupil: Participant, school: str) -> str:
        """The key of before, or one that begins with the school of before, or the id: what nobody has there."""
        keys = [pupil.external_ref, f"{pupil.place.school}/{pupil.external_ref}"]
        others = await self._repository.pupils([(school, key) for key in keys], self._tx)
        there = [*others, *(state for state in self._states.values() if state.place.school == school)]
        taken = {fold for other in there if other.id != pupil.id for fold in (other.ref_key, *other.former)}
        taken |= {other.external_ref for other in there if other.id != pupil.id}
        free = (key for key in keys if len(key) <= REF.longest and taken.isdisjoint({key, ref_key(key)}))
        return next(free, pupil.id)

    def _with_codes(self, state: Participant) -> Participant:
        if state.merged is not None or state.erased_at is not None:
            return state
        return state.with_codes(self._repository.codes, self._now)

    async def _keep(self, before: Participant | None, state: Participant) -> None:
        """Does what goes along with a move to another school or region."""
        if before is None or state.erased_at is not None:
            return
        if state.place.school != before.place.school:
            await self._repository.transfers.overtake([state.id], self._now, self._tx)
        if state.place.region != before.place.region:
            await self._repository.sealed.relocate(state.id, state.place.region, self._tx)

    async def _then(self, fact: Envelope) -> None:
        """Does what concerns more than the pupil's own row, once that is stored."""
        event, word = fact.event, word_of(fact)
        if isinstance(event, GuardianUnlinked):
            await self._repository.cabinets.unbind(event.guardian, event.key, self._tx)
        if isinstance(event, ParticipantErased):
            await self._erase(event, fact.time)
        if isinstance(event, GuardianErased) and event.act not in self._with_pupils:
            await self._erase_guardian(event, fact.time)
        if word is not None and await self._repository.words.answered(event.key, word, self._tx):
            await self._join(event.key, word)

    async def _erase(self, event: ParticipantErased, time: datetime) -> None:
        entry = (await self._repository.participants.entries([event.participant], self._tx))[event.participant]
        pupil = entry.merged.before if entry.merged is not None else entry
        pupil = pupil.model_copy(update={"sequence": entry.sequence})
        proofs = tuple(map(Proof.of, pupil.consents))
        told = Act(id=event.act, participant=pupil.id, place=pupil.place, erased_at=time, consents=proofs)
        act, _ = await destroyed(self._repository, pupil, told, self._tx)
        await self._repository.participants.restore([erase(pupil, event.act, time).state], self._tx)
        await self._repository.acts.restore(act, self._tx)
        await self._repository.losses.forget(event.participant, self._tx)

    async def _erase_guardian(self, event: GuardianErased, time: datetime) -> None:
        """Destroys a guardian again under the act of before, to which each child's event adds the child."""
        repository, tx = self._repository, self._tx
        guardian, place = await repository.guardian_register.load(event.guardian, tx), self._states[event.key].place
        accounts = [event.account] if event.account else []
        rows = await repository.guardian_register.destroy(guardian, accounts, tx) if guardian else {}
        act = await repository.acts.of_guardian(event.guardian, tx)
        if act is None:
            act = Act(id=event.act, guardian=event.guardian, place=place, erased_at=time)
            act = act.model_copy(update=await repository.sealed.keeping(tx))
            act = act.answered("registration", Cleared(at=time, rows=rows))
        children = tuple(dict.fromkeys((*act.children, event.key)))
        act = act.model_copy(update={"children": children, "place": common([act.place, place])})
        await repository.acts.restore(act, tx)

    async def _join(self, id: str, word: Word) -> None:
        """Merges or parts two entries that have both said so; one that was erased since stays as it is."""
        ids = (id, word.other) if word.role == "survivor" else (word.other, id)
        entries = await self._repository.participants.entries(ids, self._tx)
        survivor, duplicate = (entries[one] for one in ids)
        if any(entry.erased_at is not None and not entry.lost for entry in (survivor, duplicate)):
            return
        are_merged = duplicate.merged is not None and duplicate.merged.into == survivor.id
        if word.merged and not are_merged:
            same = await same_guardians(self._repository, survivor, duplicate, self._tx)
            pair = merge(without_adopted(survivor, duplicate), duplicate, same, word.time)
            await save_pair(self._repository, pair, self._now, self._tx, published=True)
            await bind_adopted(self._repository, pair, self._tx)
        elif not word.merged and are_merged:
            pair = unmerge(survivor, duplicate, word.time)
            await save_pair(self._repository, pair, self._now, self._tx, published=True)
