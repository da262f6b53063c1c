"""One pupil is amended on purpose, by the school or an operator: nothing is held for a slip or for another person."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from services.registration.codes import Codes
from services.registration.domain.enrolment import Correctable, Enrolled, added, foreign, with_guardians
from services.registration.domain.identities import Identities
from services.registration.domain.participants import NewId, Participant
from services.registration.domain.rosters import MOST_GUARDIANS, GuardianEntry, must_be_of_school_age
from services.registration.domain.school_keys import Guardians, NewGuardian
from shared.base.models import Count, Input
from shared.identity.acting import Actor
from shared.programme.moments import Day, Moment
from shared.programme.texts import Name
from shared.storage.decision import Decision, Decisions


class Amendment(Input):
    """The changes of one pupil; whatever is left out stays as it is."""

    name: Name | None = None
    """Full name; it stays in the vault and is in no event."""
    birth_date: Day | None = None
    """Date of birth as `2007-05-17`, for an age from 6 to 20; it stays in the vault and is in no event."""
    disability: bool | None = None
    """Limited health or disability: told to the family and in suppressed sums alone."""
    guardians: Annotated[tuple[GuardianEntry, ...], Count(0, MOST_GUARDIANS)] = ()
    """Guardians by the school's own keys: new ones are added, the names of known ones are corrected."""
    occurred_at: Moment | None = None
    """The time from which it is known, RFC 3339 with an offset; now where it is left out."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.identity and self.disability is None and not self.guardians:
            raise PydanticCustomError("nothing", "says nothing that could be changed")
        return self

    @property
    def identity(self) -> dict[str, str]:
        """The parts that are sealed."""
        said = {"name": self.name, "birth_date": self.birth_date and self.birth_date.isoformat()}
        return {field: value for field, value in said.items() if value}


class AmendmentBatch:
    """All that an amendment writes."""

    def __init__(self, pupil: Participant, guardians: Guardians, identities: Identities) -> None:
        self.pupils = Decisions([pupil])
        self.guardians = guardians
        self.identities = identities
        self._pupil = pupil

    def amend(self, amendment: Amendment, time: datetime, by: Actor | None, codes: Codes, new_id: NewId) -> Enrolled:
        """Changes what is said otherwise; raises BadInput for a birth date of no pupil, Conflict for many guardians."""
        pupil, school = self._pupil, self._pupil.place.school
        if amendment.birth_date is not None:
            must_be_of_school_age(amendment.birth_date, time.date())
        known = {guardian.ref: self.guardians.get(school, guardian.ref) for guardian in amendment.guardians}
        named = {ref: id or new_id() for ref, id in known.items()}
        disability = pupil.disability if amendment.disability is None else amendment.disability
        state = with_guardians(pupil, named.values()).model_copy(update={"disability": disability})
        if state != pupil:
            state = state.with_codes(codes)
            self.pupils.take(Decision(state, quiet=True), by)
        for guardian in amendment.guardians:
            if known[guardian.ref] is None:
                self.guardians.enter(school, guardian.ref, NewGuardian(named[guardian.ref], by))
                self.identities.enter(named[guardian.ref], time, name=guardian.name)
        corrected = tuple(dict.fromkeys(self._corrected(amendment, named, time, by)))
        return Enrolled(state, named, new=False, added=tuple(added(pupil, state)), corrected=corrected)

    def _corrected(
        self, amendment: Amendment, named: Mapping[str, str], time: datetime, by: Actor | None
    ) -> Iterator[Correctable]:
        yield from self.identities.correct(self._pupil.id, self._pupil.id, amendment.identity, time, by)
        for guardian in amendment.guardians:
            for _ in self.identities.correct(named[guardian.ref], self._pupil.id, {"name": guardian.name}, time, by):
                yield "guardian"

    def must_be_reached(self, amendment: Amendment) -> None:
        """Raises Forbidden where one who speaks for some classes alone names a guardian of another pupil."""
        for place, guardian in enumerate(amendment.guardians):
            id = self.guardians.get(self._pupil.place.school, guardian.ref)
            if id is not None and id not in self._pupil.guardians:
                raise foreign(f"guardians/{place}/ref", "this guardian")
