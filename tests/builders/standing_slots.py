"""What was told of slots: when they are held, for whom, with how many seats; and what bookings of them are to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.builders.standing import Seat, Told


@dataclass
class Slot:
    """A slot as it was told last."""

    season: str
    starts: datetime
    minutes: int
    capacity: int
    grades: tuple[int, int]
    closed: bool = False

    def fits(self, seat: Seat) -> bool:
        """Tells whether a booking that nobody has come by is as the slot is."""
        return not self.closed and (seat.starts, seat.minutes) == (self.starts, self.minutes)

    def admits(self, seat: Seat) -> bool:
        """Tells whether the slot is for the pupil's grade."""
        low, high = self.grades
        return low <= seat.grade <= high


@dataclass
class Slots:
    """What was said of slots, and of seasons that were closed."""

    slots: dict[str, Slot] = field(default_factory=dict)
    seasons_closed: set[str] = field(default_factory=set)

    def hear(self, told: Told) -> None:
        """Takes in one more event."""
        said: Mapping[str, str] = told.said
        match told.type.removesuffix(".v1"):
            case "season.closed":
                self.seasons_closed.add(said["season"])
            case "slot.opened":
                low, high = map(int, told.said["grades"])
                starts, minutes = datetime.fromisoformat(said["starts_at"]), told.said["minutes"]
                seats = told.said["capacity"]
                self.slots[said["slot"]] = Slot(said["season"], starts, minutes, seats, (low, high))
            case "slot.moved":
                slot = self.slots[said["slot"]]
                slot.starts, slot.minutes = datetime.fromisoformat(said["starts_at"]), told.said["minutes"]
            case "slot.resized":
                self.slots[said["slot"]].capacity = told.said["capacity"]
            case "slot.closed":
                self.slots[said["slot"]].closed = True
