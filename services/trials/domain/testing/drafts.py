"""Drafts: a pupil's answers so far, saved item by item on any device, until the diagnostic is completed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple

from services.trials.copies.joining import Joined
from services.trials.domain.catalogue.definitions import MOST_ITEMS
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.catalogue.wording import Version
from services.trials.domain.path.paths import path_id
from shared.base.errors import Conflict
from shared.base.models import Count, Input
from shared.contracts.codes import SoughtCode
from shared.identity.acting import Actor, changed
from shared.programme.moments import Moment

ON_ITS_WAY = timedelta(seconds=30)
"""What was answered in time may arrive so much later."""


class DraftCommand(Input):
    """Answers so far: an item that is saved again has the answer given last, every other one stays."""

    answers: Annotated[dict[SoughtCode, SoughtCode], Count(0, MOST_ITEMS)]
    """Item → option, by their codes, of the items answered since the last save; none only begins the time."""
    version: Version | None = None
    """The version of the items' words that the pupil has; left out, it stays."""
    occurred_at: Moment | None = None


class Answered(NamedTuple):
    """The answer to an item, and when it was saved."""

    option: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers so far to one diagnostic on the path of one entry."""

    path: str
    diagnostic: str
    begun: datetime
    """The first save: the time for answering counts from there."""
    saved: datetime
    answers: Mapping[str, Answered]
    version: Version | None = None
    by: Actor | None = None
    """The caller who saved last; it is stored, and not read again."""

    @property
    def key(self) -> str:
        """The id of the stored row."""
        return draft_key(self.path, self.diagnostic)

    @property
    def times(self) -> Iterator[datetime]:
        """The times of all that was saved, as far as it still stands."""
        yield from (self.begun, self.saved, *(answer.time for answer in self.answers.values()))

    def ends(self, instrument: Instrument) -> datetime | None:
        """Returns when the time for answering is over; None where there is no limit."""
        return None if instrument.minutes is None else self.begun + timedelta(minutes=instrument.minutes)

    def is_over(self, instrument: Instrument, time: datetime) -> bool:
        """Tells whether what arrives at a time was answered too late."""
        ends = self.ends(instrument)
        return ends is not None and time > ends + ON_ITS_WAY

    def must_admit(self, instrument: Instrument, answers: Mapping[str, str], time: datetime) -> None:
        """Raises Conflict for an attempt with an answer that was not saved in time."""
        saved = {code: answer.option for code, answer in self.answers.items()}
        if answers != saved and self.is_over(instrument, time):
            raise Conflict.about("diagnostic", "the time is over; only what was saved in time is taken", "time-over")

    def document(self) -> dict[str, Any]:
        """The row as it is stored."""
        return {
            "_id": self.key,
            "path": self.path,
            "diagnostic": self.diagnostic,
            "begun": self.begun.isoformat(),
            "saved": self.saved.isoformat(),
            "answers": {code: [answer.option, answer.time.isoformat()] for code, answer in self.answers.items()},
            "version": self.version,
            **changed(self.by),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Draft":
        """Returns the draft of a stored row."""
        time = datetime.fromisoformat
        return cls(
            path=document["path"],
            diagnostic=document["diagnostic"],
            begun=time(document["begun"]),
            saved=time(document["saved"]),
            answers={code: Answered(option, time(at)) for code, (option, at) in document["answers"].items()},
            version=document["version"],
        )


def draft_key(path: str, diagnostic: str) -> str:
    """Returns the natural key of a draft."""
    return f"{path}/{diagnostic}"


def draft_keys(entries: Iterable[str], season: str, diagnostic: str) -> list[str]:
    """Returns the keys of the drafts of a pupil's entries, the survivor's first."""
    return [draft_key(path_id(entry, season), diagnostic) for entry in entries]


def joined_draft(drafts: Sequence[Draft]) -> Draft | None:
    """Returns the drafts of all entries as one, each item with the answer saved last; None where there are none."""
    if not drafts:
        return None
    answers: dict[str, Answered] = {}
    for draft in drafts:
        for code, answer in draft.answers.items():
            answers[code] = max(answers.get(code, answer), answer, key=lambda one: one.time)
    latest_first = sorted(drafts, key=lambda draft: draft.saved, reverse=True)
    return replace(
        drafts[0],
        begun=min(draft.begun for draft in drafts),
        saved=latest_first[0].saved,
        answers=answers,
        version=next((draft.version for draft in latest_first if draft.version), None),
    )


def save(known: Sequence[Draft], path: str, instrument: Instrument, command: DraftCommand, time: datetime) -> Draft:
    """Saves answers in the draft of a path, where `known` are those of all entries.

    Raises BadInput for answers that the instrument does not offer, and Conflict where the time is over.
    """
    instrument.must_offer(command.answers)
    instrument.must_have(command.version)
    whole = joined_draft(known)
    if whole is not None and whole.is_over(instrument, time):
        raise Conflict.about("diagnostic", "the time for answering is over", "time-over")
    added = {code: Answered(option, time) for code, option in command.answers.items()}
    said = Draft(path, instrument.code, time, time, added, command.version)
    own = [draft for draft in known if draft.path == path]
    return joined_draft([said, *own]) or said


def has_lapsed(draft: Draft, entry: str, joined: Joined) -> bool:
    """Tells whether a draft has to go: no consent is in force, or none was when some of it was saved."""
    return not joined.pupil.consent or any(joined.unconsented(entry, time) for time in draft.times)
