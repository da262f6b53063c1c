"""Quotas and acts for payment in a random history: units that go up and down, and attendances that are paid."""

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.chaos import payments
from tests.chaos.told import Record
from tests.e2e.conftest import Answer
from tests.e2e.season import NATION, World, soon

PERIODS = (("2020-09-01", "2020-10-04"), ("2020-10-05", "2020-10-05"), ("2020-09-15", "2020-12-15"))
WHOLE = PERIODS[2]
"""The slots of a history are all held within it."""


class Money:
    """What the operators of the nation, a region and its municipalities do in one season."""

    def __init__(self, place: World, rng: Random) -> None:
        self.place, self.rng = place, rng
        self.towns = (place.municipality, f"{place.region}-002")
        self.schools = (place.school, f"{place.region}-002-S01")
        self.acts: list[str] = []
        self.drafts: list[dict[str, Any]] = []

    async def begin(self) -> None:
        """Units for both schools, and a rate."""
        client, place = self.place.client, self.place
        total = {"value": 400, "occurred_at": "2020-09-01T10:00:00Z"}
        await client.ok("PUT", f"/trials/quotas/{place.season}", total, by=NATION)
        for below, amount, by in (
            ({"organisation": place.region}, 300, NATION),
            *(({"organisation": town}, 100, place.operator) for town in self.towns),
            *(({"organisation": school, "venue": place.venue}, 12, place.operator) for school in self.schools),
        ):
            said = {"ref": f"{below['organisation']}", **below, "amount": amount}
            await soon(client, "POST", f"/trials/quotas/{place.season}/transfers", said, by=by)
        await client.ok("POST", "/trials/rates", self.rate(), by=place.operator)

    def rate(self) -> dict[str, Any]:
        scope = self.rng.choice(({}, {"venue": self.place.venue}, {"competency": "gov"}))
        of = {"season": self.place.season, "region": self.place.region, "since": "2020-09-01"}
        return {**of, **(scope if self.drafts else {}), "kopecks": self.rng.randint(1, 9) * 1000}

    async def _do(self, method: str, path: str, body: Any = None, by: Sequence[str] = ()) -> Answer:
        return await self.place.client.call(method, path, body, by=by or self.place.operator)

    async def sets_quota(self) -> Answer:
        """The nation has another number of units, or as many as before."""
        body = {"value": self.rng.choice((300, 350, 400, 450, 10))}
        return await self._do("PUT", f"/trials/quotas/{self.place.season}", body, NATION)

    async def gives(self) -> Answer:
        """Units go from anybody to anybody below, or come back; perhaps nobody has so many."""
        below = self.rng.choice(
            (
                {"organisation": self.place.region},
                *({"organisation": town} for town in self.towns),
                *({"organisation": school, "venue": self.place.venue} for school in self.schools * 2),
            )
        )
        amount = self.rng.choice((-60, -20, -3, -2, -1, 1, 2, 3, 20, 60))
        said = {"ref": f"g{self.rng.randint(1, 200)}", **below, "amount": amount}
        by = NATION if below["organisation"] == self.place.region else self.place.operator
        return await self._do("POST", f"/trials/quotas/{self.place.season}/transfers", said, by)

    async def prices(self) -> Answer:
        """A rate, of the same days perhaps: attendances that were not paid yet cost as much from now on."""
        return await self._do("POST", "/trials/rates", self.rate())

    async def drafts_act(self) -> Answer:
        begins, ends = self.rng.choice(PERIODS)
        path = f"/trials/venues/{self.place.venue}/payment-acts"
        of = {"season": self.place.season, "begins": begins, "ends": ends}
        answer = await self._do("GET", f"{path}/draft?" + "&".join(f"{name}={value}" for name, value in of.items()))
        if answer.status < 300 and answer.body["lines"]:
            self.drafts.append({**of, "kopecks": answer.body["kopecks"], "lines": answer.body["lines"]})
        return answer

    async def signs(self) -> Answer:
        """The last draft is signed, though it may be another one by now; or an act is signed twice."""
        if self.rng.random() < 0.7:
            await self.drafts_act()
        draft = self.rng.choice(self.drafts[-2:]) if self.drafts else {"season": self.place.season}
        answer = await self._do(
            "POST",
            f"/trials/venues/{self.place.venue}/payment-acts",
            {"ref": f"a{self.rng.randint(1, 200)}", **draft},
        )
        self.acts += [answer.body["act"]] if answer.status == 201 else []
        return answer

    async def pays(self) -> Answer:
        act = self.rng.choice(self.acts) if self.acts else "none"
        return await self._do("POST", f"/trials/payment-acts/{act}/payment", {})

    async def signs_the_rest(self) -> None:
        """Signs what is due at the end; nothing is left then."""
        place, (begins, ends) = self.place, WHOLE
        path = f"/trials/venues/{place.venue}/payment-acts"
        of = {"season": place.season, "begins": begins, "ends": ends}
        query = "&".join(f"{name}={value}" for name, value in of.items())
        for ref in ("the rest", None):
            due = await place.client.ok("GET", f"{path}/draft?{query}", by=place.operator)
            assert not due["unpriced"]
            if ref is None:
                assert due["lines"] == 0
            elif due["lines"]:
                body = {"ref": ref, **of, "kopecks": due["kopecks"], "lines": due["lines"]}
                await place.client.ok("POST", path, body, by=place.operator)

    async def agrees_with(self, feed: Sequence[Record]) -> Sequence[payments.Act]:
        """The acts as the platform lists them, which are those of the feed, in which each attendance is paid once."""
        path = f"/trials/payment-acts?region={self.place.region}&limit=1000"
        listed = (await self.place.client.ok("GET", path, by=self.place.operator))["items"]
        shown = {
            (one["venue"], one["number"]): payments.Act(one["kopecks"], one["lines"], one["state"]) for one in listed
        }
        told = payments.acts(feed, self.place.season)
        assert shown == told
        assert list(payments.faults(feed, self.place.season)) == []
        return list(told.values())
