"""A change of the fold has another version: what pupils of all kinds add to the figures has a fingerprint."""

import hashlib
import json
from collections.abc import Iterator
from random import Random

import pytest

from services.analytics.consumers import FOLDED
from services.analytics.enrolments import Terms
from services.analytics.entries import counted
from services.analytics.facts import Pupil, learn
from services.analytics.figures.registry import FOLD, contribution
from shared.contracts.event import Envelope, Event
from shared.contracts.samples import envelopes
from shared.programme.stages import Rules
from tests.builders.events import (
    PLACE,
    archived,
    at,
    attended,
    booked,
    cancelled,
    diagnosed,
    enveloped,
    guardian_linked,
    guardian_unlinked,
    lesson,
    merged,
    moved,
    promoted,
    recommended,
    registered,
    restored,
    revoked,
    undone,
    unheld,
    unmerged,
    withdrawn,
)

PAIRS = 150
STEPS = ("attempt", "booking", "attendance", "recommendation")
"""Fields with the id of a step, which is nobody else's."""
TERMS = (
    Terms(Rules(frozenset({"readiness", "interests"}), trials_required=2), closes="2020-10-31"),
    Terms(Rules(frozenset({"readiness"}), trials_required=1), closes="2020-12-16"),
)
ELSEWHERE = (
    {**PLACE, "school_class": "8Б", "grade": 8},
    {**PLACE, "municipality": "RU-ROS-002", "school": "RU-ROS-002-S04"},
    {**PLACE, "region": "RU-DA", "municipality": "RU-DA-001", "school": "RU-DA-001-S01"},
)
SAMPLES = envelopes()
FINGERPRINTS = {
    "2": "83349f9bd84bd289393b8d55a93a6167d2718704e35aa1277d140e23e27c6814",
    "3": "2f56dd998a1f6f0768426597abe5ae3b8fe29f211a3e5b9b6d0e1728bc6b59c0",
    "4": "2f56dd998a1f6f0768426597abe5ae3b8fe29f211a3e5b9b6d0e1728bc6b59c0",
}
"""By version of the fold; a new version is a new line here. An old line is never changed.

The fourth version stores otherwise what it folds as the third does.
"""
WITH_LESSONS = {
    "3": "eea79e6116ab490d86a6c4f98c510043d8aba85e5e53d7c812fd9212e5155c09",
    "4": "eea79e6116ab490d86a6c4f98c510043d8aba85e5e53d7c812fd9212e5155c09",
}
"""The same of histories with lessons, which the release before had in none."""


def _history(rng: Random, id: str, other: str, role: str, lessons: bool = False) -> Iterator[Envelope]:
    """Yields what happened to one pupil, who may have been merged with another, in no order."""
    slots = [f"s{n}" for n in range(3)]
    happened: list[Event] = [registered(grade=rng.randint(6, 11), school_class=rng.choice(("7А", "7 а", "11Б")))]
    happened += [registered(season="2021", grade=8)] * (rng.random() < 0.2)
    for name in ("readiness", "interests", "other"):
        taken = rng.choice((0, 1, 1, 2, 3))
        happened += [diagnosed(diagnostic=name, attempt=f"{name}{n}") for n in range(taken)]
        happened += [undone(diagnostic=name, attempt=f"{name}0")] * (rng.random() < 0.1)
    for slot in slots:
        kind, competency = rng.choice(("trial", "excursion")), rng.choice(("gov", "police"))
        happened += [booked(slot=slot, kind=kind, competency=competency)] * (rng.random() < 0.8)
        happened += [cancelled(slot=slot, kind=kind, competency=competency)] * (rng.random() < 0.2)
        happened += [attended(slot=slot, kind=kind, competency=competency)] * (rng.random() < 0.7)
        happened += [revoked(slot=slot, kind=kind, competency=competency)] * (rng.random() < 0.1)
    happened += [recommended()] * (rng.random() < 0.5) + [withdrawn()] * (rng.random() < 0.1)
    for _ in range(rng.choice((0, 1, 2, 4))):
        cabinet = {"guardian": f"g{rng.randint(1, 2)}", "account": f"a{rng.randint(1, 3)}"}
        happened += [guardian_linked(**cabinet)] + [guardian_unlinked(**cabinet)] * (rng.random() < 0.3)
    happened += [moved(to=rng.choice(ELSEWHERE)) for _ in range(rng.choice((0, 0, 0, 1, 3)))]
    happened += [promoted(to=rng.choice(ELSEWHERE))] * (rng.random() < 0.1)
    happened += [merged(other=other, role=role)] * (rng.random() < 0.7)
    happened += [unmerged(other=other, role=role)] * (rng.random() < 0.1)
    happened += [archived(reason="left")] * (rng.random() < 0.1) + [archived(reason="mistake")] * (rng.random() < 0.1)
    happened += [restored()] * (rng.random() < 0.1)
    if lessons:
        for n in range(rng.choice((0, 1, 3))):
            happened += [lesson(lesson=f"l{n}")] + [unheld(lesson=f"l{n}")] * (rng.random() < 0.2)
    rng.shuffle(happened)
    for sequence, event in enumerate(happened, 1):
        own = {name: f"{id}-{getattr(event, name)}" for name in STEPS if hasattr(event, name)}
        yield enveloped(
            event.model_copy(update={**own, "participant": id}),
            sequence,
            at(f"2020-{rng.randint(9, 11):02}-{rng.randint(1, 28):02}", rng.randint(0, 23)),
        )


def _histories(rng: Random, lessons: bool) -> Iterator[Envelope]:
    """Yields what happened to the two entries of a pair."""
    yield from _history(rng, "p1", "p2", "survivor", lessons)
    yield from _history(rng, "p2", "p1", "duplicate", lessons)


@pytest.mark.parametrize(("lessons", "fingerprints"), [(False, FINGERPRINTS), (True, WITH_LESSONS)])
def test_the_same_events_give_the_same_cells_as_long_as_the_version_is_the_same(
    lessons: bool, fingerprints: dict[str, str]
) -> None:
    rng, said = Random("fold"), hashlib.sha256()
    added = joined = 0
    for _ in range(PAIRS):
        entries = {"p1": Pupil(), "p2": Pupil()}
        for envelope in _histories(rng, lessons):
            learn(entries[envelope.event.key], envelope)
        pupils = dict(counted(entries))
        joined += len(pupils) == 1
        for id, pupil in pupils.items():
            part = contribution(id, "2020", pupil, rng.choice(TERMS))
            cells = sorted([*cell, times] for cell, times in part.cells.items())
            said.update(json.dumps([cells, sorted(part.links, key=repr)], ensure_ascii=False).encode())
            added += len(cells)
    assert added > 10 * PAIRS
    assert joined > PAIRS / 5
    assert fingerprints[FOLD] == said.hexdigest(), "the fold gives something else: give it another FOLD"


def test_the_histories_hold_every_event_that_the_fold_handles() -> None:
    rng = Random("all")
    held = {type(envelope.event) for _ in range(PAIRS) for envelope in _histories(rng, lessons=True)}
    assert held == FOLDED.handled


@pytest.mark.parametrize("event", sorted(FOLDED.handled, key=repr))
def test_the_fold_handles_what_the_projection_is_given(event: type[Event]) -> None:
    assert learn(Pupil(), SAMPLES[event.type])
