"""Use case: a database that was put back from a backup learns from its own topics what it has published since."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from services.trials.copies.participants import Participant
from services.trials.domain.path import restoring
from services.trials.domain.path.path_parts import Correction
from services.trials.domain.path.paths import Path
from services.trials.domain.path.restoring import STEPS, correction_of, has, new_path, walked
from services.trials.domain.seats.waiting import waiter_id
from services.trials.domain.testing.drafts import draft_key
from services.trials.handlers.claims import recount
from services.trials.handlers.restored_catalogue import KINDS, RestoredCatalogue
from services.trials.handlers.restored_copies import RestoredCopies
from services.trials.handlers.restored_lines import end_places
from services.trials.repository import Repository
from shared.contracts.event import Envelope
from shared.contracts.feedback import FeedbackGiven
from shared.contracts.guardians import ActorErased
from shared.contracts.lessons import LessonRevoked
from shared.contracts.timetables import TrialMoved
from shared.contracts.trials import (
    AttendanceRevoked,
    DiagnosticCompleted,
    PathErased,
    PathEvent,
    TrialBooked,
)
from shared.messaging.events import Events
from shared.storage.decision import NewId
from shared.storage.losses import Loss
from shared.storage.mongo import Transaction

ERASED = "erased/"
"""The begin of the subjects of answers to erasures."""


class Restorer:
    """The paths and the catalogue that trials' own events tell of (`shared.runtime.restoration.Restorer`)."""

    events = Events.of([*KINDS, *STEPS, PathErased, ActorErased])

    def __init__(self, repository: Repository, copies: RestoredCopies, new_id: NewId) -> None:
        self._repository = repository
        self._catalogue = RestoredCatalogue(repository)
        self._copies = copies
        self._new_id = new_id

    async def sequences(self, subjects: Collection[str], tx: Transaction) -> Mapping[str, int]:
        """Returns the last sequences of paths, of the catalogue's entries, and of answers to erasures."""
        answers = [subject for subject in subjects if subject.startswith(ERASED)]
        entries = await self._catalogue.sequences(subjects, tx)
        others = [one for one in subjects if not one.startswith((ERASED, *self._catalogue.kinds))]
        paths = await self._repository.paths.load(others, tx)
        return {**entries, **{id: path.sequence for id, path in paths.items()}, **await self._answered(answers, tx)}

    async def apply(self, events: Sequence[Envelope], tx: Transaction) -> Sequence[Loss]:
        """Brings paths and the catalogue to where they were after events that the database does not know."""
        losses = await self._catalogue.apply(events, tx)
        steps = [envelope for envelope in events if isinstance(envelope.event, PathEvent)]
        if steps:
            losses += await self._walk(steps, tx)
            await self._repository.lines.were_seated(_places(steps), tx)
        for envelope in events:
            if isinstance(envelope.event, PathErased):
                await self._copies.cleared(envelope.event, tx)
            if isinstance(envelope.event, ActorErased):
                await self._copies.guardian_cleared(envelope.event, tx)
        return losses

    async def settle(self) -> None:
        """Learns of pupils all that was published, before any path follows.

        A path that is known to its end would else be judged by what was known of its pupil long before. Seats that
        were to be confirmed count as confirmed.
        """
        await self._repository.lines.forget_deadlines()
        await self._copies.catch_up(self._new_id)
        await end_places(self._repository)
        await recount(self._repository)

    async def _answered(self, subjects: Sequence[str], tx: Transaction) -> dict[str, int]:
        """The answers that were given: each is the only event of its subject.

        That is `erased/<pupil>/<act>`, or for a guardian `erased/<pupil>/<guardian>/<act>`.
        """
        named = {subject: subject.split("/")[1:] for subject in subjects}
        pupils = await self._repository.copies.participants((parts[0] for parts in named.values()), tx)
        return {subject: 1 for subject, parts in named.items() if _is_answered(pupils.get(parts[0]), *parts[1:])}

    async def _walk(self, steps: Sequence[Envelope], tx: Transaction) -> list[Loss]:
        repository = self._repository
        before = await repository.paths.load({step.subject for step in steps}, tx)
        booked = {step.event.slot for step in steps if isinstance(step.event, TrialBooked)}
        slots = await repository.slots.load(booked, tx)
        paths, elsewhere = dict(before), list[Correction]()
        for step in steps:
            assert isinstance(step.event, PathEvent)
            path, correction = paths.get(step.subject) or new_path(step.event), correction_of(step)
            if correction is not None and correction.kind != "retracted" and not has(path, correction):
                elsewhere.append(correction)
            paths[path.id] = walked(path, step, slots)
        moves = [step.event for step in steps if isinstance(step.event, TrialMoved)]
        parts = [*(one.id for one in elsewhere), *(one.booking for one in moves)]
        others = [id for id in await repository.corrections.paths(parts, tx) if id not in paths]
        for path in (await repository.paths.load(others, tx)).values():
            before[path.id] = paths[path.id] = path
        waiting = await repository.corrections.take(elsewhere, _parts(paths.values()), tx)
        for id, path in paths.items():
            for correction in waiting:
                path = restoring.corrected_elsewhere(path, correction) if has(path, correction) else path
            paths[id] = restoring.moved(path, moves)
        for path in await self._without_attempts(paths, steps, tx):
            before[path.id] = path
        taken = Counter[str]()
        for id, path in paths.items():
            taken.update(path.seats)
            taken.subtract(before[id].seats if id in before else ())
        await repository.count_seats(taken, tx)
        await repository.paths.restore(list(paths.values()), tx)
        return [Loss(step, word) for step in steps if (word := _lacking(step, slots))]

    async def _without_attempts(
        self, paths: dict[str, Path], steps: Sequence[Envelope], tx: Transaction
    ) -> Collection[Path]:
        """Destroys the attempts that were taken back, on whichever path they are; returns paths that had to be read.

        What takes one back may be read before the attempt itself, where another entry's events tell it.
        """
        repository, own = self._repository, defaultdict[str, set[str]](set)
        completed = [one for step in steps if (one := restoring.nameless_attempt(step)) is not None]
        await repository.attempts.add(completed, tx)
        await repository.drafts.destroy((draft_key(one.path, one.diagnostic) for one in completed), tx)
        made = {one.id: one for one in await repository.corrections.take([], (one.id for one in completed), tx)}
        for step in steps:
            if (correction := correction_of(step)) is not None and correction.kind == "retracted":
                made[correction.id] = correction
                own[step.subject].add(correction.id)
        where = await repository.attempts.take_back(made, tx)
        await repository.corrections.take([one for id, one in made.items() if id not in where], (), tx)
        others = await repository.paths.load({id for id in where.values() if id not in paths}, tx)
        paths |= others
        left = await repository.attempts.on({*where.values()}, tx)
        for path in (paths[id] for id in {*where.values()}):
            gone = [made[id] for id, had_by in where.items() if had_by == path.id]
            noted = [one for one in gone if one.id not in own[path.id]]
            paths[path.id] = restoring.retracted(path, gone, noted, left.get(path.id, ()))
        return others.values()


