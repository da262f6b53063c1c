"""A change of the fold has another version: what pupils of all kinds add to the figures has a fingerprint."""

import hashlib
import json
from collections.abc import Iterator
from random import Random

from services.analytics.facts import Pupil, learn
from services.analytics.figures.registry import FIGURES, FOLD, contribution
from shared.contracts.event import Envelope, Event
from shared.programme.stages import Rules
from tests.builders.events import (
    at,
    attended,
    booked,
    cancelled,
    diagnosed,
    enveloped,
    guardian_linked,
    recommended,
    registered,
    revoked,
    withdrawn,
)

PUPILS = 300
RULES = (
    Rules(frozenset({"readiness", "interests"}), trials_required=2),
    Rules(frozenset({"readiness"}), trials_required=1),
)
FINGERPRINTS = {"2": "e1d90378fd9ca5a9450f621721ef69df6d0d59b27aafb4737d2623793193679c"}
"""By version of the fold; a new version is a new line here. An old line is never changed."""


def _history(rng: Random) -> Iterator[Envelope]:
    """Yields what happened to one pupil, in no order."""
    slots = [f"s{n}" for n in range(3)]
    happened: list[Event] = [registered(grade=rng.randint(6, 11), school_class=rng.choice(("7А", "7 а", "11Б")))]
    happened += [diagnosed(diagnostic=name) for name in ("readiness", "interests", "other") if rng.random() < 0.7]
    for slot in slots:
        kind, competency = rng.choice(("trial", "excursion")), rng.choice(("gov", "police"))
        happened += [booked(slot=slot, kind=kind, competency=competency)] * (rng.random() < 0.8)
        happened += [cancelled(slot=slot, kind=kind, competency=competency)] * (rng.random() < 0.2)
        happened += [attended(slot=slot, kind=kind, competency=competency)] * (rng.random() < 0.7)
        happened += [revoked(slot=slot, kind=kind, competency=competency)] * (rng.random() < 0.1)
    happened += [recommended()] * (rng.random() < 0.5) + [withdrawn()] * (rng.random() < 0.1)
    happened += [guardian_linked(account=f"a{rng.randint(1, 9)}")] * (rng.random() < 0.5)
    rng.shuffle(happened)
    for event in happened:
        yield enveloped(event, time=at(f"2020-{rng.randint(9, 11):02}-{rng.randint(1, 28):02}", rng.randint(0, 23)))


def test_the_same_events_give_the_same_cells_as_long_as_the_version_is_the_same() -> None:
    rng, said = Random("fold"), hashlib.sha256()
    counted = 0
    for number in range(PUPILS):
        pupil = Pupil()
        for envelope in _history(rng):
            learn(pupil, envelope)
        part = contribution(f"p{number}", "2020", pupil, rng.choice(RULES))
        cells = sorted([*cell, times] for cell, times in part.cells.items())
        said.update(json.dumps([cells, sorted(part.links)], ensure_ascii=False).encode())
        counted += len(cells)
    assert counted > 5 * PUPILS
    assert FINGERPRINTS[FOLD] == said.hexdigest(), "the fold gives something else: give it another FOLD"


def test_a_figure_s_method_has_its_version() -> None:
    assert all(figure.method == f"{figure.name}/{figure.version}" and figure.version > 0 for figure in FIGURES)
