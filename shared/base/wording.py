"""Sentences that remember how they were made, so that the edge can say them in another language than English."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic_core import PydanticCustomError

WORDING = "wording"
"""Under this name the context of a validator's complaint holds its pattern."""


class Worded(str):
    """A sentence in English, with the pattern that it fills and what fills it; a part may be such a sentence itself."""

    pattern: str
    parts: Mapping[str, str | int]

    @classmethod
    def of(cls, pattern: str, parts: Mapping[str, str | int], english: str | None = None) -> Self:
        """The sentence of a pattern; `english` is it in words that are not the pattern's own."""
        made = cls(english if english is not None else filled(pattern, parts))
        made.pattern, made.parts = pattern, parts
        return made


def worded(pattern: str, **parts: str | int) -> Worded:
    """Fills a pattern: the pattern is what other languages know the sentence by."""
    return Worded.of(pattern, parts)


def phrase(sentence: str) -> Worded:
    """A sentence, or words of one, that are a part of another one and are said in its language."""
    return sentence if isinstance(sentence, Worded) else Worded.of(sentence, {})


def filled(pattern: str, parts: Mapping[str, str | int]) -> str:
    """A pattern with its parts; one without is as it stands."""
    return pattern.format(**parts) if parts else pattern


def complaint(type: str, pattern: str, **parts: str | int) -> PydanticCustomError:
    """Returns what a validator raises, by a pattern."""
    return PydanticCustomError(type, pattern, {**parts, WORDING: pattern})


def stored(sentence: str) -> Any:
    """A sentence as a row keeps it: a text, or its pattern with its parts."""
    if not isinstance(sentence, Worded):
        return str(sentence)
    parts = {name: stored(part) if isinstance(part, str) else part for name, part in sentence.parts.items()}
    return [sentence.pattern, parts, str(sentence)]


def restored(kept: Any) -> str:
    """The sentence that a row keeps."""
    if isinstance(kept, str):
        return kept
    pattern, parts, english = kept
    return Worded.of(
        pattern, {name: part if isinstance(part, int) else restored(part) for name, part in parts.items()}, english
    )
