"""One pupil is amended on purpose, by the school or an operator: nothing is held for a slip or for another person."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from services.registration.domain.admission import foreign
from services.registration.domain.enrolment import Correctable, Enrolled, added, recognised, with_guardians
from services.registration.domain.identities import Identities
from services.registration.domain.participants import Participant
from services.registration.domain.roster_entries import DOUBLED, MOST_GUARDIANS, GuardianEntry, doubled, once
from services.registration.domain.school_ages import must_be_of_school_age
from services.registration.domain.school_keys import Guardians, NewGuardian
from shared.base.errors import BadInput, FieldError
from shared.base.models import Count, Input
from shared.identity.acting import Actor
from shared.programme.moments import Day, Moment
from shared.programme.texts import PersonName
from shared.storage.decision import Decision, Decisions, NewId

Issue = Callable[[Participant], Participant]
"""Gives a code to each guardian of a pupil, and to the pupil."""


class Amendment(Input):
    """The changes of one pupil; whatever is left out stays as it is."""

    name: PersonName | None = None
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
    def named(self) -> list[GuardianEntry]:
        """The guardians, each once."""
        return once(self.guardians)

    def word_of(self, guardian: GuardianEntry) -> str:
        """The place of a guardian's key in the amendment."""
        return f"guardians/{self.guardians.index(guardian)}/ref"

    def must_fit(self, day: date) -> None:
        """Raises BadInput for a birth date that no pupil has on a day, and for a key under two names."""
        if self.birth_date is not None:
            must_be_of_school_age(self.birth_date, day)
        faults = [FieldError(self.word_of(guardian), DOUBLED) for guardian in doubled(self.guardians)]
        if faults:
            raise BadInput.of(faults)

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

    def amend(self, amendment: Amendment, time: datetime, by: Actor | None, issue: Issue, new_id: NewId) -> Enrolled:
        """Changes what is said otherwise; a new guardian's code is issued.

        A guardian whom the pupil's former school named by the same name is the same person, under one more key.

        Raises Conflict for many guardians, and for a guardian of other pupils who plainly is somebody else.
        """
        pupil, school = self._pupil, self._pupil.place.school
        known = {guardian.ref: self.guardians.get(school, guardian.ref) for guardian in amendment.named}
        for guardian in amendment.named:
            if (id := known[guardian.ref]) is not None and id not in pupil.guardians:
                self.identities.must_be(id, amendment.word_of(guardian), guardian.identity)
        unknown = (guardian for guardian in amendment.named if known[guardian.ref] is None)
        for ref, id in recognised(pupil, unknown, self.identities).items():
            self.guardians.enter(school, ref, NewGuardian(id, by, is_known=True))
            known[ref] = id
        named = {ref: id or new_id() for ref, id in known.items()}
        state = with_guardians(pupil, named.values())
        if amendment.disability is not None and amendment.disability != pupil.disability:
            state = state.model_copy(update={"disability": amendment.disability, "disability_at": time})
        if state != pupil:
            state = issue(state)
            self.pupils.take(Decision(state, quiet=True), by)
        for guardian in amendment.named:
            if known[guardian.ref] is None:
                self.guardians.enter(school, guardian.ref, NewGuardian(named[guardian.ref], by))
                self.identities.enter(named[guardian.ref], time, **guardian.identity)
        corrected = tuple(dict.fromkeys(self._corrected(amendment, named, time, by)))
        return Enrolled(state, named, new=False, added=tuple(added(pupil, state)), corrected=corrected)

    def _corrected(
        self, amendment: Amendment, named: Mapping[str, str], time: datetime, by: Actor | None
    ) -> Iterator[Correctable]:
        pupil, since = self._pupil.id, max(self._pupil.seasons.values())
        yield from self.identities.correct(pupil, pupil, amendment.identity, time, by, since)
        for guardian in amendment.named:
            for _ in self.identities.correct(named[guardian.ref], pupil, guardian.identity, time, by):
                yield "guardian"

    def must_be_reached(self, amendment: Amendment) -> None:
        """Raises Forbidden where one who speaks for some classes alone names a guardian of another pupil."""
        for guardian in amendment.named:
            id = self.guardians.get(self._pupil.place.school, guardian.ref)
            if id is not None and id not in self._pupil.guardians:
                raise foreign(amendment.word_of(guardian), "this guardian")
