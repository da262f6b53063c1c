"""A season of the running school year, beside the one that was played: whoever tries the API acts now."""

from datetime import date, datetime, time, timedelta
from typing import Any

from deploy.simulator.catalogue import SEASONS, VENUES, venues_of
from deploy.simulator.client import Client
from deploy.simulator.command import Batch, Command
from deploy.simulator.scenario import Scenario
from deploy.simulator.steps import NATIONAL_OPERATOR, Venue, staff

SEPTEMBER = 9
CONSENT_URL = "https://bilet.example/consent/{season}-1"
PAST_DAYS, COMING_DAYS, SLOT_HOUR = 7, 14, time(15)
"""Every day a slot at one venue: what staff enter afterwards has been held, what families book is to come."""


def school_year(today: date) -> tuple[str, date, date]:
    """`2026-27` with its first and last day; the season of that code is open all the time."""
    first = today.year - (today.month < SEPTEMBER)
    return f"{first}-{(first + 1) % 100:02}", date(first, SEPTEMBER, 1), date(first + 1, SEPTEMBER - 1, 31)


async def open_season(client: Client, scenario: Scenario, now: datetime) -> str:
    """Its code: defined with the scenario's rules, with a venue of every municipality, slots of the last and the
    next days at one of them, and a consent document that guardians can agree to.

    Again, it changes nothing but opens the slots of new days. Raises PlayError at a refusal.
    """
    code, opens, closes = school_year(now.date())
    if scenario.season == code:
        return code
    rules = {
        "name": f"Учебный год {code}",
        "opens": opens.isoformat(),
        "closes": closes.isoformat(),
        "grades": list(scenario.grades),
        "diagnostics": list(scenario.diagnostics),
        "trials_required": scenario.trials_required,
        "recommendation_gate": str(scenario.gate),
    }
    await client.perform(NATIONAL_OPERATOR, Command("PUT", SEASONS, SEASONS.format(code=code), rules))
    venues = [next(venues_of(municipality, scenario)) for municipality in scenario.municipalities]
    for venue in venues:
        entry = {"organisation": venue.code, "name": venue.name, "registry": "regional", "season": code}
        operator = staff("regional-operator", scenario.region)
        await client.perform(operator, Command("PUT", VENUES, VENUES.format(code=venue.code), entry))
    await client.perform(staff("venue", venues[0].code), _timetable(scenario, venues[0], (code, opens, closes), now))
    document = {"title": f"Согласие на обработку персональных данных, {code}", "url": CONSENT_URL.format(season=code)}
    route = "/registration/consent-documents/{version}"
    await client.perform(NATIONAL_OPERATOR, Command("PUT", route, route.format(version=f"{code}-1"), document))
    return code


def _timetable(scenario: Scenario, venue: Venue, year: tuple[str, date, date], now: datetime) -> Command:
    season, opens, closes = year
    days = [now.date() + timedelta(days=n) for n in range(-PAST_DAYS, COMING_DAYS + 1) if n != 0]
    body = {
        "venue": venue.code,
        "season": season,
        "slots": [_slot(scenario, season, day) for day in days if opens <= day <= closes],
    }
    return Command("POST", "/trials/slots/batch", "/trials/slots/batch", body, Batch("slots", "ref"))


def _slot(scenario: Scenario, season: str, day: date) -> dict[str, Any]:
    competency = scenario.competencies[day.toordinal() % len(scenario.competencies)]
    return {
        "ref": f"{season}/{day}",
        "competency": competency.code,
        "kind": "trial",
        "starts_at": datetime.combine(day, SLOT_HOUR, scenario.zone).isoformat(),
        "minutes": 90,
        "capacity": 8,
        "grades": list(scenario.grades),
    }
