"""Use cases: staff erase a guardian, or she erases herself; her children and what she consented to stay."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from services.registration.collections import KEYS
from services.registration.domain.erasure import Act, Cleared, Proof
from services.registration.domain.guardians import (
    common,
    consents_of,
    forget_guardian,
    has_guardian,
    must_reach_all,
)
from services.registration.domain.participants import Participant
from services.registration.domain.placements import Place
from services.registration.guardian_register import KnownGuardian
from services.registration.handlers.erasure import Erasing
from services.registration.handlers.merges import same_guardians
from services.registration.repository import Repository
from shared.base.errors import NotFound
from shared.identity.principal import Principal
from shared.programme.moments import as_stored, zone
from shared.storage.mongo import Transaction


class _Family(NamedTuple):
    """A guardian with the entries of her children, and where they are; without a child, where she is known."""

    guardian: KnownGuardian
    entries: Sequence[Participant]
    places: Sequence[Place]


async def erase_guardian(repository: Repository, who: Principal, id: str, erasing: Erasing) -> Act:
    """Destroys all that leads to a guardian, also where a merged entry knows her by another id; returns her act.

    Again, it is the one of before. Raises NotFound where no child of hers is in scope, Forbidden, which says who may,
    where not all of them are.
    """

    async def body(tx: Transaction) -> Act:
        known = await repository.acts.of_guardian(id, tx)
        if known is not None:
            must_reach_all(who, [known.place])
            return known
        families = await _families(repository, [id], tx)
        if not families:
            raise NotFound("no such guardian in your scope")
        must_reach_all(who, [place for family in families for place in family.places])
        acts = [await _erase(repository, family, erasing, tx) for family in families]
        return next(act for act in acts if act.guardian == id)

    return await repository.transact(body)


async def erase_oneself(repository: Repository, who: Principal, erasing: Erasing) -> list[Act]:
    """Destroys all that leads to the guardian whose account asks, under every id that schools gave her.

    Returns an act for each; none where no cabinet is open, as after an erasure.
    """

    async def body(tx: Transaction) -> list[Act]:
        ids = await repository.guardian_register.of_account(who.account, tx)
        families = await _families(repository, ids, tx)
        return [await _erase(repository, family, erasing, tx) for family in families]

    return await repository.transact(body)


async def _families(repository: Repository, ids: Sequence[str], tx: Transaction) -> list[_Family]:
    """The guardians with these ids, and with others that are the same person's in entries of one pupil."""
    found: dict[str, _Family] = {}
    ahead = list(ids)
    while ahead:
        id = ahead.pop(0)
        guardian = None if id in found else await repository.guardian_register.load(id, tx)
        if guardian is not None:
            around = await repository.guardian_register.entries(guardian, tx)
            entries = [entry for entry in around if has_guardian(entry, id)]
            alive = [entry.place for entry in entries if entry.merged is None]
            found[id] = _Family(guardian, entries, alive or await _known_at(repository, guardian, tx))
            ahead += await _also(repository, id, around, tx)
    return list(found.values())


async def _also(repository: Repository, id: str, entries: Sequence[Participant], tx: Transaction) -> list[str]:
    """The other ids of a guardian: that of a pupil's survivor, and those of the duplicates."""
    by_id = {entry.id: entry for entry in entries}
    found: list[str] = []
    for entry in entries:
        survivor = by_id.get(entry.merged.into) if entry.merged is not None else None
        if entry.merged is not None and survivor is not None:
            same = await same_guardians(repository, survivor, entry.merged.before, tx)
            found += [other for pair in same.items() if id in pair for other in pair if other != id]
    return found


async def _known_at(repository: Repository, guardian: KnownGuardian, tx: Transaction) -> list[Place]:
    schools = (await repository.organisations.load(guardian.schools, tx)).values()
    return [
        Place(
            region=school.region,
            municipality=school.municipality or "",
            school=school.id,
            school_class="",
            grade=0,
            utc_offset=school.utc_offset,
        )
        for school in schools
    ]


async def _erase(repository: Repository, family: _Family, erasing: Erasing, tx: Transaction) -> Act:
    """Destroys all that leads to a guardian under one id; the act of it."""
    guardian, entries = family.guardian, family.entries
    place, now = common(family.places), as_stored(erasing.now)
    act = await _act(repository, family, place, erasing, tx)
    stored = (await repository.participants.entries([entry.id for entry in entries], tx)).values()
    accounts = [account for entry in stored for account in _accounts(entry, guardian.id)]
    decisions = [forget_guardian(entry, guardian.id, act.id, now) for entry in stored]
    await repository.participants.save([replace(decision, by=erasing.by) for decision in decisions], tx)
    rows = await repository.guardian_register.destroy(guardian, accounts, tx)
    rows["participants"] = len(decisions)
    apart = act.keys_apart and rows[KEYS] == rows["vault"]
    act = act.model_copy(update={"keys_apart": apart}).answered("registration", Cleared(at=act.erased_at, rows=rows))
    await repository.acts.add(act, erasing.by, tx)
    return act


async def _act(repository: Repository, family: _Family, place: Place, erasing: Erasing, tx: Transaction) -> Act:
    time = as_stored(erasing.now).astimezone(zone(place.utc_offset))
    id = family.guardian.id
    given = [consent for entry in family.entries for consent in consents_of(entry, id)]
    act = Act(
        id=erasing.number(time),
        guardian=id,
        place=place,
        erased_at=time,
        requested_by=erasing.requested_by,
        consents=tuple(dict.fromkeys(map(Proof.of, given))),  # a survivor has its duplicate's too
        children=tuple(entry.id for entry in family.entries),
    )
    return act.model_copy(update=await repository.sealed.keeping(tx))


def _accounts(entry: Participant, guardian: str) -> list[str]:
    linked = [entry.linked] if entry.merged is None else [entry.linked, entry.merged.before.linked]
    return [one[guardian] for one in linked if guardian in one]
