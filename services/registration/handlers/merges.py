"""Use cases: staff of both places merge two entries of one pupil, and part them again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.registration.domain.caller import Caller
from services.registration.domain.identities import Identities
from services.registration.domain.links import Binding
from services.registration.domain.merges import MergeRequest, Pair, merge, unmerge
from services.registration.domain.participants import Adopted, Participant
from services.registration.repository import Repository
from shared.base.errors import Conflict, NotFound
from shared.identity.acting import about, acting
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.programme.texts import ref_key
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Merging:
    """Two entries that are one pupil, and what the survivor took on."""

    survivor: Participant
    duplicate: Participant
    adopted: Adopted
    new: bool
    """False where they were merged before."""


async def merge_pupils(repository: Repository, who: Principal, request: MergeRequest, now: datetime) -> Merging:
    """Takes one entry into another; raises NotFound where one is out of scope, Conflict where they cannot be one."""

    async def body(tx: Transaction) -> Merging:
        entries = await repository.participants.entries([request.survivor, request.duplicate], tx)
        survivor = _staff_s(who, entries, "survivor", request.survivor)
        _staff_s(who, _found_again(entries), "duplicate", request.duplicate)
        duplicate = entries[request.duplicate]
        pair = merge(survivor, duplicate, await same_guardians(repository, survivor, duplicate, tx), now)
        if pair.survivor.made:
            pair = await save_pair(repository, pair, now, tx)
            await bind_adopted(repository, pair, tx)
            await repository.transfers.overtake([duplicate.id], now, tx)
            await repository.dismissals.forget_among([survivor.id, *pair.survivor.state.duplicates], tx)
            await repository.losses.forget(duplicate.id, tx)
        after = pair.survivor.state
        about([survivor.id, duplicate.id])
        return Merging(after, duplicate, after.duplicates[duplicate.id], pair.survivor.made)

    return await repository.transact(body)


async def unmerge_pupils(repository: Repository, who: Principal, id: str, now: datetime) -> Merging:
    """Makes a duplicate an entry of its own again.

    Raises NotFound where one of the two is out of scope or it is no duplicate, Conflict after their seasons, and where
    another pupil has the key by now.
    """

    async def body(tx: Transaction) -> Merging:
        duplicate = _staff_s(who, await repository.participants.entries([id], tx), "duplicate", id)
        if duplicate.merged is None:
            raise NotFound("no such merge in your scope")
        into = duplicate.merged.into
        survivor = _staff_s(who, await repository.participants.entries([into], tx), "survivor", into)
        await _must_be_open(repository, survivor, duplicate, now)
        await _must_be_free(repository, survivor, duplicate, duplicate.merged.before.external_ref, tx)
        adopted = survivor.duplicates[id]
        pair = await save_pair(repository, unmerge(survivor, duplicate, now), now, tx)
        for guardian in adopted.cabinets.keys() - pair.survivor.state.linked.keys():
            await repository.cabinets.unbind(guardian, survivor.id, tx)
        about([survivor.id, id])
        return Merging(pair.survivor.state, pair.duplicate.state, adopted, new=True)

    return await repository.transact(body)


async def bind_adopted(repository: Repository, pair: Pair, tx: Transaction) -> None:
    """Gives the guardians whom a survivor took on the accounts of their cabinets."""
    adopted = pair.survivor.state.duplicates[pair.duplicate.state.id]
    bound = {guardian: Binding(account, acting()) for guardian, account in adopted.cabinets.items()}
    await repository.cabinets.bind(bound, tx)
    await repository.cabinets.hold(set(adopted.guardians) - bound.keys(), tx)


def _found_again(entries: Mapping[str, Participant]) -> dict[str, Participant]:
    """The entries, also of those whom a restored database lacks: they can be nothing but duplicates."""
    return {id: pupil.model_copy(update={"erased_at": None}) if pupil.lost else pupil for id, pupil in entries.items()}


async def save_pair(
    repository: Repository, pair: Pair, now: datetime, tx: Transaction, *, published: bool = False
) -> Pair:
    """Stores both entries, the duplicate first: codes and keys go from one to the other.

    Where it was published before, nothing of it is published again.
    """
    survivor = pair.survivor.state.with_codes(repository.codes, now)
    pair = pair._replace(survivor=replace(pair.survivor, state=survivor))
    for decision in (pair.duplicate, pair.survivor):
        if published:
            await repository.participants.restore([decision.state], tx)
        else:
            await repository.participants.save([decision], tx)
    return pair


def _staff_s(who: Principal, entries: Mapping[str, Participant], word: str, id: str) -> Participant:
    entry = entries.get(id)
    if entry is None or not Caller(who).is_staff_of(entry):
        raise NotFound.about(word, "no such participant in your scope", "not-found")
    return entry


async def same_guardians(
    repository: Repository, survivor: Participant, duplicate: Participant, tx: Transaction
) -> dict[str, str]:
    """The guardian of the survivor who is the same person, by account or by name, by the id of the duplicate's.

    Two of one name who have different accounts stay two.
    """
    by_account = {account: guardian for guardian, account in survivor.linked.items()}
    same = {guardian: by_account[a] for guardian, a in duplicate.linked.items() if a in by_account}
    persons = [*survivor.guardians, *duplicate.guardians]
    known, accounts = await repository.sealed.read(persons, tx), await repository.cabinets.accounts(persons, tx)
    identities = Identities(known, {})
    for guardian in duplicate.guardians:
        named = known[guardian]["name"] if guardian in known else None
        found = identities.namesake(survivor.guardians, named) if named and guardian not in same else None
        if found is not None and len({accounts[id] for id in (guardian, found) if id in accounts}) < 2:
            same[guardian] = found
    return {guardian: id for guardian, id in same.items() if guardian != id}


async def _must_be_open(repository: Repository, survivor: Participant, duplicate: Participant, now: datetime) -> None:
    """Raises Conflict once the seasons of both are over: their figures were told."""
    seasons = await repository.copies.seasons({*survivor.seasons, *duplicate.seasons})
    today = now.astimezone(zone(survivor.place.utc_offset)).date()
    if seasons and max(season.closes for season in seasons.values()) < today:
        raise Conflict("the seasons of these entries are over", slug="season-closed")


async def _must_be_free(
    repository: Repository, survivor: Participant, duplicate: Participant, ref: str, tx: Transaction
) -> None:
    """Raises Conflict where the duplicate's key is another's by now: the survivor may have come to its school since.

    That the survivor is found by it as by a former key of its own is no hindrance: the parting takes that away.
    """
    school = duplicate.place.school
    found = await repository.pupils([(school, ref)], tx)
    has_it = survivor.place.school == school and ref_key(survivor.external_ref) == ref_key(ref)
    if has_it or any(other.id != survivor.id for other in found):
        raise Conflict("another pupil of the school has the key of the duplicate by now", slug="key-taken")
