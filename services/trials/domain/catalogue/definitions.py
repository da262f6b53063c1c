"""Diagnostic instruments as they are published: items with their words, options, scales, and norms."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.catalogue.wording import PICTURES, VERSIONS, Named, Version, Words
from shared.base.models import Count, Input
from shared.contracts.codes import Code
from shared.programme.texts import Title

MOST_ITEMS = 500
MOST_OPTIONS = 20
Level = Literal["low", "usual", "high"]
"""A value beside the results of others."""


class Part(Input):
    """A part of an instrument, by its code."""

    code: Code
    """Unique within its list; it appears in answers and profiles."""


class Scale(Part):
    """A trait that some of the items measure together."""

    name: Named
    """Shown to people: in both languages, or a text in Russian alone."""
    for_pupil: Words | None = None
    """Says to the pupil what the scale is about; neither high nor low is said without norms."""
    for_guardian: Words | None = None
    """Says the same to the pupil's guardian."""


class Choice(Part):
    """An answer that an item offers."""

    text: Words | None = None
    """The words of the answer; null where a page has its own."""


class Option(Choice):
    """An answer that every item offers that has none of its own, and the points that it gives."""

    points: Annotated[int, Field(ge=-100, le=100)]
    """Points for choosing it."""


class ItemPicture(Input):
    """A picture that is shown with an item."""

    code: Code
    """Code of one of the pictures that trials has."""
    alt: Words
    """Says in words what is to be seen, for whoever does not see it."""


class Item(Part):
    """One question or statement; a reversed one counts against its scale, a question has one right answer."""

    scale: Code
    """Code of the scale that it counts towards."""
    reversed: bool = False
    """True where agreeing speaks against the scale."""
    texts: Annotated[dict[Version, Words], Count(1, 4)] | None = None
    """The words by version: for the grades of an age, and beside pictures. Every item has the same ages; beside
    pictures some items of each scale are enough, and they alone are asked."""
    picture: ItemPicture | None = None
    """The picture of the version beside pictures; null where there is none."""
    options: Annotated[tuple[Choice, ...], Count(2, MOST_OPTIONS)] | None = None
    """Answers of its own, as in a test of knowledge; null where it offers those of the instrument."""
    right: Code | None = None
    """The right one of its own answers: it gives the highest points, and every other one the lowest."""

    @field_validator("options")
    @classmethod
    def _choices_once(cls, choices: tuple[Choice, ...] | None) -> tuple[Choice, ...] | None:
        return choices and _codes_once(choices)

    @model_validator(mode="after")
    def _has_one_right_answer(self) -> "Item":
        if self.options is None and self.right is not None:
            raise PydanticCustomError("right_without_options", "has a right answer, and no answers of its own")
        if self.options is not None and self.right not in {choice.code for choice in self.options}:
            raise PydanticCustomError("right_unknown", "names none of its own answers as the right one")
        if self.options is not None and self.reversed:
            raise PydanticCustomError("right_reversed", "has a right answer, so that it cannot be reversed")
        return self


class Norm(Input):
    """The results of others on a scale, with which a pupil's one may be compared."""

    scale: Code
    """Code of the scale."""
    version: Version | None = None
    """The version that those others had; null for all versions."""
    mean: Annotated[float, Field(ge=0, le=100)]
    """Their mean, 0 to 100."""
    sd: Annotated[float, Field(gt=0, le=50)]
    """Their standard deviation."""
    sample: Annotated[int, Field(ge=1, le=100_000_000)]
    """The number of those others."""
    year: Annotated[int, Field(ge=1950, le=2100)]
    """The year in which they answered."""
    source: Title
    """The publication or the study that says so."""

    def level(self, value: float) -> Level:
        """Returns where a value lies: within one standard deviation of the mean it is usual."""
        if abs(value - self.mean) <= self.sd:
            return "usual"
        return "low" if value < self.mean else "high"


P = TypeVar("P", bound=Part)


