"""The event of an operator's target, which registration owns as it owns the register."""

from typing_extensions import override

from shared.contracts.codes import RegionOfEvent
from shared.contracts.event import Event, Public


class TargetSet(Event):
    """A region or a municipality is to bring so many into the programme in a school year; the newest target holds."""

    type = "target.set.v1"
    topic = "registration.catalogue.v1"

    organisation: Public[str]
    """Code of the region or the municipality."""
    region: Public[RegionOfEvent]
    municipality: Public[str | None] = None
    """The municipality itself; null for a region's target."""
    year: Public[str]
    """The school year, by the calendar year of its first day: `2021`."""
    pupils: Public[int | None] = None
    """Pupils who are to take part; null where no number was agreed."""
    parents: Public[int | None] = None
    """Parents who are to open a cabinet; null where no number was agreed."""

    @property
    @override
    def key(self) -> str:
        return self.organisation

    @property
    @override
    def subject(self) -> str:
        return f"target/{self.organisation}/{self.year}"


__all__ = ["TargetSet"]
