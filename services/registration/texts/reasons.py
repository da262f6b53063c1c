"""The reason of a refusal in a language that its reader knows: found by its pattern, not by its words. Pure."""

from collections.abc import Iterable, Mapping

from services.registration.texts.directories import DIRECTORIES
from services.registration.texts.files import FILES
from services.registration.texts.lines import LINES
from shared.base.languages import Language
from shared.base.wording import Worded, filled

RUSSIAN: Mapping[str, str] = {**LINES, **FILES, **DIRECTORIES}
"""Each sentence in Russian by its pattern in English; gaps of the same names are filled with the same."""


def told(reasons: Iterable[tuple[str, str]], language: Language) -> str:
    """Several reasons, each with the title of its column, which is empty where it is about none."""
    said = ((title, in_words(sentence, language)) for title, sentence in reasons)
    return "; ".join(f"{title}: {words}" if title else words for title, words in said)


def in_words(sentence: str, language: Language) -> str:
    """A sentence in a language; one that has no Russian words stays as it is."""
    pattern = sentence.pattern if isinstance(sentence, Worded) else sentence
    if language == "en" or (known := RUSSIAN.get(pattern)) is None:
        return str(sentence)
    said = sentence.parts if isinstance(sentence, Worded) else {}
    parts = {name: in_words(part, language) if isinstance(part, Worded) else part for name, part in said.items()}
    return filled(known, parts)
