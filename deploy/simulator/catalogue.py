"""The catalogue of a season: organisations, diagnostics, rules, competencies and venues, before a pupil is enrolled."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from random import Random
from typing import Any

from deploy.simulator.draft import Draft
from deploy.simulator.instruments import Instrument
from deploy.simulator.population import School, fresh
from deploy.simulator.scenario import Municipality, Scenario
from deploy.simulator.steps import (
    COMPETENCY_APPROVED,
    NATIONAL_OPERATOR,
    ORGANISATION_DEFINED,
    SEASON_DEFINED,
    VENUE_REGISTERED,
    Actor,
    Define,
    Venue,
    staff,
)

LEVELS = ("basic", "main", "advanced")
VENUE_KINDS = (
    ("college", "Колледж"),
    ("employer", "Предприятие-партнёр"),
    ("supplementary", "Центр технического творчества"),
    ("employer", "Предприятие-партнёр"),
    ("university", "Филиал университета"),
)
PUPILS_PER_VENUE = 150
MOST_VENUES = 12

ORGANISATIONS = "/registration/organisations/{code}"
DIAGNOSTICS = "/trials/diagnostics/{code}"
SEASONS = "/trials/seasons/{code}"
COMPETENCIES = "/trials/competencies/{code}"
VENUES = "/trials/venues/{code}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What later steps refer to: draft numbers by code, and each municipality's venues, at least one."""

    season: int
    schools: Mapping[str, int]
    competencies: Mapping[str, int]
    registered: Mapping[str, int]
    venues: Mapping[str, list[Venue]]


def catalogue(
    scenario: Scenario,
    schools: Iterable[School],
    instruments: Mapping[str, Instrument],
    at: datetime,
    draft: Draft,
    rng: Random,
) -> Catalogue:
    """Draft everything that is defined before the season begins."""
    entries = _Entries(scenario, at, draft, staff("regional-operator", scenario.region))
    places = entries.places()
    season = entries.rules(instruments)
    venues = {m.code: list(venues_of(m, scenario)) for m in scenario.municipalities}
    owners = {v.code: entries.owner(v, places) for group in venues.values() for v in group}
    return Catalogue(
        season=season,
        schools={s.code: entries.school(s, rng.choice(LEVELS), places) for s in schools},
        competencies={c.code: entries.competency(c.code, c.name) for c in scenario.competencies},
        registered={v.code: entries.venue(v, season, owners) for group in venues.values() for v in group},
        venues=venues,
    )


@dataclass(frozen=True, slots=True)
class _Entries:
    scenario: Scenario
    at: datetime
    draft: Draft
    operator: Actor

    def put(
        self, actor: Actor, route: str, code: str, body: Mapping[str, Any], event: str = "", needs: Iterable[int] = ()
    ) -> int:
        return self.draft.add(actor, self.at, Define(route, code, body), needs, {event: 1} if event else {})

    def dated(
        self, actor: Actor, route: str, code: str, body: Mapping[str, Any], event: str, needs: Iterable[int] = ()
    ) -> int:
        return self.put(actor, route, code, {**body, "occurred_at": self.at.isoformat()}, event, needs)

    def places(self) -> dict[str, int]:
        """The region and its municipalities."""
        offset = self.at.isoformat()[-6:]
        body = {"kind": "region", "name": self.scenario.name, "parent": "RU", "utc_offset": offset}
        region = self.dated(NATIONAL_OPERATOR, ORGANISATIONS, self.scenario.region, body, ORGANISATION_DEFINED)
        places = {}
        for m in self.scenario.municipalities:
            body = {"kind": "municipality", "name": m.name, "parent": self.scenario.region}
            places[m.code] = self.dated(self.operator, ORGANISATIONS, m.code, body, ORGANISATION_DEFINED, (region,))
        return places

    def school(self, school: School, level: str, places: Mapping[str, int]) -> int:
        parent = school.municipality.code
        body = {"kind": "school", "name": school.name, "parent": parent, "level": level}
        return self.dated(self.operator, ORGANISATIONS, school.code, body, ORGANISATION_DEFINED, (places[parent],))

    def rules(self, instruments: Mapping[str, Instrument]) -> int:
        """The diagnostics, then the season that requires them."""
        s = self.scenario
        diagnostics = [
            self.put(NATIONAL_OPERATOR, DIAGNOSTICS, code, instrument.definition)
            for code, instrument in instruments.items()
        ]
        body = {
            "name": f"Сезон {s.season}",
            "opens": s.opens.isoformat(),
            "closes": s.closes.isoformat(),
            "grades": list(s.grades),
            "diagnostics": list(s.diagnostics),
            "trials_required": s.trials_required,
            "recommendation_gate": str(s.gate),
        }
        return self.dated(NATIONAL_OPERATOR, SEASONS, s.season, body, SEASON_DEFINED, diagnostics)

    def competency(self, code: str, name: str) -> int:
        return self.dated(NATIONAL_OPERATOR, COMPETENCIES, code, {"name": name}, COMPETENCY_APPROVED)

    def owner(self, venue: Venue, places: Mapping[str, int]) -> int:
        """The organisation that a venue belongs to; it has the venue's code."""
        body = {"kind": venue.kind, "name": venue.name, "parent": venue.municipality}
        needs = (places[venue.municipality],)
        return self.dated(self.operator, ORGANISATIONS, venue.code, body, ORGANISATION_DEFINED, needs)

    def venue(self, venue: Venue, season: int, owners: Mapping[str, int]) -> int:
        """The venue's entry in the season's registry."""
        registry = "federal" if venue.kind == "university" else "regional"
        body = {"organisation": venue.code, "name": venue.name, "registry": registry, "season": self.scenario.season}
        return self.dated(self.operator, VENUES, venue.code, body, VENUE_REGISTERED, (owners[venue.code], season))


def venues_of(municipality: Municipality, scenario: Scenario) -> Iterator[Venue]:
    """The sites of a municipality, at least one; as many as its attendances ask for."""
    taken = {scenario.region, *(m.code for m in scenario.municipalities)}
    count = min(MOST_VENUES, max(1, ceil(municipality.trial_attended / PUPILS_PER_VENUE)))
    for place in range(count):
        kind, name = VENUE_KINDS[place % len(VENUE_KINDS)]
        code = fresh(f"{municipality.code}-V{place + 1:02}", taken)
        yield Venue(code, f"{name} № {place + 1}, {municipality.name}", kind, municipality.code)
