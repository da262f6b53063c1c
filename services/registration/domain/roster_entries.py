"""The words of a roster: what a school says of a class, its pupils, their guardians and consents."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.registration.domain.identities import GuardianKind, child_of
from services.registration.domain.templates import ConsentWords
from services.registration.name_index import Child
from shared.base.models import Count, Input
from shared.contracts.codes import ExceptionReason, OrganisationCode, SeasonCode
from shared.contracts.registration import ConsentChannel
from shared.programme.legal_entities import Inn, Ogrn
from shared.programme.moments import Day, Moment
from shared.programme.texts import ClassName, PersonKey, PersonName, Ref, ref_key

DOUBLED = "is the key of a guardian who is named otherwise before"
MOST_GUARDIANS = 6
"""Of a pupil, as schools' records have them: parents, their new spouses, a grandparent or an organisation."""


class GuardianEntry(Input):
    """A legal representative, by the school's own key."""

    ref: PersonKey
    """The school's own key of the guardian: children with the same one have the same guardian."""
    name: PersonName
    """Full name of a person, or the name of an organisation; it stays in the vault and is in no event."""
    kind: GuardianKind | None = None
    """`organisation` for an orphanage or a guardianship body, with `inn` or `ogrn`; left out, a new one is a person."""
    inn: Inn | None = None
    """ИНН of an organisation, ten digits; it stays in the vault and is in no event."""
    ogrn: Ogrn | None = None
    """ОГРН of an organisation, thirteen digits; it stays in the vault and is in no event."""

    @model_validator(mode="after")
    def _is_numbered_if_an_organisation(self) -> Self:
        numbered = self.inn is not None or self.ogrn is not None
        if numbered != (self.kind == "organisation"):
            raise PydanticCustomError("numbers", "an organisation, and nobody else, has `inn` or `ogrn`")
        return self

    @property
    def identity(self) -> dict[str, str]:
        """The parts that are sealed."""
        said = {"name": self.name, "kind": self.kind, "inn": self.inn, "ogrn": self.ogrn}
        return {field: text for field, text in said.items() if text is not None}


def once(guardians: Iterable[GuardianEntry]) -> list[GuardianEntry]:
    """The guardians, of several with one key the first."""
    found: dict[str, GuardianEntry] = {}
    for entry in guardians:
        found.setdefault(ref_key(entry.ref), entry)
    return list(found.values())


def doubled(guardians: Iterable[GuardianEntry]) -> Iterator[GuardianEntry]:
    """Yields those whose key stands before under another name: nobody could say which of them is meant."""
    names: dict[str, dict[str, str]] = {}
    return (entry for entry in guardians if names.setdefault(ref_key(entry.ref), entry.identity) != entry.identity)


class ConsentEntry(ConsentWords):
    """A consent that the school holds."""

    guardian: Ref | None = None
    """The school's own key of the guardian who gave it; the first on the line where it is left out."""
    by_pupil: bool = False
    """True where the pupil, who was of age then, gave it."""
    given_at: Moment
    """The time when it was given, RFC 3339 with an offset, not in the future."""
    channel: ConsentChannel
    """The way in which it was given: by Госуслуги, on paper, or in the guardian's cabinet."""


class PupilEntry(Input):
    """One line of a class list."""

    external_ref: PersonKey
    """The school's own key of the pupil, unique within the school: sent again, it is the same pupil."""
    name: PersonName
    """Full name; it stays in the vault and is in no event."""
    birth_date: Day
    """Date of birth as `2007-05-17`, for an age from 6 to 20; it stays in the vault and is in no event."""
    grade: Annotated[int, Field(ge=1, le=11)]
    """Year of school, the one that the class begins with and one of the season's."""
    disability: bool = False
    """Limited health or disability: told to the family and in suppressed sums alone."""
    guardian: GuardianEntry | None = None
    """The guardian who consents for the pupil; a cabinet is opened with the link code of the answer."""
    guardians: Annotated[tuple[GuardianEntry, ...], Count(0, MOST_GUARDIANS)] = ()
    """Further guardians, each with a link code of their own; those whom an earlier roster named stay."""
    namesake: bool = False
    """True for another child than the one whom the region knows by this name and birth date."""
    consent: ConsentEntry | None = None
    """A consent that the school holds; without one the pupil is registered, but cannot take part."""

    @cached_property
    def identity(self) -> dict[str, str]:
        """The parts of the line that are sealed."""
        return {"name": self.name, "birth_date": self.birth_date.isoformat()}

    @cached_property
    def child(self) -> Child:
        """The name and the birth date by which a region knows the pupil."""
        return child_of(self.identity)

    @cached_property
    def named(self) -> list[GuardianEntry]:
        """The guardians of the line, each once."""
        return once((*([self.guardian] if self.guardian else []), *self.guardians))

    def word_of(self, guardian: GuardianEntry) -> str:
        """The place of a guardian's key on the line."""
        return "guardian/ref" if guardian is self.guardian else f"guardians/{self.guardians.index(guardian)}/ref"


class RosterHeader(Input):
    """The class that a roster enters into a season."""

    season: SeasonCode
    school: OrganisationCode
    """Code of the school in the register."""
    school_class: Annotated[ClassName, Field(alias="class")]
    """The class as the school writes it, for instance «7А»."""
    occurred_at: Moment | None = None
    exception: ExceptionReason | None = None
    """The reason why an operator enters it outside the season, or after its last day of registration."""
