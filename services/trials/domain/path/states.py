"""The states that every step of a pupil is decided upon: pupils, their paths and seasons, and the places' clocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.trials.copies.participants import Participant
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.path.paths import Path, Paths, path_id
from shared.base.errors import BadInput
from shared.programme.clocks import Clocks


@dataclass(frozen=True, slots=True)
class States:
    """States by their ids and codes; `paths` go on with every step that is taken."""

    pupils: Mapping[str, Participant]
    """By the id of any of their entries; each is the survivor of all."""
    paths: Paths
    seasons: Mapping[str, Season]
    zones: Clocks
    entries: Mapping[str, Sequence[str]]
    """The ids of a pupil's entries by the survivor's, which is the first of them."""

    def path_of(self, participant: str, season: str) -> Path | None:
        """Returns the path of a pupil who is named by the id of any entry; None before its first step."""
        pupil = self.pupils.get(participant)
        return None if pupil is None else self.paths.get(path_id(pupil.id, season))

    def numbered(self, named: Iterable[tuple[str, str]]) -> set[str]:
        """Returns the ids of all entries' paths of those named, each with a season, where that numbers attempts."""
        asked = ((self.pupils.get(id), self.seasons.get(code)) for id, code in named)
        met = ((pupil, season) for pupil, season in asked if pupil and season and season.attempts_per_round is not None)
        return {path_id(entry, season.id) for pupil, season in met for entry in self.entries[pupil.id]}

    def asked(self, season: str, diagnostic: str, instruments: Mapping[str, Instrument]) -> tuple[Season, Instrument]:
        """Returns a season with one of its diagnostics; raises BadInput for either of them."""
        rules, instrument = self.seasons.get(season), instruments.get(diagnostic)
        if rules is None:
            raise BadInput.field("season", "no such season")
        if instrument is None or diagnostic not in rules.diagnostics:
            raise BadInput.field("diagnostic", "not a diagnostic of this season")
        return rules, instrument
