"""Names and birth dates while rosters are decided. Pure; they are sealed when they are stored.

A line says of a known person the same again, a correction, or plainly names somebody else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from services.registration.name_index import Child
from shared.base.errors import Conflict
from shared.base.wording import phrase, worded
from shared.identity.acting import Actor
from shared.identity.vault import Identity
from shared.programme.texts import NAME
from shared.tables.columns import in_russian

Corrected = Literal["name", "birth_date"]
GuardianKind = Literal["person", "organisation"]
NUMBERS = ("inn", "ogrn")
"""Of an organisation."""
FIELDS: tuple[Corrected, ...] = ("name", "birth_date")
SAID_AT: Mapping[str, str] = {field: f"{field}_said_at" for field in FIELDS}
"""Where an identity keeps when a field was said: what an earlier roster says, which is sent late, corrects nothing. Who
only confirms a field does not say it anew."""
TIMES = "corrections"
"""Where it keeps how often it was corrected."""
MOST_CORRECTIONS = 100
"""Of one person: all are kept, and two who contradict each other for ever would fill the database."""
FAR = timedelta(days=366)
"""A birth date that is further off is no slip of the pen."""
ANOTHER = (
    "this key named another {whom} before: give another {whom} a key of its own, "
    "or amend the pupil alone, where the earlier entry was wrong"
)
APOSTROPHES = re.compile("[\u02b0-\u02ff\ua78b\ua78c\ua789]")
"""Letters, for Unicode, that stand in names as apostrophes do."""
WORD = re.compile(r"\w{2,}")
"""Of a name; an initial tells nobody apart."""


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

    def __init__(self, known: Mapping[str, Identity], namesakes: Mapping[Child, Sequence[str]] | None = None) -> None:
        """`namesakes` are persons whom the region knows by name and birth date, whoever they are."""
        self.entered: dict[str, Identity] = {}
        self.corrected: dict[str, Identity] = {}
        """Of persons who were corrected, as they are by now."""
        self.corrections: list[Correction] = []
        self._known = known
        self._children = {_child(said): person for person, said in known.items() if "birth_date" in said}
        self._namesakes = {child: list(persons) for child, persons in (namesakes or {}).items()}

    def enter(self, person: str, time: datetime, child: Child | None = None, /, **said: str) -> None:
        """Keeps the identity of a new person, of a pupil with the `child` that follows from it."""
        self.entered[person] = {**said, **_said_at((field for field in FIELDS if field in said), time)}
        if child is not None:
            self._namesakes.setdefault(child, []).append(person)

    def namesakes(self, child: Child) -> list[str]:
        """The children of this name and birth date, as far as they were looked for or are entered here."""
        return self._namesakes.get(child, [])

    def namesake(self, persons: Iterable[str], name: str) -> str | None:
        """The only one of these persons who has a name, whatever its case and its Ё; None where none or two have."""
        alike = [id for id in persons if (known := self._of(id)) and _words(known["name"]) == _words(name)]
        return alike[0] if len(alike) == 1 else None

    def name(self, person: str) -> str:
        """The name by which a person is known."""
        return (self._of(person) or {"name": ""})["name"]

    def must_be(self, person: str, word: str, said: Mapping[str, str]) -> None:
        """Raises Conflict where a line about a known person plainly names another one; `word` is its key on the line.

        That is another pupil of these; a birth date that is more than a year off; beside another birth date a name of
        which neither is a part of the other; and of a guardian a name without a word in common, an organisation instead
        of a person, or one of another number.
        """
        known = self._of(person)
        if known is not None and _is_another_body(known, said):
            raise _another("guardian", word)
        if known is None or _child(known) == _child(said):
            return
        if "birth_date" in known:
            other = self._children.get(_child(said), person) != person
            if other or not _may_be_one_child(known, said):
                raise _another("child", word)
        elif not are_alike(known["name"], said["name"]):
            raise _another("guardian", word)

    def correct(
        self,
        person: str,
        participant: str,
        said: Mapping[str, str],
        time: datetime,
        by: Actor | None,
        since: datetime | None = None,
    ) -> Iterator[Corrected]:
        """Keeps what a line says otherwise, unless somebody has said it since, and yields which fields that are.

        A number of an organisation that was not known is kept too.

        `since` is when a row of an earlier release was said. Raises Conflict after too many corrections.
        """
        known = self._of(person)
        if known is None:
            return
        changed = [
            field
            for field in FIELDS
            if said.get(field) not in (None, known.get(field))  # most say the same again, in the form of today
            and _formed(known, field) != said[field]
            and time >= _told(known, field, since or time)
        ]
        more = {number: said[number] for number in NUMBERS if number in said and number not in known}
        if not changed:
            if more:
                self.corrected[person] = {**known, **more}
            return
        times = int(known.get(TIMES, "0")) + len(changed)
        if times > MOST_CORRECTIONS:
            often = worded("a person has been corrected {most} times", most=MOST_CORRECTIONS)
            raise Conflict(often, slug="too-many-corrections")
        new: dict[str, str] = {field: said[field] for field in changed}
        self.corrections += [
            Correction(person, participant, field, known.get(field, ""), said[field], time, by) for field in changed
        ]
        self.corrected[person] = {**known, **more, **new, **_said_at(new, time), TIMES: str(times)}
        yield from changed

    def must_be_the_same(self, person: str, word: str, said: Mapping[str, str]) -> None:
        """Raises Conflict unless every word of one name stands in the other, with birth dates a year apart at most.

        A roster's line may correct a person. Who is given a cabinet must be the one: families share birthdays.
        """
        known = self._of(person)
        if known is None or _are_the_same(known, said):
            return
        raise _another("child" if "birth_date" in said else "guardian", word)

    def leave_as_known(self) -> None:
        """Takes corrections back: what was said of known persons only showed that they are meant."""
        self.corrected.clear()
        self.corrections.clear()

    def _of(self, person: str) -> Identity | None:
        return self.corrected.get(person) or self.entered.get(person) or self._known.get(person)


def child_of(said: Mapping[str, str]) -> Child:
    """The name and the birth date by which a region knows a child."""
    return " ".join(re.findall(r"\w+", _folded(_formed(said, "name")))), said["birth_date"]


def are_alike(one: str, other: str) -> bool:
    """Tells whether two names may be one person's: they are the same, or have a word in common."""
    return one == other or not _words(one).isdisjoint(_words(other))


