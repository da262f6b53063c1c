"""Diagnostic instruments as data, and the profile that a pupil's answers give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from shared.base.errors import MOST_ERRORS, BadInput, Conflict, FieldError, word
from shared.base.models import Count, Input
from shared.contracts.codes import Code, DiagnosticCode, SeasonCode, SoughtCode
from shared.identity.acting import Actor, changed
from shared.programme.moments import Moment
from shared.programme.texts import Id, Ref, Title

MOST_ITEMS = 500


class Part(Input):
    """A part of an instrument, by its code."""

    code: Code
    """Unique within its list; it appears in answers and profiles."""


class Scale(Part):
    """A trait that some of the items measure together."""

    name: Title
    """Shown to people, in Russian."""


class Option(Part):
    """An answer that every item offers, and the points that it gives."""

    points: Annotated[int, Field(ge=-100, le=100)]
    """Points for choosing it."""


class Item(Part):
    """One question or statement; a reversed one counts against its scale."""

    scale: Code
    """Code of the scale that it counts towards."""
    reversed: bool = False
    """True where agreeing speaks against the scale."""


P = TypeVar("P", bound=Part)


class Definition(Input):
    """An instrument as it is published: items rated by one set of options, each item on one scale."""

    name: Title
    """Title of the diagnostic, in Russian."""
    method: Title
    """The published method that it follows, for those who judge the profiles."""
    scales: Annotated[tuple[Scale, ...], Count(1, 50)]
    """Each has one item or more."""
    options: Annotated[tuple[Option, ...], Count(2, 20)]
    """The same for every item, with different points."""
    items: Annotated[tuple[Item, ...], Count(1, MOST_ITEMS)]
    """Questions or statements, in the order in which they are asked."""

    @field_validator("scales", "options", "items")
    @classmethod
    def _codes_once(cls, parts: tuple[P, ...]) -> tuple[P, ...]:
        if len({part.code for part in parts}) < len(parts):
            raise PydanticCustomError("code_twice", "holds a code twice")
        return parts

    @field_validator("options")
    @classmethod
    def _unequal(cls, options: tuple[Option, ...]) -> tuple[Option, ...]:
        if len({option.points for option in options}) < 2:
            raise PydanticCustomError("options_equal", "all give the same points")
        return options

    @field_validator("items")
    @classmethod
    def _on_scales(cls, items: tuple[Item, ...], read: ValidationInfo) -> tuple[Item, ...]:
        scales = read.data.get("scales")
        if scales is not None and {item.scale for item in items} != {scale.code for scale in scales}:
            raise PydanticCustomError("scales_unmatched", "every item names a scale, and every scale has an item")
        return items


class Instrument(Definition):
    """A known instrument; immutable once an attempt has used it, so that profiles stay comparable."""

    model_config = ConfigDict(extra="ignore", strict=False)

    code: str
    used: bool = False

    @cached_property
    def _options(self) -> Mapping[str, int]:
        return {option.code: number for number, option in enumerate(self.options)}

    @cached_property
    def _places(self) -> frozenset[str]:
        return frozenset(self._codes)

    @cached_property
    def _codes(self) -> Sequence[str]:
        return [item.code for item in self.items]

    def encode(self, answers: Mapping[str, str]) -> bytes:
        """Returns one byte an item in the instrument's order, the number of its option.

        Raises BadInput that names each wrong answer as `answers/<code>`.
        """
        numbers = self._options
        try:
            if len(answers) == len(self.items):
                return bytes(map(numbers.__getitem__, map(answers.__getitem__, self._codes)))
        except KeyError:
            pass  # the wrong ones are named below, all of them
        wrong = {code: "not answered" for code in self._codes if code not in answers}
        wrong |= {code: "no such item" for code in answers if code not in self._places}
        wrong |= {c: "no such option" for c, option in answers.items() if c not in wrong and option not in numbers}
        errors = [FieldError(word("answers", code), why) for code, why in islice(wrong.items(), MOST_ERRORS)]
        raise BadInput(f"{len(wrong)} answers are wrong", errors=errors)

    def score(self, encoded: bytes) -> dict[str, float]:
        """Returns the profile: per scale the sum score linearly rescaled to 0…100, to one decimal.

        That is the percentage of the points attainable on the scale above its minimum (POMP scoring). A reversed
        item gives the highest points plus the lowest minus those of its option.
        """
        return {
            scale: round(sum([gains[encoded[place]] for place, gains in rows]) * percent, 1)
            for scale, percent, rows in self._scoring
        }

    @cached_property
    def _scoring(self) -> Sequence[tuple[str, float, Sequence[tuple[int, Sequence[int]]]]]:
        """Per scale: its code, percent a point, and its items with the points that each option gains there."""
        points = [option.points for option in self.options]
        low, high = min(points), max(points)
        gains = {False: [p - low for p in points], True: [high - p for p in points]}
        rows = {
            scale.code: [(n, gains[item.reversed]) for n, item in enumerate(self.items) if item.scale == scale.code]
            for scale in self.scales
        }
        return [(scale, 100 / (len(row) * (high - low)), row) for scale, row in rows.items()]


def define(known: Instrument | None, code: str, definition: Definition) -> Instrument:
    """Publishes an instrument; a change after the first attempt is refused."""
    said = Instrument(code=code, used=known.used if known else False, **definition.model_dump())
    if known is not None and known.used and said != known:
        raise Conflict(f"attempts have used {code}; it no longer changes", slug="instrument-in-use")
    return said


class AttemptCommand(Input):
    """A pupil's answers to one instrument; `ref` makes a repeated sending the same attempt."""

    ref: Ref
    """The caller's own name of the attempt: sent again, it is the same attempt."""
    participant: Id
    season: SeasonCode
    diagnostic: DiagnosticCode
    """Code of one of the season's diagnostics."""
    answers: Annotated[dict[SoughtCode, SoughtCode], Count(0, MOST_ITEMS)]
    """Item → option, by their codes, for every item."""
    occurred_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A completed diagnostic with its profile; only that it took place leaves trials."""

    path: str
    """Id of the pupil's path through the season."""
    ref: str
    id: str
    diagnostic: str
    answers: bytes
    profile: Mapping[str, float]
    time: datetime
    by: Actor | None = None
    """The caller who sent it; it is stored, and not read again."""

    def document(self) -> dict[str, Any]:
        """The row as it is stored."""
        return {
            "_id": attempt_key(self.path, self.ref),
            "path": self.path,
            "ref": self.ref,
            "id": self.id,
            "diagnostic": self.diagnostic,
            "answers": self.answers,
            "profile": self.profile,
            "time": self.time.isoformat(),
            **changed(self.by),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Attempt":
        """Returns the attempt of a stored row."""
        stored = {name: document[name] for name in ("path", "ref", "id", "diagnostic", "answers", "profile")}
        return cls(**stored, time=datetime.fromisoformat(document["time"]))


def attempt_key(path: str, ref: str) -> str:
    """Returns the natural key of an attempt."""
    return f"{path}/{ref}"
