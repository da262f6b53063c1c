"""Known instruments: the answers that they take, and the profile that these give."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice
from operator import getitem
from typing import Any

from pydantic import ConfigDict, model_validator

from services.trials.domain.catalogue.definitions import Definition, Item
from services.trials.domain.catalogue.wording import PICTURES, Version
from shared.base.errors import MOST_ERRORS, BadInput, Conflict, FieldError, word

NOT_ASKED = 255
"""Stands for the option of an item that the version did not ask."""
DEFINITION = "definition"
"""The field of a stored row with all that an instrument says; those beside it are for the release before."""


class Instrument(Definition):
    """A known instrument; once an attempt has used it, it keeps what it says, so that profiles stay comparable."""

    model_config = ConfigDict(extra="ignore", strict=False)

    code: str
    used: bool = False

    @model_validator(mode="before")
    @classmethod
    def _stored(cls, row: Any) -> Any:
        """A row of the release before has its fields alone."""
        if isinstance(row, dict) and DEFINITION in row:
            return {**row[DEFINITION], "code": row["code"], "used": row["used"]}
        return row

    def document(self) -> dict[str, Any]:
        """The row as it is stored, but for who changed it."""
        whole = self.model_dump(exclude={"code", "used"}, exclude_none=True)
        return {"_id": self.code, "used": self.used, **self.as_before(), DEFINITION: whole}

    @cached_property
    def _choices(self) -> Sequence[Mapping[str, int]]:
        """Of each item, the numbers of its options by their codes."""
        common = {option.code: number for number, option in enumerate(self.options)}
        own = ([choice.code for choice in item.options] if item.options else None for item in self.items)
        return [common if codes is None else {code: number for number, code in enumerate(codes)} for codes in own]

    @cached_property
    def _by_code(self) -> Mapping[str, Mapping[str, int]]:
        return dict(zip(self._codes, self._choices, strict=True))

    @cached_property
    def _codes(self) -> Sequence[str]:
        return [item.code for item in self.items]

    @cached_property
    def _beside_pictures(self) -> Sequence[str]:
        return [item.code for item in self.items if PICTURES in (item.texts or ())]

    def asked(self, version: Version | None) -> Sequence[str]:
        """Returns the codes of the items that are asked in a version: beside pictures those alone that have words."""
        return self._beside_pictures if version == PICTURES else self._codes

    def encode(self, answers: Mapping[str, str], version: Version | None = None) -> bytes:
        """Returns one byte an item in the instrument's order, the number of its option, or `NOT_ASKED`.

        Raises BadInput that names each wrong answer as `answers/<code>`.
        """
        asked = self.asked(version)
        try:
            if len(answers) == len(asked) == len(self.items):
                return bytes(map(getitem, self._choices, map(answers.__getitem__, self._codes)))
            if len(answers) == len(asked):
                given = {code: self._by_code[code][answers[code]] for code in asked}
                return bytes(given.get(code, NOT_ASKED) for code in self._codes)
        except KeyError:
            pass  # the wrong ones are named below, all of them
        missing = {code: "not answered" for code in asked if code not in answers}
        beyond = {code: "not asked in this version" for code in answers if code not in set(asked)}
        raise _wrong(missing | beyond | self._unknown(answers))

    def must_offer(self, answers: Mapping[str, str]) -> None:
        """Raises BadInput as `encode` does, but for items that are not answered yet."""
        if wrong := self._unknown(answers):
            raise _wrong(wrong)

    def must_have(self, version: Version | None) -> None:
        """Raises BadInput for a version in which the items have no words."""
        if version is not None and version not in self.versions:
            raise BadInput.field("version", "the instrument has no words in this version")

    def _unknown(self, answers: Mapping[str, str]) -> dict[str, str]:
        wrong = {code: "no such item" for code in answers if code not in self._by_code}
        options = {code: option for code, option in answers.items() if code not in wrong}
        return wrong | {c: "no such option" for c, option in options.items() if option not in self._by_code[c]}

    def score(self, encoded: bytes) -> dict[str, float]:
        """Returns the profile: per scale the sum score linearly rescaled to 0…100, to one decimal.

        That is the percentage of the points attainable on the scale above its minimum (POMP scoring). A reversed
        item gives the highest points plus the lowest minus those of its option; an item with answers of its own gives
        the highest for the right one, and else the lowest. Of items that were not asked no points were attainable.
        """
        if NOT_ASKED in encoded:
            return {scale: self._part(encoded, rows) for scale, _, rows in self._scoring}
        return {
            scale: round(sum([gains[encoded[place]] for place, gains in rows]) * percent, 1)
            for scale, percent, rows in self._scoring
        }

    def _part(self, encoded: bytes, rows: Sequence[tuple[int, Sequence[int]]]) -> float:
        """Returns the percentage of a scale of which some items were asked."""
        asked = [(gains, encoded[place]) for place, gains in rows if encoded[place] != NOT_ASKED]
        return round(100 * sum(gains[chosen] for gains, chosen in asked) / sum(max(gains) for gains, _ in asked), 1)

    @cached_property
    def _scoring(self) -> Sequence[tuple[str, float, Sequence[tuple[int, Sequence[int]]]]]:
        """Per scale: its code, percent a point, and its items with the points that each option gains there."""
        points = [option.points for option in self.options] or [0, 1]
        width = max(points) - min(points)
        gains = {False: [p - min(points) for p in points], True: [max(points) - p for p in points]}

        def of(item: Item) -> Sequence[int]:
            if item.options is None:
                return gains[item.reversed]
            return [width if choice.code == item.right else 0 for choice in item.options]

        rows = {
            scale.code: [(n, of(item)) for n, item in enumerate(self.items) if item.scale == scale.code]
            for scale in self.scales
        }
        return [(scale, 100 / (len(row) * width), row) for scale, row in rows.items()]


def define(known: Instrument | None, code: str, definition: Definition) -> Instrument:
    """Publishes an instrument; after the first attempt only what it did not say before may be added.

    These are words, versions and norms: whatever decides a profile stays, and what pupils and families have read.
    """
    said = Instrument(code=code, used=known.used if known else False, **definition.model_dump())
    if known is not None and known.used and not _keeps_all(known, said):
        raise Conflict(f"attempts have used {code}; it no longer changes", slug="instrument-in-use")
    return said


def _keeps_all(known: Instrument, said: Instrument) -> bool:
    first = said.norms[: len(known.norms)]
    return (known.norms, _rules(known)) == (first, _rules(said)) and _keeps(_words(known), _words(said))


def _rules(instrument: Instrument) -> Sequence[Any]:
    """Returns the parts whose being added changes how items are answered, or scored."""
    own = [(item.right, item.options and [choice.code for choice in item.options]) for item in instrument.items]
    return [instrument.minutes, [option.code for option in instrument.options], own]


def _words(instrument: Instrument) -> Any:
    return instrument.model_dump(exclude={"norms"})


def _keeps(known: Any, said: Any) -> bool:
    """Tells whether all that was said is said again, in its place."""
    if known is None:
        return True
    if isinstance(known, dict):
        return isinstance(said, dict) and all(_keeps(value, said.get(name)) for name, value in known.items())
    if isinstance(known, tuple):
        return isinstance(said, tuple) and len(known) == len(said) and all(map(_keeps, known, said))
    return bool(known == said)


def _wrong(answers: Mapping[str, str]) -> BadInput:
    errors = [FieldError(word("answers", code), why) for code, why in islice(answers.items(), MOST_ERRORS)]
    return BadInput(f"{len(answers)} answers are wrong", errors=errors)
