"""The gates of seasons: while one is open for a path, a recommendation is in force that says what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.trials.copies.participants import Participant
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.path.advice import UNWRITTEN, Advice
from services.trials.domain.path.corrections import taken_back
from services.trials.domain.path.path_parts import Correction, Recommendation
from services.trials.domain.path.paths import Path
from services.trials.domain.path.recommending import Profiles, Recommended, causes_of, recommend
from shared.contracts.trials import RecommendationIssued
from shared.storage.decision import Decision, Happened, NewId


@dataclass(frozen=True, slots=True)
class SeasonGate:
    """A season's gate: while it is open for a path and the pupil has a consent, a recommendation is in force."""

    season: Season
    new_id: NewId
    advice: Advice = UNWRITTEN
    profiles: Profiles = field(default_factory=lambda: Profiles({}))
    """Of every path that is decided upon, where the advice rests on profiles."""

    def settle(
        self, decision: Decision[Path], pupil: Participant, corrected_at: datetime | None = None
    ) -> Decision[Path]:
        """Returns the decision with what follows for the recommendation.

        It is issued, taken back, or issued anew as the next revision where other competencies follow from what stands.
        Without consent none is issued, and one that is in force stays as long as grounds speak for it. In a closed
        season it follows corrections, mergings and partings alone. A recommendation happens when the gate opened, in
        every revision, a withdrawal at the time of the correction: of what was decided last, or else of the merging,
        parting or returned consent that led here.
        """
        opened = self.opened_at(decision.state)
        said = None if opened is None else self.recommended(decision.state)
        time = decision.happened[-1].time if decision.happened else self._led_here(decision.state, pupil, corrected_at)
        issued_at = self._issued_at(opened, pupil, time, is_correction=bool(decision.happened))
        for known in decision.state.recommendations if time is not None else ():
            is_revised = issued_at is not None and said is not None and said.outdates(known)
            if said is None or is_revised or not said.bears_out(known.competencies):
                gone = Correction(kind="withdrawn", id=known.id, time=time, replaced=issued_at is not None)
                decision = taken_back(decision, pupil, gone)
        if said is None or issued_at is None or decision.state.in_force is not None:
            return decision
        return self._issue(decision, pupil, said, issued_at, time or issued_at)

    def _led_here(self, path: Path, pupil: Participant, corrected_at: datetime | None) -> datetime | None:
        """Returns the time of a merging or parting, or of a consent that returned to a recommendation from before.

        While none was in force, steps of days before its end brought no revision: what they say is said with the next.
        """
        known = path.in_force
        returned = max((lapse.ends for lapse in pupil.lapses if lapse.ends is not None), default=None)
        if known is None or returned is None or self.season.closed_at is not None:
            return corrected_at
        if returned <= (known.revised_at or known.time):
            return corrected_at
        return max(returned, corrected_at or returned)

    def recommended(self, path: Path) -> Recommended:
        """Returns what follows from what stands on a path, whether or not the gate is open."""
        return recommend(self.advice, causes_of(path, self.profiles))

    def opened_at(self, path: Path) -> datetime | None:
        """Returns when the gate opened for the path; None while it is closed."""
        tested = path.tested_at(self.season)
        if self.season.recommendation_gate == "after-diagnostics" or tested is None:
            return tested
        walked = path.trials_done_at(self.season)
        return walked and max(tested, walked)

    def _issued_at(
        self, opened: datetime | None, pupil: Participant, time: datetime | None, *, is_correction: bool
    ) -> datetime | None:
        """Returns when a recommendation may be issued, at once or with the next consent; None where none may be."""
        closed_at = self.season.closed_at
        is_late = closed_at is not None and not is_correction and (time is None or time < closed_at)
        if opened is None or not pupil.consent or is_late:
            return None
        lapse = pupil.lapse(opened, opened)
        return opened if lapse is None else lapse.ends

    def _issue(
        self, decision: Decision[Path], pupil: Participant, said: Recommended, issued_at: datetime, time: datetime
    ) -> Decision[Path]:
        revision = decision.state.last_revision + 1
        issued = Recommendation(
            id=self.new_id(),
            time=issued_at,
            competencies=said.competencies,
            revision=revision,
            revised_at=max(time, issued_at) if revision > 1 else None,
        )
        told = issued.model_dump(include={"competencies", "revision", "revised_at"})
        event = RecommendationIssued(**pupil.event_fields, season=self.season.id, recommendation=issued.id, **told)
        path = decision.state.model_copy(update={"recommendation": issued})
        return Decision(path, (*decision.happened, Happened(event, issued_at)))


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of the seasons that steps are decided in."""

    seasons: Mapping[str, Season]
    new_id: NewId
    advice: Mapping[str, Advice] = field(default_factory=dict)
    """Of the seasons that have rules of their own."""
    profiles: Profiles = field(default_factory=lambda: Profiles({}))

    def of(self, season: str) -> SeasonGate:
        """Returns the gate of a season."""
        return SeasonGate(self.seasons[season], self.new_id, self.advice.get(season, UNWRITTEN), self.profiles)