def _is_another_body(known: Identity, said: Mapping[str, str]) -> bool:
    """Tells whether one is a person and the other an organisation, or both are organisations of other numbers."""
    if "kind" not in said:
        return False
    other_kind = known.get("kind", "person") != said["kind"]
    return other_kind or any(known[n] != said[n] for n in NUMBERS if n in known and n in said)


def _are_the_same(known: Identity, said: Mapping[str, str]) -> bool:
    before, now = _words(_formed(known, "name")), _words(said["name"])
    born = [date.fromisoformat(each["birth_date"]) for each in (known, said) if "birth_date" in each]
    alike = _formed(known, "name") == said["name"] or (bool(before and now) and (before <= now or now <= before))
    return alike and (not born or max(born) - min(born) <= FAR)


def _may_be_one_child(known: Identity, said: Mapping[str, str]) -> bool:
    if known["birth_date"] == said["birth_date"]:
        return True
    apart = abs(date.fromisoformat(known["birth_date"]) - date.fromisoformat(said["birth_date"]))
    before, now = _words(_formed(known, "name")), _words(said["name"])
    return apart <= FAR and (before <= now or now <= before)


def _another(whom: str, word: str) -> Conflict:
    return Conflict.about(word, worded(ANOTHER, whom=phrase(whom)), f"another-{whom}")


def _child(said: Mapping[str, str]) -> tuple[str, str | None]:
    return _formed(said, "name"), said.get("birth_date")


def _formed(said: Mapping[str, str], field: str) -> str:
    """A field in the form of today; an earlier release sealed names as they were typed."""
    text = said.get(field, "")
    return (NAME.read(text) or text) if field == "name" else text


def _said_at(fields: Iterable[str], time: datetime) -> dict[str, str]:
    at = time.isoformat()
    return {SAID_AT[field]: at for field in fields}


def _told(known: Identity, field: str, otherwise: datetime) -> datetime:
    """The time at which a field was said; an earlier release kept none."""
    text = known.get(SAID_AT[field])
    return otherwise if text is None else datetime.fromisoformat(text)


def _words(name: str) -> set[str]:
    """The words of a name without regard to case and to Ё."""
    return set(WORD.findall(_folded(name)))


def _folded(name: str) -> str:
    return in_russian(APOSTROPHES.sub("'", name.casefold().replace("ё", "е")))
