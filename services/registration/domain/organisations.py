"""The register of organisations: regions, their municipalities, and the schools and venue owners in them."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from shared.base.errors import Conflict, FieldError, NotFound
from shared.base.wording import worded
from shared.contracts.organisations import ClockChange, Level, OrganisationKind
from shared.programme.clocks import Clocks
from shared.programme.moments import LocalTime
from shared.storage.decision import Aggregate

NATION = "RU"
ALWAYS = ""
"""The day of what has been so from the beginning: before every other."""


class Parentage(BaseModel):
    """The organisation above from a day on."""

    model_config = ConfigDict(frozen=True)

    day: str
    """The local day, `2020-09-14`, or `ALWAYS`."""
    parent: str


class Closing(BaseModel):
    """The end of an organisation, and the one that goes on in its place, if one does."""

    model_config = ConfigDict(frozen=True)

    at: LocalTime
    into: str | None = None

    @property
    def day(self) -> str:
        """The local day on which it is no longer there."""
        return self.at.date().isoformat()


class Organisation(Aggregate):
    """One entry of the register; its id is its code."""

    kind: OrganisationKind
    name: str
    parent: str
    region: str
    municipality: str | None = None
    """The municipality itself for a municipality; none for a region."""
    utc_offset: str
    """Its clock with all changes, as `zone` reads it; the row may have an older one."""
    clocks: tuple[ClockChange, ...] | None = None
    """The changes of a clock of its own; None where it has that of the organisation above."""
    level: Level | None = None
    inn: str | None = None
    ogrn: str | None = None
    parents: tuple[Parentage, ...] = ()
    """By day, one a day; none where it has always lain where it lies."""
    closed: Closing | None = None
    carried: str | None = None
    """The last of the pupils who were brought along where it went, by id; None where nobody is left."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The organisation of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})

    def on(self, clocks: Clocks) -> Self:
        """The organisation on the clock of its region or municipality; of several, that of each day decides."""
        if self.parents:
            clock = clocks.of_stays(self.region, [(told.day, told.parent) for told in self.parents])
        else:
            clock = clocks.of(self.region, self.municipality)
        return self if clock in (None, self.utc_offset) else self.model_copy(update={"utc_offset": clock})

    def parent_on(self, day: str) -> str:
        """The code of the organisation above on a day."""
        return next((told.parent for told in reversed(self.parents) if told.day <= day), self.parent)

    @property
    def place(self) -> tuple[str, str | None, str | None]:
        """Region, municipality and school, for a scope; only a school has the last."""
        return self.region, self.municipality, self.id if self.kind == "school" else None


def known_school(found: Organisation | None, code: str, word: str) -> Organisation:
    """The organisation that a request names by a word; raises NotFound where it is not in the register."""
    if found is None:
        errors = [FieldError(word, "is not in the register")]
        raise NotFound(worded("no school {code} in the register", code=code), slug="school-unknown", errors=errors)
    return found


def known_organisation(found: Organisation | None, code: str, word: str) -> Organisation:
    """The organisation that a request names by a word; raises NotFound where it is not in the register."""
    if found is None:
        errors = [FieldError(word, "is not in the register")]
        raise NotFound(worded("{code} is not in the register", code=code), slug="organisation-unknown", errors=errors)
    return found


def must_be_open(organisation: Organisation, word: str) -> None:
    """Raises Conflict for a closed organisation, which the request names by a word; it says where to go instead."""
    closed = organisation.closed
    if closed is not None:
        detail = worded("{code} was closed on {day}", code=organisation.id, day=closed.day)
        if closed.into is not None:
            detail = worded(
                "{code} was closed on {day}: {into} goes on in its place",
                code=organisation.id,
                day=closed.day,
                into=closed.into,
            )
        raise Conflict.about(word, detail, "organisation-closed")
