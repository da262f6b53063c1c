"""The place where a pupil belongs: what events say of it, with the class in its one form."""

from shared.contracts.event import ParticipantEvent
from shared.contracts.registration import ConsentGiven
from shared.contracts.samples import envelopes
from shared.programme.place import Place


def test_a_place_says_of_a_pupil_what_events_say() -> None:
    event = envelopes()[ConsentGiven.type].event
    assert isinstance(event, ParticipantEvent)
    said = Place.of(event).event_fields(event.participant)
    assert said == {name: getattr(event, name) for name in ParticipantEvent.model_fields}


def test_a_class_has_one_form_however_an_event_spells_it() -> None:
    event = envelopes()[ConsentGiven.type].event
    assert isinstance(event, ParticipantEvent)
    assert Place.of(event.model_copy(update={"school_class": "7 a"})).school_class == "7А"
