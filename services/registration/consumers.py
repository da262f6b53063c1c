"""What registration keeps of the other services' events: the seasons' grades, and each pupil's progress."""

from collections.abc import Sequence

from services.registration.repository import Register
from shared.contracts.event import Event
from shared.contracts.trials import (
    TRIAL_KINDS,
    AttendanceRevoked,
    DiagnosticCompleted,
    RecommendationIssued,
    RecommendationWithdrawn,
    SeasonDefined,
    TrialAttended,
)
from shared.mongo import Transaction
from shared.poll import Received


async def seasons(register: Register, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps what a roster is checked against."""
    newest: dict[str, tuple[str, tuple[int, int]]] = {}
    for record in received:
        season, sequence = record.event, record.envelope.sequence
        if isinstance(season, SeasonDefined) and sequence > newest.get(season.season, ("",))[0]:
            newest[season.season] = sequence, season.grades
    if newest:
        await register.learn_seasons(newest, tx)


async def progress(register: Register, received: Sequence[Received], tx: Transaction) -> None:
    """Keeps how far each pupil has come, so that a navigator sees who is stuck."""
    steps: dict[str, dict[str, list[str]]] = {}
    for record in received:
        found = step(record.event)
        if found is not None:
            name, id = found
            steps.setdefault(record.envelope.subject, {}).setdefault(name, []).append(id)
    await register.add_progress(steps, tx)


def step(event: Event) -> tuple[str, str] | None:
    """The set of a pupil's progress that an event adds to, and what it adds."""
    match event:
        case DiagnosticCompleted():
            return "diagnostics", event.diagnostic
        case TrialAttended():
            return "trials" if event.kind in TRIAL_KINDS else "activities", event.attendance
        case AttendanceRevoked():
            return "revoked", event.attendance
        case RecommendationIssued():
            return "recommendations", event.recommendation
        case RecommendationWithdrawn():
            return "withdrawn", event.recommendation
        case _:
            return None
