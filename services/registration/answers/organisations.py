"""Organisations of the register as they are shown."""

from collections.abc import Mapping

from services.registration.domain.organisations import Organisation
from shared.base.models import Answer
from shared.contracts.organisations import ClockChange, Level, OrganisationKind
from shared.http.paging import Page
from shared.programme.clocks import first_offset
from shared.programme.moments import LocalTime

OrganisationNames = Mapping[str | None, str]
"""The names of organisations in the register, by code."""


class ClosingView(Answer):
    """The end of an organisation."""

    at: LocalTime
    """The time from whose local day on it is no longer there, on the region's clock."""
    into: str | None
    """Code of the organisation that goes on in its place; null where none does."""


class OrganisationView(Answer):
    """One entry of the register."""

    code: str
    """The organisation's code, which never changes."""
    kind: OrganisationKind
    """A region, a municipality, or a kind that lies in one."""
    name: str
    """Official name, in Russian."""
    parent: str
    """Code of the organisation above; a region's is `RU`."""
    region: str
    """Code of the region in which it lies; a region's is its own."""
    municipality: str | None
    """Code of the municipality in which it lies, a municipality's is its own; null for a region."""
    utc_offset: str
    """The offset of its clock before all changes, for instance `+03:00`: of the municipality where that has a clock of
    its own, else of the region."""
    clocks: list[ClockChange] | None
    """Every change of its own clock by law, the earliest first; null for what has the clock of where it lies."""
    level: Level | None
    """A school's level of the career-guidance minimum: базовый, основной, продвинутый; null for all else."""
    inn: str | None
    """ИНН of the legal entity; null where it was not given."""
    ogrn: str | None
    """ОГРН of the legal entity; null where it was not given."""
    closed: ClosingView | None
    """Where and when it went; null as long as it is there."""

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationView":
        """The entry of an organisation."""
        closed = organisation.closed
        shown = organisation.model_dump(include=set(cls.model_fields) - {"closed", "utc_offset"})
        return cls(
            code=organisation.id,
            closed=closed and ClosingView(at=closed.at, into=closed.into),
            utc_offset=first_offset(organisation.utc_offset),
            **shown,
        )


class NamedOrganisation(OrganisationView):
    """One entry of the register with the names of where it belongs; null for the nation, and for none."""

    parent_name: str | None
    """Name of the organisation above."""
    region_name: str | None
    """Name of the region, in Russian; null while its definition is missing."""
    municipality_name: str | None
    """Name of the municipality, in Russian; null while its definition is missing."""

    @classmethod
    def named(cls, organisation: Organisation, names: OrganisationNames) -> "NamedOrganisation":
        """The entry of an organisation with names of the others."""
        return cls(
            **OrganisationView.of(organisation).model_dump(),
            parent_name=names.get(organisation.parent),
            region_name=names.get(organisation.region),
            municipality_name=names.get(organisation.municipality),
        )


class CarriedView(Answer):
    """An organisation that went elsewhere or closed, and all that went with it by this call."""

    organisation: NamedOrganisation
    """The organisation as it is by now."""
    organisations: int
    """Organisations of a closed municipality that went to the next one."""
    pupils: int
    """Pupils who went along."""
    rekeyed: int
    """Pupils of a closed school whose key another pupil of the next school has: theirs begins with the code of the
    closed school and `/`, or is their id where that would be too long."""
    done: bool
    """False where pupils are left: the same call again goes on with them."""


class RegionsView(Answer):
    """The fates of the standard's regions that were asked for."""

    entered: list[str]
    """Codes of those that are new to the register."""
    known: list[str]
    """Codes of those that were there, and stay as they are."""
    taken: list[str]
    """Codes that another organisation has, in this case of their letters or in another one."""


class OrganisationPage(Page[NamedOrganisation]):
    """Organisations by their codes."""
