"""Suggestions as they are shown: what can be booked at once, each with the reasons why it suits."""

from datetime import tzinfo

from services.trials.domain.catalogue.wording import Label, Words
from services.trials.domain.seats.suggestions import Offer, Reason, Wishes
from services.trials.domain.timetable.slots import Slot
from services.trials.texts import because
from shared.base.models import Answer
from shared.contracts.trials import SlotKind
from shared.programme.moments import LocalTime


class ReasonView(Answer):
    """A reason why a trial suits."""

    code: Reason
    """The reason: an `interest` of the last profile, the place (`in-municipality`, `neighbour`, `online`), something
    new (`new-competency`), what `counts` towards the season's trials, or `needs-met`."""
    words: Words
    """The same as a sentence to the pupil."""


class SuggestionView(Answer):
    """A slot that can be booked now."""

    slot: str
    """Id of the slot, by which it is booked."""
    venue: str
    """Code of the venue."""
    venue_name: str | None
    """Name of the venue, in Russian."""
    municipality: str
    """Code of the municipality in which it is held."""
    municipality_name: str | None
    """Name of the municipality, in Russian; null while its definition is missing."""
    competency: str
    """Code of the competency that is tried."""
    competency_name: str | None
    """Name of the competency, in Russian."""
    kind: SlotKind
    """The kind: a practical trial, or an activity of another kind."""
    programme: str | None
    """Code of the trial programme that is held; null where the slot names none."""
    programme_name: str | None
    """Name of the programme; null where the slot names none."""
    starts_at: LocalTime
    """Start, on the clock of where it is held."""
    minutes: int
    """Length in minutes."""
    open_seats: int
    """Seats that can be taken."""
    reasons: list[ReasonView]
    """Why it suits, the strongest reason first."""

    @classmethod
    def of(cls, slot: Slot, offer: Offer, wishes: Wishes, interest: Label | None, clock: tzinfo) -> "SuggestionView":
        """Shows a slot of an offer, on the clock of where it is held, with what it meets of a pupil's wishes."""
        same = ("venue", "competency", "kind", "programme", "minutes", "open_seats")
        return cls(
            slot=slot.id,
            municipality=offer.traits.municipality,
            starts_at=slot.starts_at.astimezone(clock),
            reasons=[ReasonView(code=one, words=because(one, interest)) for one in wishes.reasons(offer.traits)],
            **{name: getattr(slot, name) for name in same},
            **offer.names,
        )


class SuggestionsView(Answer):
    """The trials that suit a pupil best, each once at its first time that can be booked."""

    participant: str
    """Id of the pupil: where the named entry was merged into another one, that one's."""
    season: str
    """Code of the season."""
    suggestions: list[SuggestionView]
    """The best first; none where nothing suits, or where the pupil can book nothing, as without consent."""
