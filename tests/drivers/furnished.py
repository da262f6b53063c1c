"""Registration and trials with a region, two schools, a venue, and two seasons whose dates overlap."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from services.registration.app import COLLECTIONS as REGISTERED
from services.registration.domain.definitions import Definition
from services.registration.handlers.organisations import define_organisation
from services.trials.collections import COLLECTIONS as TRIED
from services.trials.domain.calendar.seasons import SeasonRules
from services.trials.domain.catalogue.competencies import CompetencyEntry
from services.trials.domain.catalogue.definitions import Definition as InstrumentDefinition
from services.trials.domain.money.quotas import Total, Transfer
from services.trials.domain.places.venues import VenueEntry
from services.trials.handlers import competencies, diagnostics, quotas, seasons, venues
from tests.builders.events import at
from tests.builders.trials import INSTRUMENT, RULES, VENUE
from tests.drivers.memory import MemoryMongo
from tests.drivers.together import NATION, Together

BEGIN = at("2020-10-05")
SCHOOLS = ("RU-ROS-001-S01", "RU-ROS-001-S02")
LONG, SHORT = "2020", "autumn"
"""A season in which each attendance is a unit of quotas, and one in which each pupil is, which ends sooner."""
COMPETENCIES = ("gov", "games")
NEEDED: Mapping[str, tuple[Sequence[str], int]] = {LONG: (("readiness", "interests"), 1), SHORT: (("readiness",), 1)}
"""By season, the diagnostics and the number of trials that are required."""
UNITS = {"RU-ROS": 30, "RU-ROS-001": 20, SCHOOLS[0]: 4, SCHOOLS[1]: 2}
"""Of each season, what each holder is given at first."""


class Kind(NamedTuple):
    """What differs between two regions of this kind."""

    quotas_bind: bool
    gate: str


PLACES: Mapping[str, Mapping[str, Any]] = {
    "RU-ROS": {"kind": "region", "parent": "RU", "utc_offset": "+03:00"},
    "RU-ROS-001": {"kind": "municipality", "parent": "RU-ROS"},
    **{school: {"kind": "school", "parent": "RU-ROS-001"} for school in SCHOOLS},
    VENUE: {"kind": "college", "parent": "RU-ROS-001"},
}


def furnished(kind: Kind) -> Together:
    """Returns both services at the begin of a history, on databases in memory."""
    registration, trials = _databases(kind)
    return Together(BEGIN, registration.copied(), trials.copied())


@cache
def _databases(kind: Kind) -> tuple[MemoryMongo, MemoryMongo]:
    both = Together(BEGIN, *(kept := (MemoryMongo(REGISTERED), MemoryMongo(TRIED))))
    furnish(both, kind)
    both.close()
    return kept


def furnish(both: Together, kind: Kind) -> None:
    """Enters the region, its organisations and the catalogue."""
    for code, said in PLACES.items():
        place = Definition(name=code, **said)
        both.run(define_organisation(both.register, NATION, code, place, BEGIN))
    for code in RULES["diagnostics"]:
        both.run(diagnostics.define(both.seats, code, InstrumentDefinition.model_validate(INSTRUMENT)))
    for code in COMPETENCIES:
        both.run(competencies.approve(both.seats, code, CompetencyEntry(name=code), BEGIN))
    common = {**RULES, "quotas_bind": kind.quotas_bind, "recommendation_gate": kind.gate}
    own: Mapping[str, Any] = {LONG: {}, SHORT: {"closes": "2020-10-09", "quota_unit": "pupil"}}
    for code, (tests, trials) in NEEDED.items():
        required = {"diagnostics": tests, "trials_required": trials}
        rules = SeasonRules.model_validate({**common, **required, **own[code]})
        both.run(seasons.define(both.seats, code, rules, BEGIN))
        entry = VenueEntry(organisation=VENUE, name="Колледж", registry="regional", season=code)
        both.run(venues.register(both.seats, VENUE, entry, NATION, BEGIN))
        _give(both, code)


def _give(both: Together, season: str) -> None:
    """Gives the units of a season on, from the nation to the schools."""
    both.run(quotas.set_total(both.seats, season, Total(value=40), BEGIN, both.new_id))
    for place, amount in UNITS.items():
        venue = VENUE if place in SCHOOLS else None
        moved = Transfer(ref=place, organisation=place, venue=venue, amount=amount)
        both.run(quotas.transfer(both.seats, season, moved, NATION, BEGIN))
