"""Offers of slots are decided one after the other: a ref that was offered before is the slot that it named."""

from dataclasses import dataclass, field
from datetime import datetime

from services.trials.domain.timetable.slots import Schedule, Slot, SlotOffer, open_slot
from shared.storage.decision import Decision, Done, NewId


@dataclass(slots=True)
class SlotBatch:
    """The slots of a venue while offers are decided upon."""

    schedule: Schedule
    known: dict[str, Slot]
    """By ref."""
    time: datetime
    new_id: NewId
    decided: list[Decision[Slot]] = field(default_factory=list)

    def open(self, offer: SlotOffer) -> Done[Slot]:
        """Opens a slot, or finds the one that has the ref."""
        known = None if offer.ref is None else self.known.get(offer.ref)
        decision = open_slot(self.schedule, offer, known, self.new_id(), self.time)
        if offer.ref is not None:
            self.known[offer.ref] = decision.state
        self.decided.append(decision)
        return Done(decision.state, new=bool(decision.happened))
