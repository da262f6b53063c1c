"""Two entries of one pupil become one, and two again: the survivor takes on what the duplicate had, and notes it."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from services.registration.domain.consents import give_consent, withdraw_consent
from services.registration.domain.enrolment import with_guardians
from services.registration.domain.links import link_account, link_guardian, unlink
from services.registration.domain.moves import must_be_active, remembered
from services.registration.domain.participants import NO_KEY, Adopted, Consent, Merged, Participant, former_key
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.registration import MergeRole, Merging, ParticipantMerged, ParticipantUnmerged
from shared.programme.moments import zone
from shared.programme.texts import Id, ref_key
from shared.storage.decision import Decision, Happened

MOST_DUPLICATES = 10
"""Of one pupil: each is written whenever a consumer meets one of them."""


class MergeRequest(Input):
    """Two entries that are one pupil."""

    survivor: Id
    """Id of the entry under which the pupil goes on."""
    duplicate: Id
    """Id of the entry that is taken into it; it leads to the survivor from then on."""


class Pair(NamedTuple):
    """The decisions about both entries."""

    survivor: Decision[Participant]
    duplicate: Decision[Participant]


def merge(survivor: Participant, duplicate: Participant, same: Mapping[str, str], time: datetime) -> Pair:
    """Takes the duplicate into the survivor; nothing happens where that is so already.

    `same` is the guardian of the survivor who is the same person as one of the duplicate, by the latter's id; two who
    have cabinets of different accounts are not. Raises
    BadInput for one entry twice, Conflict for one in the archive, one that is merged otherwise, or too many.
    """
    if survivor.id == duplicate.id:
        raise BadInput.field("duplicate", "is the survivor")
    if duplicate.merged is not None and duplicate.merged.into == survivor.id:
        return Pair(Decision(survivor), Decision(duplicate))
    _must_be_free(survivor, duplicate)
    clock = zone(survivor.place.utc_offset)
    local = time.astimezone(clock)
    adopted = _adopted(survivor, duplicate, same, local)
    kept = dict.fromkeys((*survivor.kept, *(same.get(guardian, guardian) for guardian in duplicate.kept)))
    state = _with(survivor, duplicate, adopted).model_copy(update={"kept": tuple(kept)})
    happened = [Happened(_told(ParticipantMerged, state, "survivor", duplicate), local)]
    for decision in _steps(state, duplicate, same, local, clock):
        state = decision.state
        happened += decision.happened
    opened = {guardian: account for guardian, account in state.linked.items() if guardian not in survivor.linked}
    adopted = adopted.model_copy(
        update={
            "cabinets": opened,
            "account": state.account if state.account != survivor.account else None,
            "consent": state.consents[-1] if len(state.consents) > len(survivor.consents) else None,
        }
    )
    state = state.model_copy(update={"duplicates": {**survivor.duplicates, duplicate.id: adopted}})
    there = time.astimezone(zone(duplicate.place.utc_offset))
    gone = Happened(_told(ParticipantMerged, duplicate, "duplicate", survivor), there)
    return Pair(Decision(state, tuple(happened)), Decision(_stub(duplicate, survivor.id, there), (gone,)))


def unmerge(survivor: Participant, duplicate: Participant, time: datetime) -> Pair:
    """Gives the duplicate back what it had; what was entered meanwhile stays with the survivor.

    Raises Conflict where the one was not merged into the other.
    """
    adopted = survivor.duplicates.get(duplicate.id)
    if adopted is None or duplicate.merged is None or duplicate.merged.into != survivor.id:
        raise Conflict("the entries are not merged", slug="not-merged")
    local = time.astimezone(zone(survivor.place.utc_offset))
    happened = [Happened(_told(ParticipantUnmerged, survivor, "survivor", duplicate), local)]
    state = survivor
    for decision in _undone(state, adopted, local):
        happened += decision.happened
        state = decision.state
    there = time.astimezone(zone(duplicate.place.utc_offset))
    back = _back(duplicate, duplicate.merged.before)
    parted = Happened(_told(ParticipantUnmerged, back, "duplicate", survivor), there)
    return Pair(Decision(_without(state, duplicate.id, adopted), tuple(happened)), Decision(back, (parted,)))


def _must_be_free(survivor: Participant, duplicate: Participant) -> None:
    for word, pupil in (("survivor", survivor), ("duplicate", duplicate)):
        must_be_active(pupil, word)
        if pupil.merged is not None:
            raise Conflict.about(word, "the entry is merged into another one", "merged-already")
    if duplicate.duplicates:
        detail = "others were merged into this entry: let it be the survivor, or part them first"
        raise Conflict.about("duplicate", detail, "has-duplicates")
    if len(survivor.duplicates) >= MOST_DUPLICATES:
        raise Conflict.about("survivor", f"{MOST_DUPLICATES} entries are merged into this one", "too-many-duplicates")


def _adopted(survivor: Participant, duplicate: Participant, same: Mapping[str, str], time: datetime) -> Adopted:
    """Returns what the survivor takes on without an event."""
    earlier = {
        season: survivor.seasons.get(season)
        for season, entered in duplicate.seasons.items()
        if season not in survivor.seasons or entered < survivor.seasons[season]
    }
    own = () if duplicate.lost else (former_key(duplicate.place.school, _folded(duplicate)),)
    keys = tuple(key for key in dict.fromkeys((*own, *duplicate.former)) if key not in survivor.former)
    guardians = tuple(g for g in duplicate.guardians if g not in same and g not in survivor.guardians)
    is_disabled = duplicate.disability and not survivor.disability
    return Adopted(at=time, guardians=guardians, seasons=earlier, former=keys, disability=is_disabled)


def _folded(pupil: Participant) -> str:
    return pupil.ref_key or ref_key(pupil.external_ref)


def _with(survivor: Participant, duplicate: Participant, adopted: Adopted) -> Participant:
    state = with_guardians(survivor, adopted.guardians)
    return state.model_copy(
        update={
            "placements": survivor.history,
            "seasons": survivor.seasons | {season: duplicate.seasons[season] for season in adopted.seasons},
            "former": (*survivor.former, *adopted.former),
            "disability": survivor.disability or duplicate.disability,
        }
    )


def _steps(
    state: Participant, duplicate: Participant, same: Mapping[str, str], time: datetime, clock: tzinfo
) -> Iterator[Decision[Participant]]:
    """Yields what the survivor takes on by events of its own, each over the one before: cabinets, and a consent."""
    for guardian, account in duplicate.linked.items():
        own = same.get(guardian, guardian)
        if own not in state.linked:
            decision = link_guardian(state, own, account, time)
            state = decision.state
            yield decision
    if duplicate.account is not None and state.account is None:
        decision = link_account(state, duplicate.account, time)
        state = decision.state
        yield decision
    theirs = duplicate.consent_at(time)
    if theirs is not None and state.consent_at(time) is None:
        with suppress(Conflict):  # the survivor's own withdrawal came later, and holds
            yield give_consent(state, _own(theirs, same, clock))


def _own(consent: Consent, same: Mapping[str, str], clock: tzinfo) -> Consent:
    giver = same.get(consent.guardian, consent.guardian)
    until = consent.until and consent.until.astimezone(clock)
    given = consent.given_at.astimezone(clock)
    return consent.model_copy(update={"guardian": giver, "given_at": given, "until": until})


def _undone(state: Participant, adopted: Adopted, time: datetime) -> Iterator[Decision[Participant]]:
    """Yields the ends of what was taken on by events, each over the one before, as far as it is still there."""
    for guardian, account in adopted.cabinets.items():
        if state.linked.get(guardian) == account:
            decision = unlink(state, guardian, "staff", time)
            state = decision.state
            yield decision
    if adopted.account is not None and state.account == adopted.account:
        decision = unlink(state, None, "staff", time)
        state = decision.state
        yield decision
    if adopted.consent is not None and state.consent == adopted.consent:
        yield withdraw_consent(state, max(time, adopted.consent.given_at))


def _back(duplicate: Participant, before: Participant) -> Participant:
    """Returns the entry as it was before, where it is by now: its school may have gone elsewhere meanwhile."""
    back = before.model_copy(update={"sequence": duplicate.sequence})
    if duplicate.placements == before.history:
        return back
    back = back if before.place.school == duplicate.place.school else remembered(back, before.place.school)
    return back.model_copy(update={"place": duplicate.place, "placements": duplicate.placements})


def _without(state: Participant, duplicate: str, adopted: Adopted) -> Participant:
    """Returns the survivor without what was taken on; a guardian who has acted for it since stays."""
    givers = {consent.guardian for consent in state.consents if consent.given_at > adopted.at}
    stay = {*state.linked, *givers}
    gone = {guardian for guardian in adopted.guardians if guardian not in stay}
    before: dict[str, Any] = {season: time for season, time in adopted.seasons.items() if time is not None}
    seasons = {season: time for season, time in state.seasons.items() if season not in adopted.seasons} | before
    return state.model_copy(
        update={
            "guardians": tuple(guardian for guardian in state.guardians if guardian not in gone),
            "codes": tuple(code for code in state.codes if code.guardian not in gone),
            "issued": {owner: times for owner, times in state.issued.items() if owner not in gone},
            "revoked": tuple(owner for owner in state.revoked if owner not in gone),
            "kept": tuple(guardian for guardian in state.kept if guardian not in gone),
            "seasons": seasons,
            "former": tuple(key for key in state.former if key not in adopted.former),
            "disability": state.disability and not adopted.disability,
            "duplicates": {id: other for id, other in state.duplicates.items() if id != duplicate},
        }
    )


def _stub(duplicate: Participant, into: str, time: datetime) -> Participant:
    """Returns the row that is left: it leads to the survivor, and nobody finds it by a key, a code or an account."""
    return Participant(
        id=duplicate.id,
        sequence=duplicate.sequence,
        place=duplicate.place,
        placements=duplicate.history,
        external_ref=f"{NO_KEY}{duplicate.id}",
        seasons=duplicate.seasons,
        merged=Merged(into=into, at=time, before=duplicate),
    )


def _told(kind: type[Merging], pupil: Participant, role: MergeRole, other: Participant) -> Merging:
    return kind(**pupil.place.event_fields(pupil.id), role=role, other=other.id, other_region=other.place.region)