def _is_answered(pupil: Participant | None, *named: str) -> bool:
    """Tells whether an erasure is answered: that of a pupil, named by the act, or of a guardian, named with the act."""
    if pupil is None:
        return False
    *guardians, act = named
    return any(pupil.guardians_erased.get(guardian) == act for guardian in guardians) if guardians else pupil.act == act


def _places(steps: Sequence[Envelope]) -> dict[str, str]:
    """Returns the bookings that were made, by the places in line from which they may come."""
    booked = ((step.subject, step.event) for step in steps)
    return {waiter_id(path, event.slot): event.booking for path, event in booked if isinstance(event, TrialBooked)}


def _parts(paths: Collection[Path]) -> Iterator[str]:
    for path in paths:
        yield from (booking.id for booking in path.bookings)
        yield from (attendance.id for attendance in path.attendances)
        yield from (lesson.id for lesson in path.lessons)
        yield from () if path.recommendation is None else (path.recommendation.id,)


def _lacking(step: Envelope, slots: Mapping[str, Any]) -> str | None:
    """Returns the part of a step that no event tells."""
    match step.event:
        case DiagnosticCompleted():
            return "answers"
        case AttendanceRevoked() | LessonRevoked():
            return "reason"
        case FeedbackGiven(giver="pupil"):
            return "words"
        case TrialBooked() as event if event.slot not in slots:
            return "slot"
    return None
