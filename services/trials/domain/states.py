"""The states that every step of a pupil is decided upon: pupils, their paths and seasons, and the places' clocks."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.trials.copies.participants import Participant
from services.trials.domain.paths import Path, Paths, path_id
from services.trials.domain.seasons import Season
from shared.programme.clocks import Clocks


@dataclass(frozen=True, slots=True)
class States:
    """States by their ids and codes; `paths` go on with every step that is taken."""

    pupils: Mapping[str, Participant]
    """By the id of any of their entries; each is the survivor of all."""
    paths: Paths
    seasons: Mapping[str, Season]
    zones: Clocks

    def path_of(self, participant: str, season: str) -> Path | None:
        """Returns the path of a pupil who is named by the id of any entry; None before its first step."""
        pupil = self.pupils.get(participant)
        return None if pupil is None else self.paths.get(path_id(pupil.id, season))
