"""The catalogue of a season: organisations, diagnostics, rules, competencies and venues, before a pupil is enrolled."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

from deploy.simulator.acts import Define, Venue
from deploy.simulator.command import NATIONAL_OPERATOR, staff
from deploy.simulator.draft import Draft
from deploy.simulator.instruments import Instrument
from deploy.simulator.population import School, fresh
from deploy.simulator.scenario import Municipality, Scenario
from deploy.simulator.schooldays import DIAGNOSTICS as FIRST_ROUND
from deploy.simulator.schooldays import SECOND_ROUND

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
EVENTS = {
    ORGANISATIONS: "organisation.defined.v1",
    SEASONS: "season.defined.v1",
    COMPETENCIES: "competency.approved.v1",
    VENUES: "venue.registered.v1",
}
"""The event that a definition causes, by its route; those of diagnostics are trials' own."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The entries that later steps refer to: draft numbers by code, and each municipality's venues, at least one."""

    season: int
    schools: Mapping[str, int]
    competencies: Mapping[str, int]
    registered: Mapping[str, int]
    venues: Mapping[str, list[Venue]]


def catalogue(draft: Draft, schools: Iterable[School], instruments: Mapping[str, Instrument]) -> Catalogue:
    """Drafts everything that is defined before the season begins."""
    scenario, put = draft.scenario, partial(_put, draft)
    body = {"kind": "region", "name": scenario.name, "parent": "RU", "utc_offset": draft.days.at(0).isoformat()[-6:]}
    places = {scenario.region: put(ORGANISATIONS, scenario.region, body)}

    def organisation(code: str, kind: str, name: str, parent: str, **more: str) -> int:
        body = {"kind": kind, "name": name, "parent": parent, **more}
        return put(ORGANISATIONS, code, body, (places[parent],))

    for m in scenario.municipalities:
        places[m.code] = organisation(m.code, "municipality", m.name, scenario.region)
    diagnostics = [put(DIAGNOSTICS, code, found.definition) for code, found in instruments.items()]
    second = {"second_round": {"opens": second_round_opens(draft)}} if scenario.corrections.get("second_rounds") else {}
    season = put(SEASONS, scenario.season, rules(scenario) | second, diagnostics)
    venues = {m.code: list(venues_of(m, scenario)) for m in scenario.municipalities}
    every = [venue for group in venues.values() for venue in group]
    owners = {v.code: organisation(v.code, v.kind, v.name, v.municipality) for v in every}
    own = {s.code: (s.name, s.municipality.code) for s in schools}
    return Catalogue(
        season=season,
        schools={code: organisation(code, "school", *of, level=draft.rng.choice(LEVELS)) for code, of in own.items()},
        competencies={c.code: put(COMPETENCIES, c.code, {"name": c.name}) for c in scenario.competencies},
        registered={v.code: put(VENUES, v.code, entry(v, scenario.season), (owners[v.code], season)) for v in every},
        venues=venues,
    )


def _put(draft: Draft, route: str, code: str, body: Mapping[str, Any], needs: Iterable[int] = ()) -> int:
    """Drafts a definition by whoever may make it; one that causes an event is dated."""
    region, at, event = draft.scenario.region, draft.days.at(0), EVENTS.get(route)
    of_region = route == VENUES or (route == ORGANISATIONS and code != region)
    actor = staff("regional-operator", region) if of_region else NATIONAL_OPERATOR
    dated = {**body, "occurred_at": at.isoformat()} if event else body
    return draft.add(actor, at, Define(route, code, dated), {event: 1} if event else {}, needs)


def second_round_opens(draft: Draft) -> str:
    """The day from which on diagnostics are of the second round; raises ValueError where the first takes all days."""
    opens = draft.days.at(SECOND_ROUND).date()
    if opens <= draft.days.at(FIRST_ROUND[1]).date():
        raise ValueError("`corrections` ask for `second_rounds`, but the season is too short for two")
    return opens.isoformat()


def rules(scenario: Scenario) -> dict[str, Any]:
    """A season as the scenario has it."""
    days = {"opens": scenario.opens.isoformat(), "closes": scenario.closes.isoformat(), "grades": list(scenario.grades)}
    stages = {"diagnostics": list(scenario.diagnostics), "trials_required": scenario.trials_required}
    return {"name": f"Сезон {scenario.season}", **days, **stages, "recommendation_gate": str(scenario.gate)}


def entry(venue: Venue, season: str) -> dict[str, Any]:
    """The venue's entry in the season's registry; it belongs to the organisation that has its code."""
    registry = "federal" if venue.kind == "university" else "regional"
    return {"organisation": venue.code, "name": venue.name, "registry": registry, "season": season}


def venues_of(municipality: Municipality, scenario: Scenario) -> Iterator[Venue]:
    """The sites of a municipality, at least one; as many as its attendances ask for."""
    count = min(MOST_VENUES, max(1, ceil(municipality.trial_attended / PUPILS_PER_VENUE)))
    for place in range(count):
        kind, name = VENUE_KINDS[place % len(VENUE_KINDS)]
        code = fresh(f"{municipality.code}-V{place + 1:02}", scenario)
        yield Venue(code, f"{name} № {place + 1}, {municipality.name}", kind, municipality.code)
