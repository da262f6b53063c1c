"""A season of the running school year, beside the one that was played: whoever tries the API acts now."""

from datetime import date, datetime, time, timedelta

from deploy.simulator.acts import Slot
from deploy.simulator.calls import timetable
from deploy.simulator.catalogue import SEASONS, VENUES, entry, rules, venues_of
from deploy.simulator.client import Client
from deploy.simulator.command import NATIONAL_OPERATOR, Command, staff
from deploy.simulator.scenario import Scenario

SEPTEMBER = 9
CONSENTS = "/registration/consent-documents/{code}"
CONSENT_URL = "https://bilet.example/consent/{season}-1"
PAST_DAYS, COMING_DAYS, SLOT_HOUR = 7, 14, time(15)
"""Every day a slot at one venue: what staff enter afterwards has been held, what families book is to come."""


def school_year(today: date) -> tuple[str, date, date]:
    """`2026-27` with its first and last day; the season of that code is open all the time."""
    first = today.year - (today.month < SEPTEMBER)
    return f"{first}-{(first + 1) % 100:02}", date(first, SEPTEMBER, 1), date(first + 1, SEPTEMBER - 1, 31)


async def open_season(client: Client, scenario: Scenario, now: datetime) -> str:
    """Defines the season and returns its code.

    It has the scenario's rules, a venue of every municipality, slots of the last and the next days at one of them, and
    a consent document that guardians can agree to. Again, it changes nothing but opens the slots of new days. Raises
    PlayError at a refusal.
    """
    code, opens, closes = school_year(now.date())
    if scenario.season == code:
        return code
    year = {"name": f"Учебный год {code}", "opens": opens.isoformat(), "closes": closes.isoformat()}
    await client.perform(NATIONAL_OPERATOR, Command.to("PUT", SEASONS, rules(scenario) | year, of=code))
    venues = [next(venues_of(municipality, scenario)) for municipality in scenario.municipalities]
    operator = staff("regional-operator", scenario.region)
    for venue in venues:
        await client.perform(operator, Command.to("PUT", VENUES, entry(venue, code), of=venue.code))
    days = [now.date() + timedelta(days=n) for n in range(-PAST_DAYS, COMING_DAYS + 1) if n != 0]
    slots = []
    for day in days:
        if opens <= day <= closes:
            competency = scenario.competencies[day.toordinal() % len(scenario.competencies)].code
            starts_at = datetime.combine(day, SLOT_HOUR, scenario.zone)
            slots.append(Slot(f"{code}/{day}", venues[0], competency, "trial", starts_at, 90, 8))
    await client.perform(staff("venue", venues[0].code), timetable(scenario, code, venues[0].code, slots, None))
    document = {"title": f"Согласие на обработку персональных данных, {code}", "url": CONSENT_URL.format(season=code)}
    await client.perform(NATIONAL_OPERATOR, Command.to("PUT", CONSENTS, document, of=f"{code}-1"))
    return code
