"""Imports as their senders follow them."""

from datetime import datetime
from typing import Literal

from services.registration.domain.imports import Import
from services.registration.texts.reasons import told
from shared.base.languages import Language
from shared.base.models import Answer
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.paging import Page
from shared.http.problems import Problem

Shown = Literal["waiting", "running", "done", "refused", "broken-off", "cancelled"]


class ImportView(Answer):
    """A file that was sent, and how far it is entered."""

    id: str
    """Id of the import."""
    state: Shown
    """`waiting` and `running` until it is over: `done` to the last line; `refused` where the file is no table of
    pupils, so that nothing was entered; `broken-off` behind the lines that are counted, and to be sent again;
    `cancelled` where somebody has stopped it."""
    season: SeasonCode
    """Code of the season into which it enters."""
    school: OrganisationCode | None
    """Code of the school of all lines; null where each line names its own."""
    dry_run: bool
    """True where nothing is entered, and lines are only judged, each as if those before it had been entered."""
    occurred_at: datetime
    """The time at which its classes are as it says."""
    sent_at: datetime
    """The time at which it was sent."""
    finished_at: datetime | None
    """The time at which it was over; null before."""
    lines: int
    """The lines that have been read; empty ones and the header are not counted."""
    last_line: int
    """The number of the last of them in the file, by which those behind it are told; 0 before the first."""
    created: int
    """Those whose pupil is new for the school or the season."""
    known: int
    """Those whose pupil was in the season already; they may have added, corrected or moved something."""
    corrected: int
    """Those of the known that corrected a name or a birth date."""
    moved: int
    """Those of the known that took the pupil to another class."""
    skipped: int
    """Those that say that the pupil is in the archive: nobody is entered by them."""
    refused: int
    """Those that were refused and changed nothing; `GET /registration/imports/{id}/refused` says why."""
    ignored_columns: list[str]
    """The letters of columns whose titles are not known; nothing of them is read."""
    problem: Problem | None
    """The reason why it was refused or broken off; null where it was not."""
    reason: str | None
    """The same for who has sent it, in Russian or in English as `Accept-Language` has it; null where `problem` is."""

    @classmethod
    def of(cls, imported: Import, language: Language) -> "ImportView":
        """One import, with words in a language."""
        counts = imported.counts.model_dump()
        same = imported.model_dump(
            include={"id", "season", "school", "dry_run", "occurred_at", "sent_at", "finished_at", "last_line"}
        )
        return cls(
            **same,
            **counts,
            state="waiting" if imported.state == "receiving" else imported.state,
            lines=imported.counts.lines,
            ignored_columns=list(imported.ignored),
            problem=None if imported.problem is None else Problem.model_validate(imported.problem),
            reason=told((("", sentence) for sentence in imported.sentences), language) or None,
        )


class ImportPage(Page[ImportView]):
    """A page of imports, newest first."""
