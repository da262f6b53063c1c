"""Erasure of a guardian: her children go on without her, and what she consented to stays in force. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime

from services.registration.domain.participants import Adopted, Consent, Participant
from services.registration.domain.placements import Place
from shared.base.errors import Forbidden, NotFound
from shared.contracts.guardians import GuardianErased
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.storage.decision import Decision, Happened

ERASED = ""
"""Stands for the giver of a consent who was erased."""
AREAS = ("region", "municipality", "school")


def forget_guardian(entry: Participant, guardian: str, act: str, now: datetime) -> Decision[Participant]:
    """Takes a guardian out of an entry of a child, also where it was merged into another one.

    The cabinet ends by the erasure itself: a `guardian.unlinked` would say that it was closed, and figures would count
    one guardian less, as they do not for an erased pupil.
    """
    hers = entry.linked if entry.merged is None else entry.merged.before.linked
    fields = entry.place.event_fields(entry.id)
    event = GuardianErased(**fields, guardian=guardian, account=hers.get(guardian), act=act)
    time = now.astimezone(zone(entry.place.utc_offset))
    return Decision(_without(entry, guardian), (Happened(event, time),))


def has_guardian(entry: Participant, guardian: str) -> bool:
    """Tells whether an entry, or what it was before it was merged, knows a guardian."""
    return _without(entry, guardian) != entry


def consents_of(entry: Participant, guardian: str) -> list[Consent]:
    """The consents that a guardian gave for a child, also for an entry before it was merged."""
    before = [] if entry.merged is None else consents_of(entry.merged.before, guardian)
    return before + [consent for consent in entry.consents if consent.guardian == guardian]


def common(places: Iterable[Place]) -> Place:
    """Returns the area that all of these places lie in: a part in which they differ is empty, and all below it."""
    first, *others = places
    common, same = first.model_copy(update={"school_class": "", "grade": 0}), True
    for area in AREAS:
        same = same and all(getattr(other, area) == getattr(first, area) for other in others)
        if not same:
            common = common.model_copy(update={area: ""})
    return common


def must_reach_all(who: Principal, places: Collection[Place]) -> None:
    """Raises NotFound where a grant covers none of these places, and Forbidden, which says who may, unless all."""
    reached = [who.scope.covers(place.region, place.municipality, place.school) for place in places]
    if not any(reached):
        raise NotFound("no such guardian in your scope")
    if not all(reached):
        region = common(places).region
        may = f"an operator of region {region} or of the nation may" if region else "the national operator may"
        raise Forbidden(f"she has children outside your scope too: {may}", slug="children-elsewhere")


def _without(entry: Participant, guardian: str) -> Participant:
    merged = entry.merged
    if merged is not None:
        merged = merged.model_copy(update={"before": _without(merged.before, guardian)})
    return entry.model_copy(
        update={
            "guardians": tuple(id for id in entry.guardians if id != guardian),
            "linked": {id: account for id, account in entry.linked.items() if id != guardian},
            "codes": tuple(code for code in entry.codes if code.guardian != guardian),
            "issued": {owner: times for owner, times in entry.issued.items() if owner != guardian},
            "revoked": tuple(owner for owner in entry.revoked if owner != guardian),
            "kept": tuple(id for id in entry.kept if id != guardian),
            "consents": tuple(_nameless(consent, guardian) for consent in entry.consents),
            "duplicates": {id: _adopted_without(adopted, guardian) for id, adopted in entry.duplicates.items()},
            "merged": merged,
        }
    )


def _adopted_without(adopted: Adopted, guardian: str) -> Adopted:
    return adopted.model_copy(
        update={
            "guardians": tuple(id for id in adopted.guardians if id != guardian),
            "cabinets": {id: account for id, account in adopted.cabinets.items() if id != guardian},
            "consent": adopted.consent and _nameless(adopted.consent, guardian),
        }
    )


def _nameless(consent: Consent, guardian: str) -> Consent:
    return consent.model_copy(update={"guardian": ERASED}) if consent.guardian == guardian else consent
