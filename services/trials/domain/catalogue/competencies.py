"""Competencies: the fields in which trials may be held."""

from datetime import datetime

from shared.base.models import Input
from shared.contracts.venues import CompetencyApproved
from shared.programme.moments import Moment
from shared.programme.texts import Title
from shared.storage.decision import Aggregate, Decision, Happened


class CompetencyEntry(Input):
    """A competency, as the national operator approves it."""

    name: Title
    """Shown to people, in Russian."""
    occurred_at: Moment | None = None


class Competency(Aggregate):
    """A field in which trials may be held."""

    name: str


def approve(known: Competency | None, code: str, entry: CompetencyEntry, time: datetime) -> Decision[Competency]:
    """Approves a competency, or renames it."""
    competency = known.model_copy(update={"name": entry.name}) if known else Competency(id=code, name=entry.name)
    if competency == known:
        return Decision(known)
    return Decision(competency, (Happened(CompetencyApproved(code=code, name=entry.name), time),))
