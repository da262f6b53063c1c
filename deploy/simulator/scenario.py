"""A scenario: one region's season as counts of distinct pupils by municipality and of attendances by competency."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, datetime, timezone
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator
from pydantic.dataclasses import dataclass

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""May stand in an address and in a topic's name."""
PLACE_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,31}")
"""Of a region or municipality: short enough for its schools' codes to begin with it."""
MOST_STAGES = 20
"""Of a kind that the platform lets a season require."""
STAGES = ("registered", "participated", "tested", "trial_attended", "completed")
COUNTS = (*STAGES, "recommended")
CORRECTIONS = (
    *("moves", "transfers", "merges", "archives", "corrections", "guardians", "withdrawals", "erasures"),
    *("closings", "absences", "revocations", "shifts", "second_rounds", "quotas"),
)
"""What may be put right in a season: each is a share of the registered pupils, and changes no figure in the end."""


class ScenarioError(Exception):
    """A scenario that cannot be played: which file, which row, and why."""

    def __init__(self, file: str, reason: str, row: str = "") -> None:
        super().__init__(f"{file}, {row}: {reason}" if row else f"{file}: {reason}")


class Gate(StrEnum):
    """The moment at which a season's recommendation is issued."""

    AFTER_ALL_STAGES = "after-all-stages"
    AFTER_DIAGNOSTICS = "after-diagnostics"


def _text(read: Callable[[str], Any]) -> PlainValidator:
    """Reads the text of a file; any other value is of the kind already, or refused."""

    def taken(value: Any) -> Any:
        if isinstance(value, date | timezone):
            return value
        if not isinstance(value, str):
            raise ValueError("no text")
        return read(value)

    return PlainValidator(taken)


def _offset(text: str) -> Any:
    if not re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", text):
        raise ValueError("no offset")
    return datetime.strptime(text, "%z").tzinfo


def _form(words: str, **rules: Any) -> Any:
    """The form of a value: in words that tell what it is to be, and as rules."""
    return Field(description=words, **rules)


Count = Annotated[int, _form("a whole number of at least 0", strict=True, ge=0)]
AtLeastOne = Annotated[int, _form("a whole number of at least 1", strict=True, ge=1)]
Text = Annotated[str, _form("a text of at most 150 characters", pattern=r"\S", max_length=150)]
Code = Annotated[str, _form("of at most 40 letters, digits, hyphens and underscores", pattern=f"^{CODE.pattern}$")]
PlaceCode = Annotated[str, _form("of 2 to 32 letters, digits and hyphens", pattern=f"^{PLACE_CODE.pattern}$")]
Day = Annotated[date, _text(date.fromisoformat), _form("a date as 2020-12-16")]
Zone = Annotated[timezone, _text(_offset), _form("an offset as +03:00")]
Kind = Annotated[str, Field(pattern=f"^({'|'.join(CORRECTIONS)})$")]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Municipality:
    """Distinct pupils of one municipality who reached each stage."""

    code: PlaceCode
    name: Text
    registered: Count
    participated: Count
    tested: Count
    trial_attended: Count
    completed: Count
    recommended: Count
    row: str = field(default="", compare=False)

    @property
    def share(self) -> Fraction | None:
        """The ranking's indicator, completed of tested; none where nobody was tested."""
        return Fraction(self.completed, self.tested) if self.tested else None

    def attendances(self, trials_required: int) -> int:
        """Attendances of trials: who completes attends every required one, another attending pupil exactly one."""
        return self.completed * trials_required + self.trial_attended - self.completed


@dataclass(frozen=True, slots=True)
class Competency:
    """A field in which trials are held, and the attendances of its trials."""

    code: Code
    name: Text
    attended: Count
    row: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class RankingRow:
    """A place of the expected ranking: a municipality by its name and its share in whole percent."""

    municipality: Text
    share_percent: Count


@dataclass(frozen=True, slots=True)
class Scenario:
    """A season that can be played; constructing one that cannot raises `ScenarioError`."""

    season: Code
    region: PlaceCode
    name: Text
    zone: Zone
    opens: Day
    closes: Day
    grades: Annotated[tuple[Count, Count], _form("the lowest and the highest")]
    diagnostics: Annotated[tuple[Code, ...], _form("a list of codes")]
    trials_required: AtLeastOne
    gate: Annotated[Gate, _form(" or ".join(Gate))]
    registered: Count
    participants: Count
    recommendations: Count
    guardians: Count
    trial_attendances: Count
    competency_count: Count
    ranking: Annotated[tuple[RankingRow, ...], _form("a list of rows with `municipality` and `share_percent`")]
    reported: Annotated[tuple[str, ...], _form("a list of notes")]
    municipalities: tuple[Municipality, ...]
    competencies: tuple[Competency, ...]
    corrections: Annotated[Mapping[Kind, Share], _form(f"shares from 0 to 1 of {', '.join(CORRECTIONS)}")] = field(
        default_factory=dict
    )
    """One that is not named is 0."""
    scale: float = 1.0

    def __post_init__(self) -> None:
        """Checks every rule of the format that a well-formed scenario may still break."""
        for fault in _season_faults(self):
            raise ScenarioError("season.json", fault)
        for municipality in self.municipalities:
            for fault in _municipality_faults(municipality, self):
                raise ScenarioError("municipalities.csv", fault, municipality.row or municipality.code)
        _must_differ("municipalities.csv", self.municipalities)
        _must_differ("competencies.csv", self.competencies)
        for fault in (*_wrong_totals(self), *_ranking_faults(self)):
            raise ScenarioError("season.json", fault)

    @property
    def places(self) -> set[str]:
        """The codes of the region and its municipalities."""
        return {self.region, *(m.code for m in self.municipalities)}

    def scaled(self, factor: float) -> Self:
        """The same season with every count multiplied and the totals recomputed: none is a reported fact any more."""

        def rounded(count: int) -> int:
            return int(count * factor + 0.5)

        rows = [
            replace(m, **{name: rounded(getattr(m, name)) for name in COUNTS})  # type: ignore[arg-type]
            for m in self.municipalities
        ]
        attendances = sum(m.attendances(self.trials_required) for m in rows)
        registered = sum(m.registered for m in rows)
        shares = allot(attendances, [c.attended for c in self.competencies])
        return replace(
            self,
            registered=registered,
            participants=sum(m.participated for m in rows),
            recommendations=sum(m.recommended for m in rows),
            guardians=min(registered, rounded(self.guardians)),
            trial_attendances=attendances,
            ranking=ranking(rows)[: len(self.ranking)],
            reported=(),
            municipalities=tuple(rows),
            competencies=tuple(replace(c, attended=n) for c, n in zip(self.competencies, shares, strict=True)),
            scale=self.scale * factor,
        )


