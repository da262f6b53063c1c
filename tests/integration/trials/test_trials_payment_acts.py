"""Acts for payment over HTTP: an attendance is in one act alone, whoever signs at once, revokes, merges or restores."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.payments import PaymentActEvent
from tests.builders.events import at
from tests.builders.merging import merged, unmerged
from tests.builders.trials import VENUE, present, seat
from tests.drivers.backups import Backup, assert_numbered_once
from tests.drivers.trials import HOST, NAVIGATOR, Trials, history, states, trials_service

OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}
ANOTHER = {"role": "regional-operator", "org": "RU-DON"}
ENTRY: Mapping[str, Any] = {"organisation": VENUE, "name": "Мастерская", "registry": "regional", "season": "2020"}
RATE: Mapping[str, Any] = {"season": "2020", "region": "RU-ROS", "since": "2020-09-01", "kopecks": 130_000}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


@dataclass(frozen=True)
class Site:
    """A venue of its own, in a service that others share."""

    trials: Trials
    code: str

    @property
    def acts(self) -> str:
        return f"/venues/{self.code}/payment-acts"

    @property
    def rate(self) -> dict[str, Any]:
        return {**RATE, "venue": self.code}

    async def attended(self, day: str, *pupils: str) -> dict[str, str]:
        """Pupils attend a slot of this day; the ids of their attendances."""
        slot = await self.trials.slot(venue=self.code, starts_at=f"{day}T14:00:00+03:00")
        for id in pupils:
            await self.trials.must("POST", f"/slots/{slot}/bookings", seat(id), **NAVIGATOR)
        there = [present(id, day) for id in pupils]
        answer = await self.trials.must("POST", f"/slots/{slot}/attendance", there, **HOST)
        return {id: item["attendance"] for id, item in zip(pupils, answer["items"], strict=True)}

    async def drafted(self, begins: str = "2020-10-01", ends: str = "2020-10-31") -> Any:
        query = f"season=2020&begins={begins}&ends={ends}"
        return await self.trials.must("GET", f"{self.acts}/draft?{query}", **HOST)

    async def signed(self, ref: str, **period: str) -> Any:
        return await self.trials.must("POST", self.acts, signing(await self.drafted(**period), ref), **OPERATOR)

    async def lines(self, act: str) -> list[tuple[str, int]]:
        page = await self.trials.must("GET", f"/payment-acts/{act}/lines", **HOST)
        return [(line["attendance"], line["kopecks"]) for line in page["items"]]

    async def revoke(self, attendance: str) -> None:
        mistaken = {"reason": "Чужой список", "occurred_at": "2020-10-06T10:00:00+03:00"}
        await self.trials.must("POST", f"/attendance/{attendance}/revocation", mistaken, **HOST)


async def site(trials: Trials, code: str, *, paid: bool = True) -> Site:
    """A venue, with a rate of its own if it is paid."""
    await trials.must("PUT", f"/venues/{code}", dict(ENTRY), **OPERATOR)
    made = Site(trials, code)
    if paid:
        await trials.must("POST", "/rates", made.rate, **OPERATOR)
    return made


def signing(draft: Any, ref: str, **changed: Any) -> dict[str, Any]:
    said = {name: draft[name] for name in ("season", "begins", "ends", "kopecks", "lines")}
    return {**said, "ref": ref, **changed}


async def test_an_act_is_drafted_signed_frozen_paid_and_corrected_by_the_next(trials: Trials) -> None:
    own = await site(trials, "PV1")
    await trials.enrol("p1", "p2")
    there = await own.attended("2020-10-05", "p1", "p2")
    await own.attended("2020-11-05", "p1")
    draft = await own.drafted()
    assert [draft[word] for word in ("state", "pupils", "lines", "kopecks", "unpriced")] == ["draft", 2, 2, 260_000, []]
    first = await trials.ask("POST", own.acts, signing(draft, "A-1"), **OPERATOR)
    again = await trials.ask("POST", own.acts, signing(draft, "A-1"), **OPERATOR)
    assert (first.status, again.status, first.body) == (201, 200, again.body)
    act = first.body["act"]
    assert [first.body[word] for word in ("number", "state", "kopecks", "venue_name")] == [
        1,
        "signed",
        260_000,
        "Мастерская",
    ]
    assert (await own.drafted())["lines"] == 0

    await trials.must("POST", "/rates", {**own.rate, "kopecks": 1}, **OPERATOR)
    await own.revoke(there["p1"])
    assert await own.lines(act) == sorted((id, 130_000) for id in there.values())
    second = await own.signed("A-2", begins="2020-11-01", ends="2020-11-30")
    assert [second[word] for word in ("number", "pupils", "lines", "kopecks")] == [2, 1, 2, -129_999]
    assert (there["p1"], -130_000) in await own.lines(second["act"])
    assert (await own.drafted(ends="2020-12-31"))["lines"] == 0

    for _ in range(2):
        paid = await trials.must("POST", f"/payment-acts/{act}/payment", {}, **OPERATOR)
        assert paid["state"] == "paid"
    of_region = await trials.must("GET", "/payment-acts?region=RU-ROS&season=2020&limit=2", **OPERATOR)
    of_venue = await trials.must("GET", own.acts, **HOST)
    assert [one["number"] for one in of_region["items"]] == [2, 1]
    assert of_venue["items"] == of_region["items"]
    found = [e.event for e in await trials.published("trials.catalogue.v1")]
    told = [one.type for one in found if isinstance(one, PaymentActEvent) and one.venue == own.code]
    assert told == ["act.signed.v1", "act.signed.v1", "act.paid.v1"]


async def test_of_acts_that_are_signed_at_once_one_has_an_attendance(trials: Trials) -> None:
    own = await site(trials, "PV2")
    await trials.enrol("q1", "q2")
    await own.attended("2020-10-05", "q1")
    await own.attended("2020-11-05", "q2")
    drafts = [await own.drafted(ends=f"2020-{month}-30") for month in (10, 11, 10, 11)]
    asked = (trials.ask("POST", own.acts, signing(one, f"C-{n}"), **OPERATOR) for n, one in enumerate(drafts))
    answers = await asyncio.gather(*asked)
    assert sorted(one.status for one in answers) == [201, 409, 409, 409]
    assert {one.body["type"] for one in answers if one.status == 409} <= {"act-changed", "nothing-to-pay"}
    rest = await own.drafted(ends="2020-11-30")
    if rest["lines"]:
        await trials.must("POST", own.acts, signing(rest, "C-9"), **OPERATOR)
    acts = (await trials.must("GET", own.acts, **HOST))["items"]
    assert sum(act["kopecks"] for act in acts) == 260_000
    assert sorted(act["number"] for act in acts) == [*range(1, len(acts) + 1)]


async def test_a_pupil_of_two_entries_is_paid_once_also_when_they_are_merged_later(trials: Trials) -> None:
    own = await site(trials, "PV3")
    await trials.enrol("s1", "d1", "s2", "d2")
    there = await own.attended("2020-10-05", "s1", "d1")
    assert (await own.signed("M-1"))["kopecks"] == 260_000
    slot = await own.attended("2020-10-06", "s2", "d2")
    for number in (1, 2):
        await trials.publish(*merged(f"s{number}", f"d{number}"), time=at("2020-11-18"))
        await trials.know({"_id": {"$in": [f"s{number}", f"d{number}"]}, "mergings.merged": True}, 2, PARTICIPANTS)
    act = await own.signed("M-2")
    assert (act["pupils"], act["lines"], act["kopecks"]) == (1, 2, 0)
    lines = await own.lines(act["act"])
    assert [kopecks for id, kopecks in lines if id in slot.values()] == [130_000]
    (taken,) = (id for id, kopecks in lines if kopecks < 0)
    (kept,) = set(there.values()) - {taken}
    await own.revoke(kept)
    again = await own.signed("M-3")
    assert sorted(await own.lines(again["act"])) == sorted([(kept, -130_000), (taken, 130_000)])
    await trials.publish(*unmerged("s1", "d1"), time=at("2020-11-19"))
    await trials.know({"_id": {"$in": ["s1", "d1"]}, "mergings.merged": False}, 2, PARTICIPANTS)
    assert (await own.drafted())["lines"] == 0


async def test_what_cannot_be_signed_is_refused_by_its_reason(trials: Trials) -> None:
    own = await site(trials, "PV4")
    await trials.enrol("r1")
    await own.attended("2020-10-05", "r1")
    draft = await own.drafted()
    for changed, status, slug in (
        ({"kopecks": 1}, 409, "act-changed"),
        ({"season": "no-season"}, 422, "bad-input"),
        ({"ends": "2020-09-30"}, 422, "bad-input"),
        ({"ends": "2090-01-01"}, 409, "period-not-over"),
        ({"begins": "2020-11-01", "ends": "2020-11-02"}, 409, "nothing-to-pay"),
        ({"sum": 1}, 422, "bad-input"),
    ):
        refused = await trials.ask("POST", own.acts, signing(draft, "R-1", **changed), **OPERATOR)
        assert (refused.status, refused.body["type"]) == (status, slug), changed
    await trials.must("POST", own.acts, signing(draft, "R-1"), **OPERATOR)
    other = await trials.ask("POST", own.acts, signing(draft, "R-1", kopecks=5), **OPERATOR)
    assert other.body["type"] == "ref-reused"


async def test_an_attendance_without_a_rate_keeps_an_act_open(trials: Trials) -> None:
    own = await site(trials, "PV5", paid=False)
    await trials.must("POST", "/rates", {**own.rate, "competency": "games"}, **OPERATOR)
    await trials.enrol("u1")
    await own.attended("2020-10-05", "u1")
    draft = await own.drafted()
    assert draft["unpriced"] == [{"competency": "gov", "attendances": 1}]
    refused = await trials.ask("POST", own.acts, signing(draft, "U-1", lines=1), **OPERATOR)
    assert refused.body["type"] == "rate-missing"
    await trials.must("POST", "/rates", {**RATE, "region": None, "kopecks": 0})
    act = await own.signed("U-1")
    assert (act["lines"], act["kopecks"]) == (1, 0)


async def test_an_act_is_the_venue_s_and_its_region_s(trials: Trials) -> None:
    own = await site(trials, "PV6")
    await trials.enrol("x1")
    await own.attended("2020-10-05", "x1")
    act = (await own.signed("X-1"))["act"]
    for by in (ANOTHER, {"role": "venue", "org": "RU-ROS-001-V09"}):
        query = "season=2020&begins=2020-10-01&ends=2020-10-31"
        assert (await trials.ask("GET", f"{own.acts}/draft?{query}", **by)).status == 403
        assert (await trials.ask("GET", own.acts, **by)).status == 403
        assert (await trials.ask("GET", f"/payment-acts/{act}", **by)).status == 404
        assert (await trials.ask("GET", f"/payment-acts/{act}/lines", **by)).status == 404
    assert (await trials.ask("POST", f"/payment-acts/{act}/payment", {}, **ANOTHER)).status == 404
    assert (await trials.ask("POST", f"/payment-acts/{act}/payment", {}, **HOST)).status == 403
    assert (await trials.ask("POST", own.acts, signing(await own.drafted(), "X-2", lines=1), **ANOTHER)).status == 403
    assert (await trials.ask("GET", "/payment-acts?region=RU-ROS", **ANOTHER)).status == 403
    assert (await trials.ask("POST", "/rates", own.rate, **ANOTHER)).status == 403
    assert (await trials.ask("POST", "/rates", {**RATE, "region": None}, **OPERATOR)).status == 403
    for field, value in (("venue", "PV0"), ("competency", "none"), ("programme", "none"), ("season", "none")):
        wrong = await trials.ask("POST", "/rates", {**own.rate, field: value}, **OPERATOR)
        assert (wrong.status, wrong.body["errors"][0]["pointer"]) == (422, f"/{field}")
    listed = await trials.must("GET", f"/rates?season=2020&venue={own.code}", **HOST)
    assert [(rate["kopecks"], rate["venue"]) for rate in listed["items"]] == [(130_000, own.code)]


async def test_a_venue_reads_the_rates_by_which_it_may_be_paid(trials: Trials) -> None:
    own, other = await site(trials, "PV11"), await site(trials, "PV12")
    await trials.must("POST", "/rates", {**RATE, "region": None, "kind": "museum"})
    await trials.must("POST", "/rates", {**RATE, "kind": "museum"}, **OPERATOR)

    async def read(**by: str) -> set[tuple[str | None, str | None]]:
        page = await trials.must("GET", "/rates?season=2020&limit=1000", **by)
        return {(rate["region"], rate["venue"]) for rate in page["items"]}

    named = {("RU-ROS", own.code), ("RU-ROS", other.code)}
    general = {(None, None), ("RU-ROS", None)}
    assert await read(role="venue", org=own.code) == general | {("RU-ROS", own.code)}
    assert await read(**HOST) >= general | named
    assert await read(**OPERATOR) >= general | named
    assert await read(**ANOTHER) == {(None, None)}
    assert await read() >= general | named


async def test_acts_that_were_signed_since_a_backup_are_learnt_from_the_topic(trials: Trials) -> None:
    own = await site(trials, "PV7")
    await trials.enrol("b1", "b2")
    there = await own.attended("2020-10-05", "b1")
    await own.signed("B-1")
    await own.attended("2020-11-05", "b2")
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")
    await own.revoke(there["b1"])
    act = await own.signed("B-2", ends="2020-11-30")
    assert (act["number"], act["kopecks"]) == (2, 0)
    await trials.must("POST", f"/payment-acts/{act['act']}/payment", {}, **OPERATOR)
    await trials.know({}, 0, "outbox")
    stored = await states(trials)
    await trials.child.stop()
    backup.put_back()
    await trials.start()
    assert await states(trials) == stored
    assert (await own.drafted(ends="2020-12-31"))["lines"] == 0
    assert_numbered_once(await history(trials))
