"""Who may act for which pupil, and when it is taken to have happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from services.trials.copies import Participant
from services.trials.refusals import UnknownParticipant, not_yet
from shared.base.errors import BadInput
from shared.identity.acting import Actor
from shared.identity.principal import Principal
from shared.programme.moments import happened_at


def is_staff_of(who: Principal, pupil: Participant) -> bool:
    """Whether a grant of `who` covers the place where the pupil belongs."""
    return who.scope.covers(pupil.region, pupil.municipality, pupil.school, school_class=pupil.school_class)


def reaches(who: Principal, pupil: Participant) -> bool:
    """Whether `who` is staff of the pupil's place, or family: a token grants a role, a link says for whom.

    A guardian's account that claims to be a pupil is not the pupil.
    """
    family = any(link.account == who.account and who.has(link.role) for link in pupil.accounts)
    return family or is_staff_of(who, pupil)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a principal acts for pupils: those known among the named ones, and the offsets of their regions."""

    who: Principal
    now: datetime
    pupils: Mapping[str, Participant]
    zones: Mapping[str, tzinfo]
    by: Actor | None = None
    """The principal with the route, as states keep who changed them."""
    _staffed: dict[tuple[str, ...], bool] = field(default_factory=dict)

    def pupil(self, id: str, field: str) -> Participant:
        """The pupil; raises UnknownParticipant outside the scope, and before registration's event has arrived."""
        pupil = self.pupils.get(id)
        if pupil is None or not (self._is_staff(pupil) or reaches(self.who, pupil)):
            raise UnknownParticipant.named(field)
        return pupil

    def time(self, pupil: Participant, given: datetime | None, field: str) -> datetime:
        """When the command's fact happened: staff may say so, a family acts now."""
        if given is not None and not self._is_staff(pupil):
            raise BadInput.field(field, "only staff say when it happened")
        return happened_at(given, self.now, self.zone(pupil.region), field)

    def _is_staff(self, pupil: Participant) -> bool:
        """As `is_staff_of`, asked once for each class: a batch is mostly one."""
        place = (pupil.region, pupil.municipality, pupil.school, pupil.school_class)
        if place not in self._staffed:
            self._staffed[place] = is_staff_of(self.who, pupil)
        return self._staffed[place]

    def zone(self, region: str) -> tzinfo:
        """The offset of a region; raises NotKnownYet before registration's event has arrived."""
        return known_zone(self.zones, region)


def known_zone(zones: Mapping[str, tzinfo], region: str) -> tzinfo:
    """The offset of a region; raises NotKnownYet before registration's event has arrived."""
    if region not in zones:
        raise not_yet("organisation-unknown", "", f"region {region} is not known here yet")
    return zones[region]
