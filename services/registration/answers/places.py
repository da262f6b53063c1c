"""The place of a pupil, and the archive, as they are answered."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.registration.domain.participants import Participant
from shared.base.models import Answer
from shared.contracts.registration import ArchiveReason
from shared.programme.moments import zone
from shared.storage.decision import Done


class PlacementView(Answer):
    """The place of a pupil after a move."""

    participant: str
    """Id of the pupil."""
    moved: bool
    """False where the pupil was there on that day already."""
    region: str
    """Code of the region in which the pupil learns by now."""
    municipality: str
    """Code of the municipality in which the pupil learns by now."""
    school: str
    """Code of the school where the pupil learns by now."""
    school_class: Annotated[str, Field(serialization_alias="class")]
    """The pupil's class by now; a move of an earlier day than another one does not change it."""
    grade: int
    """Year of school by now."""
    external_ref: str
    """That school's own key of the pupil."""

    @classmethod
    def of(cls, done: Done[Participant]) -> "PlacementView":
        """The place of one pupil."""
        pupil = done.value
        place = pupil.place.model_dump(exclude={"utc_offset"})
        return cls(participant=pupil.id, moved=done.new, external_ref=pupil.external_ref, **place)


class ArchiveView(Answer):
    """The archive's word about a pupil."""

    participant: str
    """Id of the pupil."""
    archived: ArchiveReason | None
    """The reason why the pupil is in the archive; null where the pupil is not."""
    archived_at: datetime | None
    """The time from which it holds, on the region's clock."""

    @classmethod
    def of(cls, pupil: Participant) -> "ArchiveView":
        """The word about one pupil."""
        away = pupil.archived
        at = away and away.at.astimezone(zone(pupil.place.utc_offset))
        return cls(participant=pupil.id, archived=away and away.reason, archived_at=at)
