"""No request reads more rows than it is about: each has an index, and MongoDB takes it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from pymongo import AsyncMongoClient

from deploy.local.stack import Infrastructure
from services.analytics import app
from shared.http.audit import LOG
from shared.storage.mongo import Mongo
from tests.builders.registration import SCHOOL, pupil
from tests.builders.trials import VENUE, attempt, present, seat
from tests.drivers.registration import NATIONAL, NAVIGATOR, registration
from tests.drivers.service import ServiceProcess
from tests.drivers.trials import HOST, trials_service
from tests.drivers.trials import NAVIGATOR as STAFF

DATED = "2020-09-14T10:00:00+03:00"
MANY = 60
"""Rows that no request of a test is about."""
SPARE = 20
"""Rows that may be looked at besides: what pages look behind, and what is written twice."""
SMALL = {"outbox", "offsets", "offset_fences", "leases", "seasons", "rules", "instruments", "competencies"}
"""Collections that are read whole, or hold little."""


@asynccontextmanager
async def read_rows(service: ServiceProcess) -> AsyncIterator[list[str]]:
    """What the database says of requests in the body that read too many rows, once it has ended."""
    found: list[str] = []
    name = service.settings.database(service.service)
    async with AsyncMongoClient[dict[str, Any]](service.settings.mongo_url) as client:
        await client[name].command("profile", 2)
        try:
            yield found
        finally:
            await client[name].command("profile", 0)
        found += _excessive([row async for row in client[name]["system.profile"].find({})])


def _excessive(rows: Iterable[dict[str, Any]]) -> list[str]:
    told = []
    for row in rows:
        collection = row["ns"].partition(".")[2]
        of_use = row.get("nreturned", 0) + row.get("nMatched", 0) + row.get("ndeleted", 0)
        if collection in SMALL or collection.startswith("system.") or "getMore" in row.get("command", {}):
            continue
        if row.get("docsExamined", 0) > of_use + SPARE:
            told.append(f"{collection}: {row['docsExamined']} rows for {of_use} by {row.get('planSummary')}")
    return told


async def test_registration_reads_the_rows_that_a_request_is_about(infrastructure: Infrastructure) -> None:
    async with registration(infrastructure) as service:
        await service.enter(*map(pupil, map(str, range(MANY))))
        async with read_rows(service) as excessive:
            (item, _) = await service.enter(pupil("new"), pupil("other", guardian={"ref": "g1", "name": "Анна"}))
            assert (await service.redeem(item["link_code"], "mother"))[0] == 200
            paths = {
                f"/schools/{SCHOOL.id}/participants?season=2020&limit=3": NAVIGATOR,
                f"/participants/{item['participant']}": NAVIGATOR,
                "/organisations?kind=region": NATIONAL,
                "/organisations?parent=RU-ROS-001&limit=1": NATIONAL,
            }
            for path, grant in paths.items():
                status, page = await service.call("GET", path, grants=[grant])
                assert status == 200
                if page.get("next"):
                    await service.call("GET", f"{path}&after={page['next']}", grants=[grant])
            status, me = await service.call("GET", "/me", grants=[{"role": "guardian"}], subject="mother")
            assert len(me["items"]) == 1
        assert excessive == []


async def test_trials_reads_the_rows_that_a_request_is_about(infrastructure: Infrastructure) -> None:
    async with trials_service(infrastructure) as service:
        offer = {"competency": "gov", "kind": "trial", "minutes": 90, "capacity": 8, "grades": [6, 11]}
        days = [f"2020-{month}-{day:02}T10:00:00+03:00" for month in (10, 11) for day in range(1, 31)]
        slots = [{**offer, "ref": f"r{n}", "starts_at": time} for n, time in enumerate(days)]
        timetable = {"venue": VENUE, "season": "2020", "slots": slots}
        answer = await service.must("POST", "/slots/batch", timetable, **HOST)
        await service.enrol("p1", "p2")
        async with read_rows(service) as excessive:
            again = await service.must("POST", "/slots/batch", {**timetable, "slots": slots[:2]}, **HOST)
            assert [item["status"] for item in again["items"]] == ["known", "known"]
            slot = answer["items"][0]["slot"]
            booked = await service.must("POST", f"/slots/{slot}/bookings", seat("p1"), **STAFF)
            given_up = f"/bookings/{booked['booking']}?occurred_at=2020-09-30T10:00:00%2B03:00"
            await service.must("DELETE", given_up, **STAFF)
            await service.must("POST", f"/slots/{slot}/bookings", seat("p1"), **STAFF)
            taken = await service.must("POST", f"/slots/{slot}/attendance", [present("p1")], **HOST)
            revoked = {"reason": "ошибка"}
            await service.must("POST", f"/attendance/{taken['items'][0]['attendance']}/revocation", revoked, **HOST)
            await service.must("POST", "/attempts/batch", {"attempts": [attempt("p1")]}, **STAFF)
            for path in ("slots?season=2020", f"slots?season=2020&venue={VENUE}", "slots?season=2020&region=RU-ROS"):
                page = await service.must("GET", f"/{path}&limit=3")
                await service.must("GET", f"/{path}&limit=3&after={page['next']}")
            draft = {"answers": {"m1": "yes"}, "occurred_at": DATED}
            for method, body in (("PUT", draft), ("GET", None), ("DELETE", None)):
                await service.must(method, "/participants/p1/drafts/interests?season=2020", body, **STAFF)
            leave = {"season": "2020", "diagnostic": "readiness", "reason": "technical", "occurred_at": DATED}
            await service.must("POST", "/participants/p1/repeats", leave, **STAFF)
            signed = {"needs": ["assistant"], "template": "0" * 64, "register_number": "7", "occurred_at": DATED}
            for method in ("PUT", "GET", "DELETE"):
                await service.must(method, "/participants/p1/needs", signed if method == "PUT" else None, **STAFF)
            await service.must("GET", f"/slots/{slot}/needs", **HOST)
            narrow = await service.slot(starts_at="2020-10-31T14:00:00+03:00", capacity=1)
            await service.must("POST", f"/slots/{narrow}/bookings", seat("p2"), **STAFF)
            await service.must("POST", f"/slots/{narrow}/waiting", seat("p1"), **STAFF)
            for path in ("path", "bookings", "waiting"):
                await service.must("GET", f"/participants/p1/{path}?season=2020", **STAFF)
        assert excessive == []


async def test_what_is_read_among_many_has_an_index(infrastructure: Infrastructure) -> None:
    """The newest entries of the audit log, and the regions among the nation's organisations."""
    mongo = Mongo(infrastructure.mongo_url, "rows_read")
    try:
        await mongo.ensure(app.COLLECTIONS)
        newest = mongo[LOG].find({"at": {"$gte": datetime.now(UTC)}}).sort("at", -1).limit(10)
        for query in (newest, mongo["organisations"].find({"kind": "region"})):
            plan = str((await query.explain())["queryPlanner"]["winningPlan"])
            assert "COLLSCAN" not in plan
            assert "'SORT'" not in plan
    finally:
        await mongo.drop()
        mongo.close()
