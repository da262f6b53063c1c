"""A caller: for which pupils one may act, as staff by place and class, as family by the accounts that are linked."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.registration.domain.participants import Participant
from services.registration.domain.placements import Place
from shared.base.errors import NotFound
from shared.contracts.registration import Side
from shared.identity.family import FamilyLink
from shared.identity.principal import Principal


def must_reach(who: Principal, places: Iterable[Place | None]) -> None:
    """Raises Forbidden unless a grant covers every one of these places, with its class."""
    for place in places:
        if place is not None:
            who.scope.must_cover(place.region, place.municipality, place.school, school_class=place.school_class)


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal in relation to pupils."""

    who: Principal

    def is_staff_of(self, pupil: Participant) -> bool:
        """Tells whether a grant covers the place and the class of the pupil, who is nobody's once erased."""
        place = pupil.place
        covers = self.who.scope.covers
        is_there = pupil.erased_at is None
        return is_there and covers(place.region, place.municipality, place.school, school_class=place.school_class)

    def staff_s(self, pupil: Participant | None) -> Participant:
        """Returns the pupil to staff in scope; raises NotFound to all others."""
        if pupil is None or not self.is_staff_of(pupil):
            raise NotFound("no such participant in your scope")
        return pupil

    def is_pupil(self, pupil: Participant) -> bool:
        """Tells whether the caller is the pupil."""
        return pupil.account is not None and FamilyLink(account=pupil.account, role="pupil").admits(self.who)

    def guardian_of(self, pupil: Participant) -> str | None:
        """Returns the guardian as whom the caller acts for the pupil, by a linked account and the role of one."""
        links = {guardian: FamilyLink(account=account, role="guardian") for guardian, account in pupil.linked.items()}
        return next((guardian for guardian, link in links.items() if link.admits(self.who)), None)

    def closes(self, pupil: Participant, guardian: str | None) -> Side | None:
        """Returns the side on which the caller may close a cabinet of the pupil, of a guardian or the pupil's own."""
        is_there = guardian is None or guardian in pupil.guardians
        if is_there and self.is_staff_of(pupil):
            return "staff"
        if guardian is None:
            return "family" if self.is_pupil(pupil) else None
        account = pupil.linked.get(guardian)
        is_own = account is not None and FamilyLink(account=account, role="guardian").admits(self.who)
        return "family" if is_own else None

    def keeps_consent_of(self, pupil: Participant | None) -> Participant:
        """Returns the pupil to staff in scope and linked guardians; raises NotFound to all others."""
        if pupil is None or not (self.is_staff_of(pupil) or self.guardian_of(pupil)):
            raise NotFound("no such participant in your scope")
        return pupil

    def decides_about(self, pupil: Participant | None) -> Participant:
        """Returns the pupil to whom `keeps_consent_of` does, and to the pupil; raises NotFound to all others."""
        return pupil if pupil is not None and self.is_pupil(pupil) else self.keeps_consent_of(pupil)