class Definition(Input):
    """An instrument as it is published: items rated by one set of options or with answers of their own."""

    name: Named
    """Title of the diagnostic: in both languages, or a text in Russian alone."""
    method: Named
    """The published method that it follows, for those who judge the profiles; as the title."""
    minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    """The time for answering, from the first answer that is saved on; null where there is no limit."""
    usual_minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    """The time that answering usually takes, for whoever plans a lesson; nobody is stopped by it."""
    scales: Annotated[tuple[Scale, ...], Count(1, 50)]
    """Each has one item or more."""
    options: Annotated[tuple[Option, ...], Count(0, MOST_OPTIONS)] = ()
    """The same for every item without answers of its own, with different points."""
    items: Annotated[tuple[Item, ...], Count(1, MOST_ITEMS)]
    """Questions or statements, in the order in which they are asked."""
    norms: Annotated[tuple[Norm, ...], Count(0, 200)] = ()
    """Of a scale and a version one at most; without one nothing is said to be high or low."""

    @field_validator("scales", "options", "items")
    @classmethod
    def _each_once(cls, parts: tuple[P, ...]) -> tuple[P, ...]:
        return _codes_once(parts)

    @field_validator("options")
    @classmethod
    def _unequal(cls, options: tuple[Option, ...]) -> tuple[Option, ...]:
        if options and len({option.points for option in options}) < 2:
            raise PydanticCustomError("options_equal", "all give the same points")
        return options

    @field_validator("items")
    @classmethod
    def _on_scales(cls, items: tuple[Item, ...], read: ValidationInfo) -> tuple[Item, ...]:
        scales = read.data.get("scales")
        if scales is not None and {item.scale for item in items} != {scale.code for scale in scales}:
            raise PydanticCustomError("scales_unmatched", "every item names a scale, and every scale has an item")
        return items

    @field_validator("items")
    @classmethod
    def _can_be_answered(cls, items: tuple[Item, ...], read: ValidationInfo) -> tuple[Item, ...]:
        if read.data.get("options") == () and any(item.options is None for item in items):
            raise PydanticCustomError("no_options", "every item has answers of its own where the instrument has none")
        if len({frozenset(item.texts or ()) - {PICTURES} for item in items}) > 1:
            raise PydanticCustomError("versions_unequal", "every item has words in the same versions")
        shown = [item.scale for item in items if PICTURES in (item.texts or ())]
        if shown and set(shown) != {item.scale for item in items}:
            raise PydanticCustomError("pictures_unmatched", "beside pictures every scale has an item")
        return items

    @field_validator("norms")
    @classmethod
    def _of_scales(cls, norms: tuple[Norm, ...], read: ValidationInfo) -> tuple[Norm, ...]:
        if len({(norm.scale, norm.version) for norm in norms}) < len(norms):
            raise PydanticCustomError("norm_twice", "has two for one scale and version")
        scales = read.data.get("scales")
        if scales is not None and not {norm.scale for norm in norms} <= {scale.code for scale in scales}:
            raise PydanticCustomError("norm_unmatched", "every one names a scale")
        return norms

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions in which it can be taken."""
        worded = {version for item in self.items for version in item.texts or ()}
        return tuple(version for version in VERSIONS if version in worded)

    def norm(self, scale: str, version: Version | None) -> Norm | None:
        """Returns the norm for a scale of those who had a version: its own, or else the one of all."""
        found = {norm.version: norm for norm in self.norms if norm.scale == scale}
        return found.get(version) or found.get(None)

    def as_before(self) -> Mapping[str, Any]:
        """The fields of an instrument without words, in the form that the release before reads."""
        return {
            "name": self.name.ru,
            "method": self.method.ru,
            "scales": [{"code": scale.code, "name": scale.name.ru} for scale in self.scales],
            "options": [{"code": option.code, "points": option.points} for option in self.options],
            "items": [{"code": item.code, "scale": item.scale, "reversed": item.reversed} for item in self.items],
        }


S = TypeVar("S", bound=Sequence[Part])


def _codes_once(parts: S) -> S:
    if len({part.code for part in parts}) < len(parts):
        raise PydanticCustomError("code_twice", "holds a code twice")
    return parts
