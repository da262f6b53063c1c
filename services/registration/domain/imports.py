"""Imports: files of classes and schools, entered behind the request that has sent them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from shared.base.errors import Conflict, ServiceError, Unavailable
from shared.base.wording import restored, stored
from shared.contracts.codes import ExceptionReason, OrganisationCode, SeasonCode
from shared.identity.acting import Actor
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.programme.moments import LocalTime
from shared.programme.texts import ClassName

State = Literal["receiving", "waiting", "running", "done", "refused", "broken-off", "cancelled"]
OVER: frozenset[State] = frozenset({"done", "refused", "broken-off", "cancelled"})
KEPT = timedelta(days=7)
"""For so long an import is told of, and lines that were refused can be fetched."""
UNFINISHED = timedelta(days=2)
"""A file that nobody has worked on by then is forgotten."""
MOST_WAITING, MOST_KEPT = 3, 200
"""Imports of one account that are not over, and all of them that are kept."""
MOST_OF_ALL = 500
"""Files of all accounts that wait: they are in the database."""
MOST_REFUSED = 10_000
"""Lines of an import that are kept with the reason; of others only the number is told."""
LEAST_UNPACKED, SWOLLEN = 32 * 1024 * 1024, 64
"""A part of a workbook may have so many bytes, or so many times those of its file: lists pack to a twentieth."""
MOST_TRIES = 5
"""A file over which the process ends so often is broken off."""


@dataclass(frozen=True, slots=True)
class ImportHeader:
    """The words of an import's request about all its lines."""

    season: SeasonCode
    school: OrganisationCode | None
    school_class: ClassName | None
    occurred_at: datetime | None
    dry_run: bool
    counted_in: int | None = None
    """The calendar year of counts of another system that the lines have."""
    exception: ExceptionReason | None = None
    """The reason why an operator enters them outside the season, or after its last day of registration."""


class Counts(BaseModel):
    """The lines of an import by what they did: each is created, known, refused or skipped."""

    model_config = ConfigDict(frozen=True)

    created: int = 0
    known: int = 0
    corrected: int = 0
    moved: int = 0
    refused: int = 0
    skipped: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """The sum of two."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields}
        return Counts(**sums)

    @property
    def lines(self) -> int:
        """All of them."""
        return self.created + self.known + self.refused + self.skipped


class Import(BaseModel):
    """One import as it is stored."""

    model_config = ConfigDict(frozen=True)

    id: str
    season: str
    school: str | None
    school_class: str | None
    region: str | None
    municipality: str | None
    occurred_at: LocalTime
    exception: ExceptionReason | None = None
    dry_run: bool
    counted_in: int | None = None
    kind: Literal["csv", "xlsx"]
    key: bytes
    """The wrapped key of what is sealed of it."""
    sent_at: datetime
    by: str
    """The account that has sent it."""
    grants: tuple[Mapping[str, Any], ...]
    """The grants with which it was sent."""
    pieces: int = 0
    size: int = 0
    state: State = "receiving"
    last_line: int = 0
    """The line up to which it is done."""
    counts: Counts = Counts()
    tries: int = 0
    """How often a process has begun with it; another number than one's own tells that another process has."""
    stuck: int = 0
    """How often since it came on last."""
    header: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    """The letters of columns that were not understood."""
    problem: Mapping[str, Any] | None = None
    why: tuple[Any, ...] = ()
    """The sentences of the problem, as `shared.base.wording` stores them."""
    finished_at: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The import of a stored row."""
        return cls.model_validate({**row, "id": row["_id"], "by": row["changed"]["by"]})

    @property
    def who(self) -> Principal:
        """The sender, as far as an import needs one: the account and its grants."""
        grants = (
            Grant(one["role"], one["org"], None if one["classes"] is None else frozenset(one["classes"]))
            for one in self.grants
        )
        return Principal("", self.by, tuple(grants))

    @property
    def unpacked(self) -> int:
        """The bytes that a part of a workbook may have once it is unpacked: lists are no bombs."""
        return max(LEAST_UNPACKED, SWOLLEN * self.size)

    @property
    def actor(self) -> Actor:
        """The sender, as states keep who changed them."""
        return Actor(self.by, tuple(sorted({one["role"] for one in self.grants})), "POST /registration/imports")

    def over(self, state: State, now: datetime, why: ServiceError | None = None) -> "Import":
        """The import at its end, with the reason where it is not done."""
        told: dict[str, Any] = {"state": state, "finished_at": now}
        if why is not None:
            told |= {"problem": _told(why), "why": tuple(stored(sentence) for sentence in _sentences(why))}
        return self.model_copy(update=told)

    @property
    def sentences(self) -> list[str]:
        """The reasons why it is not done."""
        return [restored(kept) for kept in self.why]


def _told(why: ServiceError) -> Mapping[str, Any]:
    """The problem of a file, which is not in the request that asks: it names lines in its detail, and no pointers."""
    detail = "; ".join(_sentences(why))
    return {name: part for name, part in why.problem().items() if name != "errors"} | {"detail": detail}


def _sentences(why: ServiceError) -> Sequence[str]:
    return [error.detail for error in why.errors] or [why.detail]


def stored_grants(who: Principal) -> Sequence[Mapping[str, Any]]:
    """Grants as an import keeps them."""
    return [
        {"role": g.role, "org": g.org, "classes": None if g.classes is None else sorted(g.classes)} for g in who.grants
    ]


def must_have_room(unfinished: int, kept: int, of_all: int) -> None:
    """Raises Conflict for an account that has too many imports under way, or has sent too many within a week.

    Raises Unavailable where too many files of all accounts wait.
    """
    if of_all >= MOST_OF_ALL:
        raise Unavailable(f"{MOST_OF_ALL} files wait to be entered")
    if unfinished >= MOST_WAITING:
        raise Conflict(f"{MOST_WAITING} imports of yours are under way: wait for one", slug="too-many-imports")
    if kept >= MOST_KEPT:
        raise Conflict(f"{MOST_KEPT} imports within {KEPT.days} days are the most", slug="too-many-imports")
