"""Valid values of registration: a school, a roster and its lines; a test changes only what it is about."""

from collections import defaultdict
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import count
from types import MappingProxyType
from typing import Any, TypeVar

from services.registration.api.rosters import Roster, RosterAnswer, RosterItem, read
from services.registration.codes import Codes
from services.registration.copies.seasons import Season
from services.registration.domain.enrolment import EnrolmentBatch
from services.registration.domain.identities import Correction, Identities, child_of
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Key, Participant
from services.registration.domain.rosters import Intake
from services.registration.domain.school_keys import Guardians, Pupils
from services.registration.handlers.rosters import enrolled
from services.registration.name_index import Child
from shared.identity.principal import Principal
from shared.identity.vault import Identity
from shared.storage.decision import Decision
from tests.builders.events import at

T = TypeVar("T")
NOW = at("2020-11-01")
SCHOOL = Organisation(
    id="RU-ROS-001-S01",
    kind="school",
    name="Школа № 1",
    parent="RU-ROS-001",
    region="RU-ROS",
    municipality="RU-ROS-001",
    utc_offset="+03:00",
)
CODES = Codes(b"k" * 32)
NAVIGATOR = Principal("staff", "staff", ())


@dataclass(frozen=True)
class Known:
    """Whom a register knows between two transactions."""

    pupils: Mapping[str, Participant] = field(default_factory=dict)
    guardians: Mapping[Key, str] = field(default_factory=dict)
    identities: Mapping[str, Identity] = field(default_factory=dict)

    def then(
        self,
        decisions: Iterable[Decision[Participant]],
        guardians: Mapping[Key, str],
        identities: Mapping[str, Identity] | None = None,
    ) -> "Known":
        """The register once these are saved."""
        saved = [d.state.model_copy(update={"sequence": d.state.sequence + len(d.happened)}) for d in decisions]
        pupils = {**self.pupils, **{pupil.id: pupil for pupil in saved}}
        return Known(pupils, {**self.guardians, **guardians}, {**self.identities, **(identities or {})})


@dataclass(frozen=True)
class Entered:
    """What one transaction comes to."""

    answers: list[list[RosterItem]]
    decisions: list[Decision[Participant]]
    guardians: dict[Key, str]
    """The new ones."""
    identities: Mapping[str, Identity]
    """Of new persons, without the time at which they were said."""
    corrections: list[Correction]
    known: Known
    """The register after it."""

    @property
    def items(self) -> list[RosterItem]:
        """The answer to its only roster."""
        (items,) = self.answers
        return items

    @property
    def writes(self) -> int:
        """How many documents it would store."""
        return len(self.decisions) + len(self.guardians) + len(self.identities) + len(self.corrections)


def enter(
    *rosters: Mapping[str, Any], known: Known | None = None, ids: Iterator[int] | None = None, now: datetime = NOW
) -> Entered:
    """What these rosters come to in one transaction; ids are `id1`, `id2` and so on, unless other numbers are given.

    A roster's `classes` are those to which its sender is narrowed.
    """
    before, numbers = known or Known(), ids or count(1)
    guardians = Guardians(before.guardians)
    born = defaultdict[Child, list[str]](list)
    for person, said in before.identities.items():
        if "birth_date" in said:
            entry = before.pupils.get(person)
            born[child_of(said)].append(entry.merged.into if entry and entry.merged else person)
    duplicates = {id for id, entry in before.pupils.items() if entry.merged}
    asked = {person: said for person, said in before.identities.items() if person not in duplicates}
    identities, pupils = Identities(asked, born), Pupils(before.pupils.values())
    batch = EnrolmentBatch(pupils, guardians, identities, CODES, lambda: f"id{next(numbers)}")
    answers = [_answered(batch, body, now, number) for number, body in enumerate(rosters)]
    decisions, new = batch.pupils.made, {key: guardian.id for key, guardian in guardians.entered.items()}
    known = before.then(decisions, new, {**identities.entered, **identities.corrected})
    bare: dict[str, Identity] = {
        person: {name: text for name, text in said.items() if name in {"name", "birth_date"}}
        for person, said in identities.entered.items()
    }
    return Entered(answers, decisions, new, bare, identities.corrections, known)


