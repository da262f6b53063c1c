"""The loop that ends guardians' cabinets on the 18th birthday of their children: one process at a time.

A birth date stands in no row. Beside a child's sealed identity lies a keyed mark of the day on which the child comes of
age; the loop looks for the marks of the last days, and opens nobody.
"""

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from services.registration.handlers.majority import come_of_age, mark_days
from services.registration.repository import Repository
from shared.messaging.lease import Lease
from shared.messaging.leased import FULL, LeasedLoop
from shared.programme.clocks import zone
from shared.storage.outbox import Clock

LOOK_SECONDS = 60.0
AT_ONCE = 20
"""Pupils in a step."""
FIRST_DAY = timedelta(days=8 * 366)
"""So far back birthdays are looked for: no pupil is older than 20, and a system may have stood still for years."""


class Majorities(LeasedLoop):
    """Ends the cabinets of guardians whose children come of age, unless these keep them."""

    name = "majorities"

    def __init__(
        self,
        lease: Lease,
        repository: Repository,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(lease)
        self._repository = repository
        self._birthdays = repository.sealed.birthdays
        self._clock = clock
        self._monotonic = monotonic
        self._due: list[tuple[str, bytes, date]] = []
        self._look_at = float("-inf")

    async def step(self) -> int:
        """Ends the cabinets of some pupils, or marks some rows of an earlier release, which knew no marks."""
        now = self._clock()
        if not self._due and self._monotonic() >= self._look_at:
            if unmarked := await self._birthdays.unmarked(FULL):
                await mark_days(self._repository, unmarked, now)
                return FULL
            self._look_at = self._monotonic() + LOOK_SECONDS
            self._due = await self._found(now)
        some, self._due = self._due[:AT_ONCE], self._due[AT_ONCE:]
        for id, mark, day in some:
            await come_of_age(self._repository, id, mark, day, now)
        return FULL if self._due else len(some)

    async def waits(self) -> bool:
        """Tells that pupils have come of age, or that rows are to be marked."""
        return bool(self._due or await self._found(self._clock())) or bool(await self._birthdays.unmarked(1))

    async def close(self) -> None:
        """Forgets who was found; the next step looks again."""
        self._due, self._look_at = [], float("-inf")

    async def _found(self, now: datetime) -> list[tuple[str, bytes, date]]:
        """The pupils whose day has come by their regions' clocks; their own say whether it has."""
        clocks = await self._repository.clocks.known()
        last = {code: now.astimezone(zone(clock)).date() for code, clock in clocks.own.items()}
        latest = max(last.values(), default=now.date())
        found = await self._birthdays.coming_of_age(latest - timedelta(days=n) for n in range(FIRST_DAY.days))
        return [(one.id, one.mark, one.day) for one in found if one.day <= _first_to_turn(one.region, last, now.date())]


def _first_to_turn(region: str, last: Mapping[str, date], otherwise: date) -> date:
    """The last day that has begun anywhere in a region, by its clock and those of its municipalities."""
    days = (day for code, day in last.items() if code == region or code.startswith(f"{region}-"))
    return max(days, default=otherwise)
