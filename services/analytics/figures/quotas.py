"""Quotas: the units that were planned for a region, and how many of them are used, by whoever holds them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from fastapi import Query

from services.analytics.figures.cells import Count, Table
from services.analytics.figures.figure import Figure, Figures
from services.analytics.figures.reading import Given, Reading, stands_for
from services.analytics.figures.rows import Row
from services.analytics.figures.words import InWords, Words
from shared.base.models import Answer
from shared.contracts.quotas import QuotaUnit
from shared.identity.grants import NATION

RESERVATIONS: Table = "reservations"
"""By school: `booked` or `attended` and `pupils`, each with the venue and the day; `trials`, venue, number, day.

The first two are bookings that stand, and those of them that were attended. `pupils` are those whose unit it is where a
pupil is one, and `trials` those of them who have attended so many practical trials at least.
"""
Level = Literal["region", "municipality", "school"]
LEVELS: tuple[Level, ...] = ("region", "municipality", "school")
Holder = tuple[Level, str, str]
"""The level, the code, and of a school the venue; no text for others."""


class Held(Answer):
    """Units that somebody has, and their use."""

    value: int
    """Units that are there to be given on or booked, and those that were booked: free + reserved + completed."""
    free: int
    """Units that are left; below zero where more stand than were given."""
    reserved: int
    """Units of bookings that stand, and are not attended yet."""
    completed: int
    """Units of what was attended, or of pupils who have attended the season's number of trials."""


class HolderRow(Held):
    """One holder: the region, a municipality, or a school for a venue."""

    level: Level
    """The kind of the holder."""
    organisation: str
    """Code of the holder."""
    name: str
    """Name of the holder, or its code where no name is known."""
    venue: str | None
    """Code of the venue at which a school may book; null for other holders."""
    given: int
    """Units that the holder gave on to those below it; they are theirs now, and in no number of its own."""


class Quotas(Figures):
    """Holders of a region's units by level, code and venue, and the sums over all that are in scope."""

    revision: int | None
    """The number of a closed season's last revision, as elsewhere; but units follow what stands, corrected or not."""
    method: str
    """Name and version of the way it is counted, for instance `quotas/1`."""
    unit: QuotaUnit
    """The thing that the season counts: attendances, or pupils."""
    binding: bool
    """True where nothing is booked beyond a quota; elsewhere bookings are only counted."""
    planned: int
    """Units that all holders in scope have together: those that came to them from outside."""
    free: int
    """Those of them that are left."""
    reserved: int
    """Those of them that are reserved."""
    completed: int
    """Those of them that are completed."""
    rows: list[HolderRow]
    """The holders that have, gave or used any."""


async def of_level(
    level: Annotated[Level | None, Query(description="the rows of these holders alone; default all")] = None,
) -> Level | None:
    """Returns the quotas' own parameter."""
    return level


async def read(region: Reading, level: Level | None) -> Row:
    """Quotas of a region, its municipalities and its schools: units planned, given on, free, reserved and completed."""
    rules = await region.rules()
    counts = await region.cells({RESERVATIONS})
    used = await counts.summed(lambda found: _used(found, rules))
    rows = [_row(*one) for one in sorted(_holders(await region.given(), used, region).items(), key=_order)]
    names = await region.organisations({row["organisation"] for row in rows})
    for row in rows:
        row["name"] = names.get(row["organisation"], {}).get("name", row["organisation"])
    return {
        **await stands_for(region),
        "method": FIGURE.method,
        "unit": rules.get("quota_unit", "attendance"),
        "binding": rules.get("quotas_bind", False),
        "planned": sum(row["value"] for row in rows),
        **{name: sum(row[name] for row in rows) for name in ("free", "reserved", "completed")},
        "rows": [row for row in rows if level in (None, row["level"])],
    }


def _used(counts: Iterable[Count], rules: Mapping[str, Any]) -> Mapping[Holder, Counter[str]]:
    """Returns the units that schools' bookings use, by the season's rules."""
    by_pupil = rules.get("quota_unit") == "pupil"
    all, done = ("pupils", "trials") if by_pupil else ("booked", "attended")
    found: dict[Holder, Counter[str]] = defaultdict(Counter)
    for _, school, (measure, venue, *more, _), n in counts:
        if measure == all:
            found["school", school, venue]["reserved"] += n
        elif measure == done and (not by_pupil or more == [str(rules["trials_required"])]):
            found["school", school, venue].update(reserved=-n, completed=n)
    return found


def _holders(
    entries: Iterable[Given], used: Mapping[Holder, Counter[str]], region: Reading
) -> Mapping[Holder, Counter[str]]:
    """Returns the units of the holders in scope; those of whoever is above it are none of this answer."""
    found: dict[Holder, Counter[str]] = defaultdict(Counter, used)
    for giver, organisation, venue, amount in entries:
        found[_holder(organisation, venue, region)]["value"] += amount
        if giver != NATION:
            found[_holder(giver, "", region)].update(value=-amount, given=amount)
    return {
        holder: units
        for holder, units in found.items()
        if any(units.values()) and not (region.municipalities and holder[0] == "region")
    }


def _holder(code: str, venue: str, region: Reading) -> Holder:
    return ("school" if venue else "region" if code == region.asked.region else "municipality"), code, venue


def _order(held: tuple[Holder, Any]) -> tuple[int, str, str]:
    (level, organisation, venue), _ = held
    return LEVELS.index(level), organisation, venue


def _row(holder: Holder, units: Counter[str]) -> Row:
    level, organisation, venue = holder
    used = {name: units[name] for name in ("value", "reserved", "completed", "given")}
    free = units["value"] - units["reserved"] - units["completed"]
    return {"level": level, "organisation": organisation, "venue": venue or None, **used, "free": free}


WORDS: InWords = {
    "ru": Words(
        "Квоты: план и факт",
        "Единицы квоты региона, его муниципалитетов и школ: передано, свободно, занято записями, использовано.",
        "занятые и использованные единицы",
        "единицы, полученные держателем",
        "передачи квот, записи, неявки и посещения",
    ),
    "en": Words(
        "Quotas: plan against use",
        "Units of a region, its municipalities and its schools: given on, free, reserved by bookings, completed.",
        "units that are reserved and completed",
        "units that came to the holder",
        "transfers of quotas, bookings, absences and attendances",
    ),
}

FIGURE = Figure(
    name="quotas", version=1, words=WORDS, answer=Quotas, parameter=of_level, read=read, fold="reservations"
)
