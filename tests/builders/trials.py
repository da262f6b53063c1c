"""Valid commands and states of trials; a test changes only what it is about."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.trials.copies.participants import ConsentChange, Entry, Participant
from services.trials.domain.calendar.seasons import Season, SeasonRules
from services.trials.domain.catalogue.definitions import Definition
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.places.programmes import Programme
from services.trials.domain.timetable.slots import Slot
from shared.contracts.organisations import OrganisationDefined
from tests.builders.events import PLACE, ROSTOV, at

VENUE = "RU-ROS-001-V01"
RULES: Mapping[str, Any] = {
    "name": "Сезон 2020",
    "opens": "2020-07-07",
    "closes": "2020-12-16",
    "grades": [6, 11],
    "diagnostics": ["readiness", "interests"],
    "trials_required": 2,
    "recommendation_gate": "after-all-stages",
}
INSTRUMENT: Mapping[str, Any] = {
    "name": "Готовность",
    "method": "statements rated by agreement",
    "scales": [{"code": "motivation", "name": "Мотивация"}, {"code": "planning", "name": "Планирование"}],
    "options": [{"code": "no", "points": 0}, {"code": "partly", "points": 1}, {"code": "yes", "points": 2}],
    "items": [
        {"code": "m1", "scale": "motivation"},
        {"code": "m2", "scale": "motivation", "reversed": True},
        {"code": "p1", "scale": "planning"},
    ],
}
ANSWERS: Mapping[str, str] = {"m1": "yes", "m2": "no", "p1": "partly"}
"""Scores 100 on motivation and 50 on planning."""
PROFILE: Mapping[str, float] = {"motivation": 100.0, "planning": 50.0}
OFFER: Mapping[str, Any] = {
    "competency": "gov",
    "kind": "trial",
    "starts_at": "2020-10-05T14:00:00+03:00",
    "minutes": 90,
    "capacity": 8,
    "grades": [6, 11],
}

PROGRAMME: Mapping[str, Any] = {
    "organisation": VENUE,
    "name": "Государственная служба",
    "competency": "gov",
    "level": "basic",
    "format": "in-person",
    "minutes": 90,
    "places": 8,
    "grades": [8, 11],
    "criteria": [{"code": "order", "name": "Порядок"}, {"code": "idea", "name": "Замысел"}],
    "environment": "social",
    "needs": ["quiet-room"],
}


def season(**changed: Any) -> Season:
    """A season in use."""
    return Season(id="2020", in_use=True, **SeasonRules.model_validate({**RULES, **changed}).stored)


def instrument(**changed: Any) -> Instrument:
    """A small instrument of two scales, one item of them reversed."""
    return Instrument(code="readiness", **Definition.model_validate({**INSTRUMENT, **changed}).model_dump())


def pupil(id: str = "p1", **changed: Any) -> Participant:
    """A pupil of the season with a consent in force."""
    entry = Entry(time=at("2020-09-01"), recorded=datetime(2020, 9, 1, 7, tzinfo=UTC))
    given = ConsentChange(sequence="0000000002", time=at("2020-09-01"), given=True)
    known = {"consent": True, "seasons": {"2020": entry}, "place_set_by": "0000000001", "consent_set_by": "0000000002"}
    return Participant(**{"id": id, **PLACE, **known, "consent_changes": (given,), **changed})


def slot(id: str = "s1", **changed: Any) -> Slot:
    """A practical trial of 90 minutes for 8 pupils."""
    fields = {
        "ref": None,
        "venue": VENUE,
        "organisation": VENUE,
        "season": "2020",
        "region": "RU-ROS",
        "competency": "gov",
        "kind": "trial",
        "starts_at": datetime(2020, 10, 5, 14, tzinfo=ROSTOV),
        "minutes": 90,
        "capacity": 8,
        "grades": (6, 11),
        "accessibility": (),
    }
    return Slot(id=id, **{**fields, **changed})


def programme(*criteria: str, **changed: Any) -> Programme:
    """A trial programme of the venue with these criteria."""
    fields = {**PROGRAMME, "id": "p", "region": "RU-ROS", "link": None}
    named = [{"code": code, "name": code} for code in criteria]
    return Programme.model_validate({**fields, "criteria": named, **changed})


def college(code: str = VENUE) -> OrganisationDefined:
    """The organisation of the venue."""
    return OrganisationDefined(
        code=code,
        kind="college",
        name="Колледж",
        parent="RU-ROS-001",
        region="RU-ROS",
        municipality="RU-ROS-001",
        utc_offset="+03:00",
    )


def attempt(participant: str, diagnostic: str = "readiness", **changed: Any) -> dict[str, Any]:
    """An attempt as a school sends it."""
    fields = {"ref": f"{diagnostic}-1", "participant": participant, "season": "2020", "diagnostic": diagnostic}
    return {**fields, "answers": dict(ANSWERS), "occurred_at": "2020-09-14T10:00:00+03:00", **changed}


def seat(participant: str) -> dict[str, Any]:
    """A booking as a school sends it."""
    return {"participant": participant, "occurred_at": "2020-09-20T10:00:00+03:00"}


def present(participant: str, day: str = "2020-10-05") -> dict[str, Any]:
    """A pupil's presence as a venue sends it."""
    return {"participant": participant, "source": "qr", "occurred_at": f"{day}T15:00:00+03:00"}
