"""The pupils whom a principal reaches: as staff by place and class, as family by the accounts that are linked."""

from services.registration.domain.participant import Participant
from shared.base.errors import NotFound
from shared.identity.principal import Principal


class Reach:
    """The relation of one principal to pupils."""

    def __init__(self, who: Principal) -> None:
        self.account = who.account
        self.scope = who.scope
        self.is_guardian, self.is_pupil = who.has("guardian"), who.has("pupil")

    def covers(self, participant: Participant) -> bool:
        """True where the principal's grants cover the pupil, by place and class."""
        place = participant.place
        return self.scope.covers(place.region, place.municipality, place.school, school_class=place.school_class)

    def is_own(self, participant: Participant) -> bool:
        """True where the principal is the pupil."""
        return self.is_pupil and participant.account == self.account

    def guardian_of(self, participant: Participant) -> str | None:
        """The guardian of the pupil as whom the principal asks: by a linked account and the role of a guardian."""
        return participant.guardian_with(self.account) if self.is_guardian else None

    def keeps_consent_of(self, participant: Participant | None) -> Participant:
        """The participant, for staff in scope and linked guardians; raises NotFound for all others."""
        if participant is None or not (self.covers(participant) or self.guardian_of(participant)):
            raise NotFound("no such participant in your scope")
        return participant