def _answered(batch: EnrolmentBatch, body: Mapping[str, Any], now: datetime, number: int) -> list[RosterItem]:
    """The answer to one roster; its lines are read as the route reads them."""
    request = _at_once(read(_sent(body).model_copy(update={"pupils": body["pupils"]}), NAVIGATOR, now))
    outcomes = enrolled(batch, request, replace(_intake(body, now), entries=request.values, number=number))
    return RosterAnswer.of(request, outcomes, CODES).items


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that waits for nothing, as with few lines."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waits")


def pupil(ref: str = "1", **changed: Any) -> dict[str, Any]:
    """One line of a roster of class 7А, with a guardian's consent."""
    line = {
        "external_ref": ref,
        "name": f"Иванов Пётр {ref}",
        "birth_date": "2007-05-17",
        "grade": 7,
        "guardian": {"ref": f"g{ref}", "name": f"Иванова Анна {ref}"},
        "consent": {"version": "2020-1", "given_at": "2020-09-01T12:00:00+03:00", "channel": "paper"},
    }
    return {**line, **changed}


def minor(ref: str = "1", **changed: Any) -> dict[str, Any]:
    """The same of one who comes of age in 2031: a guardian opens a cabinet and gives consents until then."""
    return pupil(ref, **{"birth_date": "2013-05-17", **changed})


def roster(pupils: Sequence[Any], **changed: Any) -> dict[str, Any]:
    """The body of a roster of class 7А."""
    body = {"season": "2020", "school": SCHOOL.id, "class": "7А", "occurred_at": "2020-09-14T10:00:00+03:00"}
    return {**body, "pupils": list(pupils), **changed}


def season(code: str = "2020", grades: tuple[int, int] = (6, 11)) -> Season:
    """A season as registration knows it: 2020 with its dates, any other open all the time."""
    dates = (date(2020, 7, 7), date(2020, 12, 16)) if code == "2020" else (date.min, date.max)
    return Season(code, grades, *dates)


def intake(now: datetime = NOW, **changed: Any) -> Intake:
    """The class of that roster, as it enters the season."""
    return _intake(roster([pupil()], **changed), now)


def _intake(body: Mapping[str, Any], now: datetime) -> Intake:
    sent, classes = _sent(body), body.get("classes")
    school = SCHOOL.model_copy(update={"id": sent.school, "municipality": sent.school.rpartition("-")[0]})
    return Intake.of(sent, season(sent.season), school, now, None if classes is None else frozenset(classes))


def _sent(body: Mapping[str, Any]) -> Roster:
    """The roster with one right line: a test's may have none."""
    shown = {name: part for name, part in body.items() if name != "classes"}
    return Roster.model_validate({**shown, "pupils": [pupil()]})


def number(grade: int = 7, total: int = 25, name: str | None = None, **said: Any) -> dict[str, Any]:
    """The number of a class's pupils, as a school tells it of a year."""
    return {"grade": grade, "total": total, "class": name, **said}


def entered(
    *pupils: Any,
    known: Known | None = None,
    ids: Iterator[int] | None = None,
    now: datetime = NOW,
    changed: Mapping[str, Any] = MappingProxyType({}),
) -> Entered:
    """What a roster of these lines comes to."""
    return enter(roster(pupils, **changed), known=known, ids=ids, now=now)


def entry(id: str, ref: str, **changed: Any) -> Participant:
    """A pupil without guardians, in class 7А since 14 September."""
    state = entered(pupil(ref, guardian=None, consent=None)).decisions[0].state
    return state.model_copy(update={"id": id, "sequence": 3, **changed})
