"""A caller: for which pupils one may act, and when that is taken to have happened; and which pupils may take part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Generic, NamedTuple, TypeVar

from services.trials.copies.participants import UNSET, Participant
from services.trials.domain.calendar.season_terms import Side
from services.trials.domain.calendar.seasons import Season
from shared.base.errors import BadInput, Conflict, NotFound, NotKnownYet
from shared.contracts.codes import ExceptionReason
from shared.identity.acting import Actor
from shared.identity.exceptions import is_operator
from shared.identity.family import is_family
from shared.identity.principal import Principal
from shared.programme.clocks import Clocks
from shared.programme.moments import happened_at, zone

T = TypeVar("T")
CONSENT_UNDER_WAY = timedelta(seconds=30)
"""The consent sent in the same roster as a registration may be on its way here for so long after it."""


class UnknownParticipant(NotFound):
    """Not there, outside the caller's scope, or not known here yet: one answer, so that nobody learns who exists.

    It can be sent again, since a pupil who has just been registered is known here a moment later.
    """

    slug, retryable = "participant-unknown", True


@dataclass(frozen=True, slots=True)
class Taken(Generic[T]):
    """The step that a command took, or found taken."""

    step: T
    participant: str
    """Whose it is: where the command named an entry that was merged into another one, that one."""

    def merged_into(self, named: str | None) -> str | None:
        """Returns whose it is where that is not the one who was named."""
        return None if named == self.participant else self.participant


class Said(NamedTuple):
    """The time that a command says, with the operator's reason for an exception, if any."""

    occurred_at: datetime | None = None
    exception: ExceptionReason | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal who acts for pupils: those known among the named ones, and the clocks of their regions."""

    who: Principal
    now: datetime
    pupils: Mapping[str, Participant]
    """By the id of any of their entries; the scope is judged by the survivor alone."""
    zones: Clocks
    by: Actor | None = None
    """The principal with the route, as states keep who changed them."""
    _staffed: dict[tuple[str, ...], bool] = field(default_factory=dict)

    def pupil(self, id: str) -> Participant:
        """Returns the pupil; raises UnknownParticipant outside the scope, and before registration's event is here."""
        pupil = self.pupils.get(id)
        if pupil is None or not (self._is_staff(pupil) or reaches(self.who, pupil)):
            detail = "no such participant in your scope; one who has just been registered is known here in a moment"
            raise UnknownParticipant.about("participant", detail)
        return pupil

    def time(self, pupil: Participant, given: datetime | None) -> datetime:
        """Returns when the command's fact happened: staff may say so, a family acts now."""
        if given is not None and not self._is_staff(pupil):
            raise BadInput.field("occurred_at", "only staff say when it happened")
        return happened_at(given, self.now, clock_of(self.zones, pupil))

    def is_operator(self, pupil: Participant) -> bool:
        """Tells whether an operator's grant covers the place where the pupil belongs."""
        return is_operator(self.who, pupil.region, pupil.municipality, pupil.school)

    def side(self, pupil: Participant) -> Side | None:
        """Returns for whom a pupil's seat is given up: the school or the family; None for an operator."""
        if self.is_operator(pupil):
            return None
        return "school" if self._is_staff(pupil) else "family"

    def _is_staff(self, pupil: Participant) -> bool:
        """As `is_staff_of`, asked once for each class: a batch is mostly one."""
        place = (pupil.region, pupil.municipality, pupil.school, pupil.school_class)
        if place not in self._staffed:
            self._staffed[place] = is_staff_of(self.who, pupil)
        return self._staffed[place]


def is_staff_of(who: Principal, pupil: Participant) -> bool:
    """Tells whether a grant of `who` covers the place where the pupil belongs, who is nobody's once erased."""
    return not pupil.erased and who.scope.covers(
        pupil.region, pupil.municipality, pupil.school, school_class=pupil.school_class
    )


def reaches(who: Principal, pupil: Participant) -> bool:
    """Tells whether `who` is staff of the pupil's place, or family."""
    return is_family(who, pupil.accounts) or is_staff_of(who, pupil)


def known_zone(zones: Clocks, region: str, municipality: str | None) -> tzinfo:
    """Returns the clock of a place; raises NotKnownYet before registration's event has arrived."""
    return _known(zones.of(region, municipality), region)


def clock_of(zones: Clocks, pupil: Participant) -> tzinfo:
    """Returns the clock of a pupil, which is that of the place of each day; raises as `known_zone` does."""
    return _known(zones.of_regions(pupil.stays), pupil.region)


def _known(clock: str | None, region: str) -> tzinfo:
    if clock is None:
        raise NotKnownYet(f"region {region} is not known here yet", slug="organisation-unknown")
    return zone(clock)


def must_take_part(pupil: Participant, season: Season, begins: datetime, ends: datetime, now: datetime) -> None:
    """Raises unless the pupil is registered in the season, with a consent that was in force for all of a time.

    The time may lie before: what happened while a consent was in force counts, however late it is recorded. In the
    archive nobody takes part.
    An attempt takes an instant; a seat is held from the booking until the slot begins.
    """
    entry = pupil.seasons.get(season.id)
    if entry is None:
        raise NotKnownYet.about("participant", f"not known to be registered in season {season.id}", "not-in-season")
    if pupil.absence(begins, ends):
        raise Conflict.about("participant", "the pupil is in the archive for some of that time", "participant-archived")
    if pupil.has_consent(begins, ends):
        return
    if pupil.consent_set_by == UNSET and now - entry.recorded < CONSENT_UNDER_WAY:
        raise NotKnownYet.about("participant", "no consent has arrived yet", "consent-missing")
    if pupil.consent:
        raise Conflict.about("participant", "no consent is in force for all of that time", "consent-missing")
    detail = "no consent is in force for all of that time; one just given is known here in a moment"
    raise Conflict.about("participant", detail, "consent-missing")
