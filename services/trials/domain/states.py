"""The states that every step of a pupil is decided upon: pupils, their paths and seasons, and the regions' clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from services.trials.copies.participants import Participant
from services.trials.domain.paths import Paths
from services.trials.domain.seasons import Season


@dataclass(frozen=True, slots=True)
class States:
    """States by their ids and codes; `paths` go on with every step that is taken."""

    pupils: Mapping[str, Participant]
    paths: Paths
    seasons: Mapping[str, Season]
    zones: Mapping[str, tzinfo]
