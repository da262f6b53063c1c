"""Names and birth dates while rosters are decided. Pure; they are sealed when they are stored.

A line says of a known person the same again, a correction, or plainly names somebody else.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from services.registration.vault import Identity
from shared.base.errors import Conflict
from shared.identity.acting import Actor

Corrected = Literal["name", "birth_date"]
FIELDS: tuple[Corrected, ...] = ("name", "birth_date")
SAID_AT = "said_at"
"""The time of the roster that said it last: an earlier one, which is sent late, corrects nothing."""
FAR = timedelta(days=366)
"""A birth date that is further off is no slip of the pen."""
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Correction:
    """A field of a person's identity that was corrected, on a line about a pupil."""

    person: str
    participant: str
    field: Corrected
    old: str
    new: str
    time: datetime
    by: Actor | None


class Identities:
    """Identities by person: those that are known, those that were entered, and what was corrected."""

    def __init__(self, known: Mapping[str, Identity]) -> None:
        self.entered: dict[str, Identity] = {}
        self.corrections: list[Correction] = []
        self._known = known
        self._corrected: dict[str, Identity] = {}

    @property
    def corrected(self) -> Mapping[str, Identity]:
        """The identities of known persons as they are by now, where they are others."""
        return self._corrected

    def enter(self, person: str, time: datetime, **said: str) -> None:
        """Keeps the identity of a new person."""
        self.entered[person] = {**said, SAID_AT: time.isoformat()}

    def must_be(self, person: str, word: str, said: Mapping[str, str]) -> None:
        """Raises Conflict where a line about a known person plainly names another one; `word` is its key on the line.

        That is a birth date that is more than a year off, a name without a word in common beside another birth date,
        and of a guardian a name without a word in common.
        """
        known = self._of(person)
        if known is None:
            return
        born, said_born = known.get("birth_date"), said.get("birth_date")
        alike = not _words(known["name"]).isdisjoint(_words(said["name"]))
        other_day = born is not None and born != said_born
        is_far = other_day and abs(date.fromisoformat(born or "") - date.fromisoformat(said_born or "")) > FAR
        if is_far or (not alike and (born is None or other_day)):
            whom = "guardian" if born is None else "child"
            detail = f"named another {whom} before: that one is amended alone, and another {whom} has a key of its own"
            raise Conflict.about(word, detail, f"another-{whom}")

    def correct(
        self, person: str, participant: str, said: Mapping[str, str], time: datetime, by: Actor | None
    ) -> Iterator[Corrected]:
        """Keeps what a line says otherwise, unless somebody has said it since, and yields which fields that are."""
        known = self._of(person)
        if known is None or person in self.entered or time < _said_at(known, time):
            return
        changed = [field for field in FIELDS if field in said and known.get(field) != said[field]]
        if not changed:
            return
        for field in changed:
            old = known.get(field, "")
            self.corrections.append(Correction(person, participant, field, old, said[field], time, by))
        self._corrected[person] = {**known, **said, SAID_AT: time.isoformat()}
        yield from changed

    def _of(self, person: str) -> Identity | None:
        return self._corrected.get(person) or self.entered.get(person) or self._known.get(person)


def _said_at(known: Identity, otherwise: datetime) -> datetime:
    """The time of what is known; an earlier release kept none."""
    return datetime.fromisoformat(known[SAID_AT]) if SAID_AT in known else otherwise


def _words(name: str) -> set[str]:
    """The words of a name without regard to case and to Ё."""
    return set(WORD.findall(name.casefold().replace("ё", "е")))
