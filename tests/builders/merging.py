"""Events by which two entries of one pupil are merged and parted, and by which a pupil goes to the next class."""

from collections.abc import Mapping
from typing import Any

from shared.contracts.registration import ParticipantMerged, ParticipantPromoted, ParticipantUnmerged
from tests.builders.events import PLACE


def merged(survivor: str = "s", duplicate: str = "d", **changed: Any) -> tuple[ParticipantMerged, ParticipantMerged]:
    """What registration says of both: first of the survivor, then of the duplicate."""
    first, second = _sides(survivor, duplicate, changed)
    return ParticipantMerged(**first), ParticipantMerged(**second)


def unmerged(
    survivor: str = "s", duplicate: str = "d", **changed: Any
) -> tuple[ParticipantUnmerged, ParticipantUnmerged]:
    """What it says of both when they are two pupils after all."""
    first, second = _sides(survivor, duplicate, changed)
    return ParticipantUnmerged(**first), ParticipantUnmerged(**second)


def _sides(survivor: str, duplicate: str, changed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    said = {**PLACE, "other_region": "RU-ROS", **changed}
    return (
        {**said, "participant": survivor, "role": "survivor", "other": duplicate},
        {**said, "participant": duplicate, "role": "duplicate", "other": survivor},
    )


def promoted(participant: str = "p1", to: Mapping[str, Any] = PLACE, year: str = "2021") -> ParticipantPromoted:
    """The way to the next class of the usual one."""
    sides = {f"{side}_{name}": value for side, place in (("from", PLACE), ("to", to)) for name, value in place.items()}
    return ParticipantPromoted(**{**to, "participant": participant, "year": year, **sides})