def percent(share: Fraction) -> int:
    """A share in whole percent, halves up."""
    return int(share * 100 + Fraction(1, 2))


def ranking(municipalities: Sequence[Municipality]) -> tuple[RankingRow, ...]:
    """All municipalities with tested pupils, by falling share; equal shares in the order given."""
    shares = [(m.share, m.name) for m in municipalities if m.share is not None]
    return tuple(RankingRow(name, percent(s)) for s, name in sorted(shares, key=lambda pair: pair[0], reverse=True))


def allot(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers with this total in proportion to the weights, by largest remainder; keeps the weights' order."""
    whole = sum(weights) or 1
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), -weights[i], i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _season_faults(s: Scenario) -> Iterator[str]:
    if s.region == "RU":
        yield "`region` RU is the country"
    if s.closes < s.opens:
        yield f"`closes` {s.closes} is before `opens` {s.opens}"
    if not 1 <= s.grades[0] <= s.grades[1] <= 11:
        yield f"`grades` are to rise within 1 to 11, not {list(s.grades)}"
    if s.trials_required > MOST_STAGES or len(s.diagnostics) > MOST_STAGES:
        yield f"more than {MOST_STAGES} trials or diagnostics cannot be required"
    if not s.diagnostics or len(set(s.diagnostics)) < len(s.diagnostics):
        yield "`diagnostics` are to be one or more different codes"
    if s.guardians > s.registered:
        yield f"{s.guardians} `guardians` of {s.registered} registered pupils"
    if not s.municipalities or not s.competencies:
        yield "there is to be a municipality and a competency at least"


def _municipality_faults(m: Municipality, s: Scenario) -> Iterator[str]:
    for wider, narrower in pairwise(STAGES):
        if getattr(m, narrower) > getattr(m, wider):
            yield f"`{narrower}` {getattr(m, narrower)} is more than `{wider}` {getattr(m, wider)}"
    if s.trials_required == 1 and m.trial_attended != m.completed:
        yield f"with one trial required `trial_attended` {m.trial_attended} is to equal `completed` {m.completed}"
    gate = "completed" if s.gate is Gate.AFTER_ALL_STAGES else "tested"
    if m.recommended != getattr(m, gate):
        yield f"`recommended` {m.recommended} is to equal `{gate}` {getattr(m, gate)}: the gate is {s.gate}"
    if m.code == s.region:
        yield f"`code` {m.code} is the region's"


def _must_differ(file: str, rows: Sequence[Municipality | Competency]) -> None:
    seen: set[str] = set()
    for row in rows:
        for named in (f"`code` {row.code}", f"`name_ru` {row.name}"):
            if named in seen:
                raise ScenarioError(file, f"{named} stands twice", row.row)
            seen.add(named)


def _wrong_totals(s: Scenario) -> Iterator[str]:
    for name, total, parts in (
        ("registered", s.registered, sum(m.registered for m in s.municipalities)),
        ("participants", s.participants, sum(m.participated for m in s.municipalities)),
        ("recommendations", s.recommendations, sum(m.recommended for m in s.municipalities)),
        ("competencies", s.competency_count, len(s.competencies)),
        ("trial_attendances", s.trial_attendances, sum(m.attendances(s.trials_required) for m in s.municipalities)),
        ("trial_attendances", s.trial_attendances, sum(c.attended for c in s.competencies)),
    ):
        if total != parts:
            yield f"`{name}` is {total}, but its parts make {parts}"


def _ranking_faults(s: Scenario) -> Iterator[str]:
    shares = {m.name: m.share for m in s.municipalities if m.share is not None}
    expected = sorted(shares.values(), reverse=True)
    if len({row.municipality for row in s.ranking}) < len(s.ranking):
        yield "`ranking` names a municipality twice"
    for place, row in enumerate(s.ranking):
        share = shares.get(row.municipality)
        if share is None:
            yield f"`ranking` row {place + 1}: no municipality {row.municipality!r} with tested pupils"
        elif share != expected[place]:
            yield f"`ranking` row {place + 1}: {row.municipality} with {percent(share)} % is not at this place"
        elif abs(share * 100 - row.share_percent) > Fraction(1, 2):
            yield f"`ranking` row {place + 1}: {row.share_percent} % where the counts make {percent(share)} %"
