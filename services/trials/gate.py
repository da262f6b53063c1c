"""The season's gate: when a recommendation is issued or withdrawn, and which stages a path has reached. Pure."""

from collections.abc import Callable
from datetime import datetime

from services.trials.catalogue import Season
from services.trials.copies import Participant
from services.trials.path import Path, Recommendation
from shared.contracts.trials import TRIAL_KINDS, RecommendationIssued, RecommendationWithdrawn
from shared.programme.stages import Facts, Rules, Stages
from shared.storage.decision import Decision, Happened

MOST_COMPETENCIES = 3
NewId = Callable[[], str]


def settle(decision: Decision[Path], pupil: Participant, season: Season, new_id: NewId) -> Decision[Path]:
    """The decision, and the recommendation that it causes, takes back, or issues anew in place of one that names what
    was revoked; without consent none is issued, and one that is in force stays.

    A recommendation happens at the latest time of its causes; a withdrawal at the time of the correction.
    """
    path = decision.state
    opened, known = opened_at(path, season), path.recommendation
    if known is not None and decision.happened and (opened is None or not known.stands(path)):
        gone = RecommendationWithdrawn(**pupil.place, season=season.id, recommendation=known.id)
        decision, known = _and(decision, None, Happened(gone, decision.happened[-1].time)), None
    if known is None and opened is not None and pupil.consent:
        lapse = pupil.lapse(opened, opened)
        time = lapse.ends if lapse and lapse.ends else opened
        issued = Recommendation(id=new_id(), time=time, competencies=fitting(path))
        event = RecommendationIssued(
            **pupil.place, season=season.id, recommendation=issued.id, competencies=issued.competencies
        )
        decision = _and(decision, issued, Happened(event, time))
    return decision


def _and(decision: Decision[Path], recommendation: Recommendation | None, fact: Happened) -> Decision[Path]:
    path = decision.state.model_copy(update={"recommendation": recommendation})
    return Decision(path, (*decision.happened, fact))


def opened_at(path: Path, season: Season) -> datetime | None:
    """When the season's gate opened for the path; None while it is closed."""
    tested = tested_at(path, season)
    if season.recommendation_gate == "after-diagnostics" or tested is None:
        return tested
    walked = trials_done_at(path, season)
    return walked and max(tested, walked)


def tested_at(path: Path, season: Season) -> datetime | None:
    """When the last of the required diagnostics was completed; None while one is missing."""
    times = [path.diagnostics.get(code) for code in season.diagnostics]
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None


def trials_done_at(path: Path, season: Season) -> datetime | None:
    """When the season's number of practical trials was reached; None before."""
    trials = path.trials
    return trials[season.trials_required - 1].time if len(trials) >= season.trials_required else None


def fitting(path: Path) -> tuple[str, ...]:
    """Up to three competencies: those that the pupil tried in practice, the latest first, then those of other
    activities attended, the latest first. None where the gate opens after diagnostics and nothing was attended.
    """
    latest_first = path.attended[::-1]
    practical = [a.competency for a in latest_first if a.kind in TRIAL_KINDS]
    others = [a.competency for a in latest_first if a.kind not in TRIAL_KINDS]
    return tuple(dict.fromkeys(practical + others))[:MOST_COMPETENCIES]


def stages(path: Path, season: Season, registered: datetime) -> Stages:
    """The stages that a path has reached."""
    recommended = [path.recommendation.time] if path.recommendation else []
    attended = [(a.kind, a.time) for a in path.attended]
    facts: Facts[datetime] = Facts(registered, list(path.diagnostics.items()), attended, recommended)
    return Stages.of(facts, Rules.of(vars(season)))
