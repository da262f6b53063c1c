"""Needs of a place, as they are shown: to the family and the teacher, and as numbers to the venue."""

from collections import Counter
from typing import Literal

from services.trials.domain.path.path_parts import Booking
from services.trials.domain.places.needs import BESIDE_PICTURES, Need
from services.trials.domain.seats.statements import Statement
from shared.base.models import Answer
from shared.programme.moments import LocalTime


class UnmetView(Answer):
    """A seat to come in a slot that does not serve all that the pupil needs."""

    booking: str
    """Id of the booking."""
    slot: str
    """Id of the slot."""
    starts_at: LocalTime
    """Start of the slot, on the region's clock."""
    needs: list[Need]
    """The needs that neither the slot nor its programme serves, as far as they say."""

    @classmethod
    def of(cls, booking: Booking, needs: list[Need]) -> "UnmetView":
        """Shows a seat with the needs that are not met there."""
        return cls(booking=booking.id, slot=booking.slot, starts_at=booking.starts_at, needs=needs)


class NeedsView(Answer):
    """The needs of a pupil, as they were stated last."""

    participant: str
    """Id of the pupil: where the named entry was merged into another one, that one's."""
    needs: list[Need]
    """The needs; none where nothing is stated, or where the consent to take part has run out since."""
    stated_at: LocalTime | None
    """When they were stated, or the consent to that was signed; null where nothing is stated."""
    template: str | None
    """SHA-256 of the text of the purpose `health` that was consented to; null where a family named none."""
    register_number: str | None
    """Number under which the school keeps the signed consent; null where a family stated the needs by itself."""
    offers_pictures: bool
    """True where diagnostics beside pictures suit: the version `pictures`, where there is one. It is an offer."""
    unmet: list[UnmetView]
    """Seats to come in slots that do not serve all of the needs. A seat is never refused for that."""

    @classmethod
    def of(cls, participant: str, said: Statement | None, unmet: list[UnmetView]) -> "NeedsView":
        """Shows a statement, or that there is none."""
        return cls(
            participant=participant,
            needs=list(said.needs) if said else [],
            stated_at=said and said.time,
            template=said and said.template,
            register_number=said and said.register_number,
            offers_pictures=said is not None and not BESIDE_PICTURES.isdisjoint(said.needs),
            unmet=unmet,
        )


class TakenBackAnswer(Answer):
    """A statement that was taken back."""

    participant: str
    """Id of the pupil."""
    status: Literal["taken-back"] = "taken-back"
    """Always `taken-back`; again, too."""


class TravellerNeeds(Answer):
    """The needs of a pupil who travels."""

    participant: str
    """Id of the pupil."""
    needs: list[Need]
    """Codes of the needs, one at least."""


class TripNeedsView(Answer):
    """The needs of those of a class who have a seat at a venue on a day."""

    needs: list[TravellerNeeds]
    """Those of pupils who have any, by their ids."""


class NeedCount(Answer):
    """One need of those who are booked."""

    need: Need
    """Code of the need."""
    pupils: int
    """The number of pupils who have it."""


class SlotNeedsView(Answer):
    """The needs for which a venue prepares a slot."""

    slot: str
    """Id of the slot."""
    needs: list[NeedCount]
    """The needs of those who are booked, by their codes: never whose they are."""

    @classmethod
    def of(cls, slot: str, needs: Counter[Need]) -> "SlotNeedsView":
        """Shows how often each need occurs."""
        return cls(slot=slot, needs=[NeedCount(need=need, pupils=number) for need, number in sorted(needs.items())])
