"""The outcome of a directory's import, as it is answered."""

from collections.abc import Iterator, Mapping

from services.registration.domain.directories import Fate
from services.registration.texts.reasons import in_words
from shared.base.errors import ServiceError
from shared.base.languages import Language
from shared.base.models import Answer

MOST_TOLD = 1_000
"""Faults that an answer names."""


class LineFault(Answer):
    """A fault of a line that was refused."""

    line: int
    """The line of a CSV file, or the row of a sheet, from 1."""
    column: str | None
    """The title of the column at fault, as the file has it, else its name; null where it is the whole line."""
    code: str | None
    """The code on the line; null where there is none."""
    type: str
    """Stable slug of the refusal, for instance `bad-input`, `code-taken`, `organisation-closed`."""
    detail: str
    """The reason in English; it does not repeat the cell."""
    reason: str
    """The same for who has sent the file, in Russian or in English as `Accept-Language` has it."""


class DirectoryView(Answer):
    """The outcome of an import of a region's directory."""

    dry_run: bool
    """True where nothing was stored."""
    lines: int
    """Lines of the file that hold something, its header left out."""
    created: int
    """Organisations that are new to the register."""
    changed: int
    """Organisations of which the file says something otherwise than it was known."""
    known: int
    """Organisations that are in the register as the file says them."""
    refused: int
    """Lines that were refused and changed nothing."""
    faults: list[LineFault]
    """The faults of lines that were refused, by line; 1,000 at most."""


def line_faults(
    where: tuple[int, str], refusal: ServiceError, titles: Mapping[str, str], language: Language
) -> Iterator[LineFault]:
    """Yields the faults of a line, by its number and the code on it: one for each column that the refusal names."""
    number, code = where
    named = [(error.pointer, error.detail) for error in refusal.errors] or [("", refusal.detail)]
    for word, detail in named:
        yield LineFault(
            line=number,
            column=titles.get(word, word) or None,
            code=code[:40] or None,
            type=refusal.type,
            detail=str(detail),
            reason=in_words(detail, language),
        )


def directory_view(dry_run: bool, fates: dict[Fate, int], refused: list[list[LineFault]]) -> DirectoryView:
    """The view of an import by the number of lines of each fate, and the faults of each line that was refused."""
    told = [fault for faults in refused for fault in faults]
    counts = {fate: fates.get(fate, 0) for fate in ("created", "changed", "known")}
    lines = sum(counts.values()) + len(refused)
    return DirectoryView(dry_run=dry_run, lines=lines, **counts, refused=len(refused), faults=told[:MOST_TOLD])
