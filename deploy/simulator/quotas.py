"""Quotas of a season: units go from the nation down to schools for venues, and some come back. They bind nobody."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from deploy.simulator.acts import AtSlot, Define
from deploy.simulator.catalogue import Catalogue
from deploy.simulator.command import NATIONAL_OPERATOR, Actor, staff
from deploy.simulator.corrections import Chosen
from deploy.simulator.draft import Draft

LEDGER = "/trials/quotas/{code}"
SET, TO_REGION, TO_TOWNS, TO_SCHOOLS, FROM_SCHOOLS, FROM_TOWNS = 0.15, 0.16, 0.17, 0.18, (0.4, 0.9), 0.95
ISSUED = 1_000_000
"""The nation's units: the same number in whichever region the season is played, and enough for all of them."""
MOST_SPARE = 3
"""Units that a school has beyond its bookings, of which some come back."""
Pair = tuple[str, str, str]
"""A municipality, its school, and a venue for which the school has units."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """Drafts the transfers of units, each by whoever speaks for the upper holder."""

    draft: Draft
    known: Catalogue

    def give(self, chosen: Chosen) -> None:
        """Gives units for what chosen pupils and their schoolmates have booked, and takes some of the others back."""
        units, region = self._units(chosen), staff("regional-operator", self.draft.scenario.region)
        given, back = Counter[str](), dict[str, list[int]]()
        for pair, booked in units.items():
            given[pair[0]] += booked + MOST_SPARE
        if not given:
            return
        issued = self._enter(NATIONAL_OPERATOR, SET, {"value": ISSUED}, [self.known.season])
        has = self._move(NATIONAL_OPERATOR, TO_REGION, (region.org,), given.total(), [issued])
        have = {town: self._move(region, TO_TOWNS, (town,), count, [has]) for town, count in given.items()}
        for (town, school, venue), booked in units.items():
            by, needs = staff("municipal-operator", town), (self.known.schools[school], self.known.registered[venue])
            got = self._move(by, TO_SCHOOLS, (school, venue), booked + MOST_SPARE, [have[town], *needs])
            at, spare = self.draft.moment(FROM_SCHOOLS), self.draft.rng.randint(1, MOST_SPARE)
            back.setdefault(town, []).append(self._move(by, at, (school, venue), -spare, [got]))
        for town, came in back.items():
            self._move(region, FROM_TOWNS, (town,), -len(came), came)

    def _units(self, chosen: Chosen) -> dict[Pair, int]:
        """The bookings of each pair for which a chosen pupil books."""
        booked, wanted = Counter[Pair](), set[Pair]()
        for act in (act for act in self.draft.acts if isinstance(act, AtSlot) and act.kind == "book"):
            school = act.pupils[0].school
            pair = school.municipality.code, school.code, act.slot.venue.code
            booked[pair] += len(act.pupils)
            wanted |= {pair} if any(chosen.has(pupil, "quota") for pupil in act.pupils) else set()
        return {pair: booked[pair] for pair in sorted(wanted)}

    def _move(self, by: Actor, moment: float, holder: tuple[str, ...], amount: int, needs: Iterable[int]) -> int:
        below = dict(zip(("organisation", "venue"), holder, strict=False))
        return self._enter(by, moment, below | {"amount": amount, "ref": "/".join((*holder, f"{amount}"))}, needs)

    def _enter(self, by: Actor, moment: float, said: dict[str, object], needs: Iterable[int]) -> int:
        season, at, moves = self.draft.scenario.season, self.draft.days.at(moment), "amount" in said
        route, method, event = (f"{LEDGER}/transfers", "POST", "moved") if moves else (LEDGER, "PUT", "set")
        act = Define(route, season, said | {"occurred_at": at.isoformat()}, method)
        return self.draft.add(by, at, act, {f"quota.{event}.v1": 1}, needs)
