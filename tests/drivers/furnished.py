"""Registration and trials with a region, two schools, a venue, and two seasons whose dates overlap."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from services.registration.app import COLLECTIONS as REGISTERED
from services.registration.domain.definitions import Definition
from services.registration.domain.documents import DocumentEntry
from services.registration.handlers import documents
from services.registration.handlers.organisations import define_organisation
from services.trials.collections import COLLECTIONS as TRIED
from services.trials.domain.calendar.seasons import SeasonRules
from services.trials.domain.catalogue.competencies import CompetencyEntry
from services.trials.domain.catalogue.definitions import Definition as InstrumentDefinition
from services.trials.domain.money.quotas import Total, Transfer
from services.trials.domain.money.rates import RateEntry
from services.trials.domain.path.advice import AdviceRules
from services.trials.domain.places.programmes import ProgrammeEntry
from services.trials.domain.places.venues import VenueEntry
from services.trials.handlers import advice, competencies, diagnostics, programmes, quotas, rates, seasons, venues
from tests.builders.events import at
from tests.builders.trials import INSTRUMENT, PROGRAMME, RULES, VENUE
from tests.drivers.memory import MemoryMongo
from tests.drivers.together import NATION, Together

BEGIN = at("2020-10-05")
SCHOOLS = ("RU-ROS-001-S01", "RU-ROS-001-S02")
LONG, SHORT = "2020", "autumn"
"""A season in which each attendance is a unit of quotas, and one in which each pupil is, which ends sooner."""
COMPETENCIES = ("gov", "games")
NEEDED: Mapping[str, tuple[Sequence[str], int]] = {LONG: (("readiness", "interests"), 1), SHORT: (("readiness",), 1)}
"""By season, the diagnostics and the number of trials that are required."""
OPENS = {LONG: "2020-05-01", SHORT: "2020-07-07"}
"""The long season opened in the school year before: its pupils are promoted into the one that has begun."""
SECOND_ROUND = "2020-10-05"
"""The first day of the long season's second round of diagnostics, on which histories begin."""
DOCUMENT = "family"
"""A consent document that families agree to in their cabinets."""
LAB = "lab"
"""The programme of practical trials of the first competency, whose mentors mark."""
SUMS: Mapping[str | None, int] = {None: 100_000, "excursion": 30_000}
"""What an attendance is worth, in kopecks, by kind where that says so."""
ADVICE: Mapping[str, int] = {"tried": 3, "visited": 1, "marked": 4, "leaning": 4}
"""The points of the short season's grounds; the long one has the rules of all seasons that have none."""
LEANING, HIGH = COMPETENCIES[1], 4
"""The competency for which the profile of everybody's first diagnostic speaks, and the mean of marks that does."""
UNITS = {"RU-ROS": 30, "RU-ROS-001": 20, SCHOOLS[0]: 4, SCHOOLS[1]: 2}
"""Of each season, what each holder is given at first."""


class Kind(NamedTuple):
    """What differs between two regions of this kind."""

    quotas_bind: bool
    gate: str
    tested_by: str
    """The rounds of diagnostics that count in the long season."""


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
    lab = ProgrammeEntry.model_validate({**PROGRAMME, "competency": COMPETENCIES[0], "grades": [6, 11]})
    both.run(programmes.define(both.seats, LAB, lab, NATION, BEGIN))
    document = DocumentEntry(title="Согласие", url="https://bilet.test/consent")
    both.run(documents.publish(both.register, DOCUMENT, document, BEGIN))
    common = {**RULES, "quotas_bind": kind.quotas_bind, "recommendation_gate": kind.gate}
    rounds = {"second_round": {"opens": SECOND_ROUND}, "tested_by": kind.tested_by}
    own: Mapping[str, Any] = {LONG: rounds, SHORT: {"closes": "2020-10-09", "quota_unit": "pupil"}}
    for code, (tests, trials) in NEEDED.items():
        required = {"diagnostics": tests, "trials_required": trials, "opens": OPENS[code]}
        rules = SeasonRules.model_validate({**common, **required, **own[code]})
        both.run(seasons.define(both.seats, code, rules, BEGIN))
        entry = VenueEntry(organisation=VENUE, name="Колледж", registry="regional", season=code)
        both.run(venues.register(both.seats, VENUE, entry, NATION, BEGIN))
        for slots, kopecks in SUMS.items():
            rate = RateEntry.model_validate({"season": code, "kind": slots, "since": OPENS[code], "kopecks": kopecks})
            both.run(rates.put(both.seats, rate, NATION, BEGIN))
        _give(both, code)
    both.run(advice.set_rules(both.seats, SHORT, _advice()))


def _advice() -> AdviceRules:
    """Returns the rules of advice of the short season: one ground of each kind."""
    of: Mapping[str, Mapping[str, Any]] = {
        "marked": {"at_least": HIGH},
        "leaning": {"diagnostic": NEEDED[SHORT][0][0], "scale": "motivation", "competencies": [LEANING]},
    }
    words = {"because": {"ru": "потому что"}}
    grounds = [
        {"code": kind, "kind": kind, "points": points, **words, **of.get(kind, {})} for kind, points in ADVICE.items()
    ]
    return AdviceRules.model_validate({"grounds": grounds})


def _give(both: Together, season: str) -> None:
    """Gives the units of a season on, from the nation to the schools."""
    both.run(quotas.set_total(both.seats, season, Total(value=40), BEGIN, both.new_id))
    for place, amount in UNITS.items():
        venue = VENUE if place in SCHOOLS else None
        moved = Transfer(ref=place, organisation=place, venue=venue, amount=amount)
        both.run(quotas.transfer(both.seats, season, moved, NATION, BEGIN))
