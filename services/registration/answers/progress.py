"""A pupil's progress in a season as it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.registration.copies.steps import Steps, progress_id
from services.registration.domain.participants import Participant
from shared.base.models import Answer
from shared.programme.moments import zone
from shared.programme.stages import Rules, Stages


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of pupils: their steps by `progress_id`, and the rules and names of the seasons."""

    steps: Mapping[str, Steps]
    rules: Mapping[str, Rules]
    seasons: Mapping[str, str]


class SeasonView(Answer):
    """A pupil's progress in a season; attendances that were revoked are not counted."""

    season: str
    """Code of the season."""
    season_name: str | None
    """Name of the season; null while its definition is missing."""
    registered_at: datetime
    """The time when the school entered the pupil into the season, on the region's clock."""
    diagnostics: list[str]
    """Codes of the diagnostics that were completed, in any round."""
    trials: int
    """Practical trials attended."""
    activities: int
    """Attendances of other kinds, an excursion for instance."""
    recommended: bool
    """True while an individual recommendation is in force."""
    stages: Stages | None
    """Times of the stages, as the family and the figures have them; null while the season's rules are missing."""

    @classmethod
    def of(cls, participant: Participant, season: str, progress: Progress) -> "SeasonView":
        """The progress of one pupil."""
        registered = participant.seasons[season].astimezone(zone(participant.place.utc_offset))
        steps = progress.steps.get(progress_id(participant.id, season), Steps())
        facts, rules = steps.facts(registered), progress.rules.get(season)
        return cls(
            season=season,
            season_name=progress.seasons.get(season),
            registered_at=registered,
            diagnostics=sorted({code for code, _ in steps.completed()}),
            trials=steps.trials(),
            activities=len(steps.kinds()) - steps.trials(),
            recommended=any(True for _ in facts.recommended),
            stages=None if rules is None else Stages.of(facts, rules),
        )
