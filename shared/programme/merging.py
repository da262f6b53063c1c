"""Entries of one pupil: which of them are joined, by what each last said of the other (ADR 21). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Envelope
from shared.contracts.registration import MergeRole, Merging, ParticipantMerged
from shared.programme.moments import LocalTime


class Word(BaseModel):
    """The last that one entry of a pupil said of another: that both are merged, or two pupils after all."""

    model_config = ConfigDict(frozen=True)

    other: str
    """The other entry."""
    role: MergeRole
    """Of the entry that says it."""
    merged: bool
    sequence: str
    """The event's; compared with others of the same entry alone."""
    time: LocalTime


Words = Sequence[Word]
"""What one entry said of others, one word of each."""


def word_of(envelope: Envelope) -> Word | None:
    """Returns what an event says of another entry, if it says anything."""
    event = envelope.event
    if not isinstance(event, Merging):
        return None
    merged = isinstance(event, ParticipantMerged)
    return Word(other=event.other, role=event.role, merged=merged, sequence=envelope.sequence, time=envelope.time)


def with_word(known: Iterable[Word], word: Word) -> tuple[Word, ...]:
    """Returns an entry's words after one more, in whatever order they come: of each other the latest sequence holds."""
    last = {said.other: said for said in known}
    last[word.other] = max(word, last.get(word.other, word), key=lambda said: said.sequence)
    return tuple(sorted(last.values(), key=lambda said: said.other))


def are_joined(one: MergeRole | Literal[""], other: MergeRole | Literal[""]) -> bool:
    """Tells that two entries are one pupil: the last word of both is the merging, in opposite roles.

    Each is the own role that an entry said of the other one; empty where it last said that they are parted, or nothing.
    """
    return {one, other} == {"survivor", "duplicate"}


def duplicates_of(id: str, words: Mapping[str, Words]) -> tuple[str, ...]:
    """Returns the entries that are joined to a survivor, by the words of those that are known."""
    named = (said.other for said in words.get(id, ()) if said.role == "survivor")
    return tuple(sorted(other for other in named if _agree(id, other, words)))


def survivor_of(id: str, words: Mapping[str, Words]) -> str:
    """Returns the entry that stands for another since both said so; the entry itself where there is none."""
    named = (said for said in words.get(id, ()) if said.role == "duplicate" and _agree(said.other, id, words))
    # Of two at once, which only lasts until the parting of one is heard, the one that was named last.
    last = max(named, key=lambda said: said.sequence, default=None)
    return id if last is None else last.other


def _agree(one: str, other: str, words: Mapping[str, Words]) -> bool:
    return are_joined(_role(one, other, words), _role(other, one, words))


def _role(id: str, other: str, words: Mapping[str, Words]) -> MergeRole | Literal[""]:
    return next((said.role for said in words.get(id, ()) if said.other == other and said.merged), "")
