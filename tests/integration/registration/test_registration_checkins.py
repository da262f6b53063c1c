"""Names for a venue's door over HTTP on real Kafka and MongoDB: of its own slots, near their time, and nothing more."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.timetables import SlotMoved
from shared.contracts.trials import SlotOpened
from shared.contracts.venues import VenueRegistered
from tests.builders.events import at, attended, booked, cancelled, enveloped
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.consumers import publish
from tests.drivers.files import file
from tests.drivers.registration import NAVIGATOR, REGIONAL, Registration, registration

VENUE, OWNER, OTHER = "V1", "RU-ROS-001-C01", "V2"
HOST, MENTOR = {"role": "venue", "org": VENUE}, {"role": "mentor", "org": OWNER}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        for code in (VENUE, OTHER):
            venue = VenueRegistered(
                venue=code,
                organisation=OWNER if code == VENUE else "RU-ROS-001-C02",
                name="Колледж",
                registry="regional",
                season="2020",
                region="RU-ROS",
                municipality="RU-ROS-001",
            )
            await publish(service.settings, enveloped(venue))
        await service.know({}, 2, "venues")
        yield service


async def opened(running: Registration, slot: str, starts: timedelta) -> None:
    """A slot of an hour that begins so long after now."""
    event = SlotOpened(
        slot=slot,
        venue=VENUE,
        season="2020",
        region="RU-ROS",
        competency="gov",
        kind="trial",
        starts_at=datetime.now(UTC) + starts,
        minutes=60,
        capacity=8,
        grades=(6, 11),
    )
    await publish(running.settings, enveloped(event))
    await running.know({"_id": slot}, 1, "slots")


async def expected(running: Registration, slot: str, by: Any = HOST, query: str = "") -> tuple[int, dict[str, Any]]:
    return await running.call("GET", f"/slots/{slot}/participants{query}", grants=[by])


async def test_a_venue_learns_the_names_of_those_who_have_a_seat_and_nothing_else(running: Registration) -> None:
    lines = [pupil("ci-1", name="Ягодин Яков"), pupil("ci-2", name="Ёжиков Артём"), pupil("ci-3")]
    first, second, gone = [item["participant"] for item in await running.enter(*lines)]
    await opened(running, "near", timedelta(hours=3))
    sent = [booked(first, "near"), booked(second, "near"), booked(second, "else"), booked(gone, "near")]
    await publish(running.settings, *(enveloped(event, n) for n, event in enumerate(sent, 1)))
    await publish(running.settings, enveloped(cancelled(gone, "near"), 9), enveloped(cancelled(second, "else"), 9))
    await running.know({"cancelled": {"$size": 1}}, 2, "steps")
    named = [{"participant": second, "name": "Ёжиков Артём"}, {"participant": first, "name": "Ягодин Яков"}]
    for by in (HOST, MENTOR):
        assert await expected(running, "near", by) == (200, {"items": named, "next": None})
    seen: list[Any] = []
    after: str | None = ""
    while after is not None:
        _, page = await expected(running, "near", HOST, f"?limit=1&after={after}")
        seen += page["items"]
        after = page["next"]
    assert sorted(seen, key=lambda item: item["name"]) == named
    reading = {"participants": first, "route": "GET /registration/slots/{slot}/participants", "roles": ["mentor"]}
    await running.know(reading, 1, "audit_log")


async def test_a_seat_that_was_given_up_and_taken_again_is_one(running: Registration) -> None:
    (item,) = await running.enter(pupil("ci-4"))
    id = item["participant"]
    await opened(running, "again", timedelta(hours=1))
    sent = [booked(id, "again", booking="b1"), cancelled(id, "again", booking="b1"), booked(id, "again", booking="b2")]
    await publish(running.settings, *(enveloped(event, n) for n, event in reversed(list(enumerate(sent, 1)))))
    await running.know({"_id": f"{id}/2020", "booked": {"$size": 2}, "cancelled": {"$size": 1}}, 1, "steps")
    _, page = await expected(running, "again")
    assert [named["participant"] for named in page["items"]] == [id]


async def test_names_are_shown_from_two_days_before_until_a_day_after(running: Registration) -> None:
    for slot, starts, status in (
        ("soon", timedelta(days=2) - timedelta(minutes=5), 200),
        ("later", timedelta(days=2, minutes=5), 409),
        ("held", -timedelta(days=1, minutes=55), 200),
        ("over", -timedelta(days=1, minutes=65), 409),
    ):
        await opened(running, slot, starts)
        got, answer = await expected(running, slot)
        assert (got, answer.get("type")) == (status, None if status == 200 else "slot-not-near"), slot


async def test_names_are_shown_around_the_day_to_which_a_slot_was_moved(running: Registration) -> None:
    await opened(running, "goes", timedelta(days=9))
    assert (await expected(running, "goes"))[1]["type"] == "slot-not-near"
    place = {"slot": "goes", "venue": VENUE, "season": "2020", "region": "RU-ROS"}
    before, now = datetime.now(UTC) + timedelta(days=9), datetime.now(UTC) + timedelta(hours=3)
    moved = SlotMoved(**place, starts_at=now, minutes=60, from_starts_at=before, from_minutes=60)
    await publish(running.settings, enveloped(moved, 2))
    await running.know({"_id": "goes", "starts": {"$lt": before - timedelta(days=1)}}, 1, "slots")
    assert (await expected(running, "goes"))[0] == 200


async def test_nobody_else_is_told_a_name(running: Registration) -> None:
    (item,) = await running.enter(pupil("ci-5"))
    await opened(running, "ours", timedelta(hours=1))
    await publish(running.settings, enveloped(booked(item["participant"], "ours")))
    await running.know({"booked.slot": "ours"}, 1, "steps")
    for by, status in (
        ({"role": "venue", "org": OTHER}, 404),
        ({"role": "mentor", "org": OTHER}, 404),
        ({"role": "venue", "org": "RU-ROS-001"}, 404),
        (NAVIGATOR, 403),
        (REGIONAL, 403),
        ({"role": "guardian"}, 403),
    ):
        assert (await expected(running, "ours", by))[0] == status, by
    assert (await expected(running, "no-slot"))[0] == 404
    operator = {"role": "municipal-operator", "org": "RU-ROS-001"}
    assert (await running.call("DELETE", f"/participants/{item['participant']}", grants=[operator]))[0] == 200
    assert await expected(running, "ours") == (200, {"items": [], "next": None})
    late = enveloped(booked(item["participant"], "ours", booking="late"), 2)
    await publish(running.settings, late)
    (other,) = await running.enter(pupil("ci-6"))
    await publish(running.settings, enveloped(booked(other["participant"], "ours")))
    await running.know({"booked.slot": "ours"}, 1, "steps")
    _, page = await expected(running, "ours")
    assert [named["participant"] for named in page["items"]] == [other["participant"]]


async def test_the_seats_of_a_slot_are_found_by_index(running: Registration) -> None:
    plan = str(await running.mongo["steps"].find({"booked.slot": "near"}).explain())
    assert "IXSCAN" in plan.split("rejectedPlans")[0]


async def test_two_entries_of_one_pupil_are_one_name_and_one_row_of_every_file(running: Registration) -> None:
    first, second = await running.enter(
        pupil("ci-7", name="Двойнов Ян"), pupil("ci-8", name="Двойнов Ян", namesake=True)
    )
    survivor, duplicate = first["participant"], second["participant"]
    await opened(running, "twice", timedelta(hours=1))
    await publish(running.settings, enveloped(booked(survivor, "twice")), enveloped(booked(duplicate, "twice")))
    await publish(running.settings, enveloped(attended(duplicate, "before"), 2, at("2020-10-05")))
    await running.know({"booked.slot": "twice"}, 2, "steps")
    await running.know({"_id": f"{duplicate}/2020", "attended": {"$size": 1}}, 1, "steps")
    body = {"survivor": survivor, "duplicate": duplicate}
    assert (await running.call("POST", "/merges", body, grants=[REGIONAL]))[0] == 200
    named = [{"participant": survivor, "name": "Двойнов Ян"}]
    assert await expected(running, "twice") == (200, {"items": named, "next": None})
    for path in ("class-form?season=2020&class=7А", "summary?year=2020"):
        got = await file(running, f"/schools/{SCHOOL.id}/{path}", [NAVIGATOR])
        (row,) = [row for row in got.rows() if row["Фамилия, имя, отчество"] == "Двойнов Ян"]
        assert row.get("Проб", row.get("Проб, профессиональных и партнёрских")) == 1
