"""A mentor marks what a pupil did, the pupil says how it was, and each reads what is for it alone."""

from collections.abc import AsyncIterator, Mapping

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.event import Event
from shared.contracts.feedback import FeedbackGiven
from tests.builders.events import erased
from tests.builders.merging import merged
from tests.builders.trials import PROGRAMME, present, seat
from tests.drivers.trials import HOST, NAVIGATOR, STRANGER, Trials, trials_service

DAY = "2020-10-05"
GUARDIAN: Mapping[str, str] = {"role": "guardian", "org": "mother"}
OPERATOR: Mapping[str, str] = {"role": "regional-operator", "org": "RU-ROS"}
MARKS = {"marks": {"order": 5, "idea": 4}, "occurred_at": f"{DAY}T17:00:00+03:00"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        await running.must("PUT", "/programmes/state", dict(PROGRAMME), **HOST)
        yield running


async def slot(trials: Trials, day: str = DAY) -> str:
    return await trials.slot(starts_at=f"{day}T14:00:00+03:00", grades=[8, 10], programme="state")


async def attended(trials: Trials, slot: str, *pupils: str, day: str = DAY) -> list[str]:
    """The attendances of these pupils, who were seated in the slot."""
    found = []
    for pupil in pupils:
        await trials.must("POST", f"/slots/{slot}/bookings", seat(pupil), **NAVIGATOR)
        here = await trials.must("POST", f"/slots/{slot}/attendance", [present(pupil, day)], **HOST)
        found.append(str(here["items"][0]["attendance"]))
    return found


async def said(trials: Trials, attendance: str) -> list[FeedbackGiven]:
    await trials.know({}, 0, "outbox")
    events: list[Event] = [one.event for one in await trials.published("trials.events.v1")]
    return [one for one in events if isinstance(one, FeedbackGiven) and one.attendance == attendance]


async def test_a_mentor_marks_by_the_criteria_of_the_programme(trials: Trials) -> None:
    await trials.enrol("m1", grade=9)
    (attendance,) = await attended(trials, await slot(trials), "m1")
    path = f"/attendance/{attendance}/feedback"
    for who, status in (
        ({"role": "mentor", "org": "RU-ROS-001-V77"}, 404),
        (NAVIGATOR, 403),
        ({"role": "pupil", "org": "m1"}, 403),
    ):
        assert (await trials.ask("PUT", path, MARKS, **who)).status == status
    wrong = await trials.ask("PUT", path, {"marks": {"speed": 5}}, **HOST)
    assert (wrong.status, wrong.body["errors"][0]["pointer"]) == (422, "/marks/speed")
    for _ in range(2):
        given = await trials.must("PUT", path, MARKS, role="mentor", org=HOST["org"])
        assert given["feedback"]["revision"] == 1
    await trials.must("PUT", path, {"marks": {"order": 3}}, **HOST)
    assert [(one.giver, one.revision, one.marks) for one in await said(trials, attendance)] == [
        ("mentor", 1, {"order": 5, "idea": 4}),
        ("mentor", 2, {"order": 3}),
    ]
    shown = await trials.must("GET", "/participants/m1/path?season=2020", **NAVIGATOR)
    assert shown["attendances"][0]["feedback"]["marks"] == {"order": 3}
    why = {"reason": "Не тот список"}
    await trials.must("POST", f"/attendance/{attendance}/revocation", why, **HOST)
    assert (await trials.ask("PUT", path, MARKS, **HOST)).body["type"] == "attendance-revoked"
    shown = await trials.must("GET", "/participants/m1/path?season=2020", **NAVIGATOR)
    assert shown["attendances"][0]["feedback"] is None

    bare = await trials.slot(starts_at="2020-10-06T14:00:00+03:00")
    (other,) = await attended(trials, bare, "m1", day="2020-10-06")
    refused = await trials.ask("PUT", f"/attendance/{other}/feedback", {"marks": {"order": 1}}, **HOST)
    assert refused.body["type"] == "criteria-missing"


async def test_words_of_a_pupil_are_told_by_no_event_and_read_without_a_name_from_five_on(trials: Trials) -> None:
    pupils = [f"r{n}" for n in range(6)]
    await trials.enrol(*pupils, grade=9)
    held = await slot(trials, "2020-10-12")
    there = await attended(trials, held, *pupils, day="2020-10-12")
    for pupil, attendance in zip(pupils[:4], there, strict=False):
        await trials.link(pupil, "mother")
        review = {"stars": 5, "words": f"Понравилось {pupil}"}
        for _ in range(2):
            given = await trials.must("PUT", f"/attendance/{attendance}/review", review, **GUARDIAN)
            assert (given["stars"], given["revision"], given["words"]) == (5, 1, review["words"])
    for who, status in ((STRANGER, 403), ({"role": "guardian", "org": "other"}, 404)):
        assert (await trials.ask("GET", f"/attendance/{there[0]}/review", **who)).status == status
    assert (await trials.must("GET", f"/attendance/{there[0]}/review", **GUARDIAN))["words"] == "Понравилось r0"
    few = await trials.must("GET", f"/slots/{held}/reviews", **HOST)
    assert few == {"slot": held, "givers": 4, "average": None, "words": []}

    await trials.link("r4", "mother")
    await trials.must("PUT", f"/attendance/{there[4]}/review", {"stars": 2}, **GUARDIAN)
    enough = await trials.must("GET", f"/slots/{held}/reviews", **HOST)
    assert (enough["givers"], enough["average"]) == (5, 4.4)
    assert enough["words"] == [f"Понравилось r{n}" for n in range(4)]
    above = await trials.must("GET", f"/slots/{held}/reviews", **OPERATOR)
    assert (above["average"], above["words"]) == (4.4, [])
    by: list[tuple[Mapping[str, str], int | None]] = [(NAVIGATOR, None), (GUARDIAN, 5)]
    for reader, stars in by:
        path = await trials.must("GET", "/participants/r0/path?season=2020", **reader)
        review_shown = path["attendances"][0]["review"]
        assert (review_shown and review_shown["stars"]) == stars
    (told,) = await said(trials, there[0])
    assert (told.giver, told.stars, told.marks, told.revision) == ("pupil", 5, None, 1)

    await trials.must("PUT", f"/attendance/{there[1]}/review", {"stars": 5}, **GUARDIAN)
    await trials.know({"_id": there[1]}, 0, "reviews")
    await trials.publish(erased("r0"))
    await trials.know({"_id": there[0]}, 0, "reviews")


async def test_a_venue_its_region_and_the_nation_read_the_mean_of_its_stars(trials: Trials) -> None:
    pupils = [f"v{n}" for n in range(5)]
    await trials.enrol(*pupils, grade=9)
    held = await slot(trials, "2020-10-19")
    for pupil, attendance in zip(pupils, await attended(trials, held, *pupils, day="2020-10-19"), strict=True):
        await trials.link(pupil, "mother")
        await trials.must("PUT", f"/attendance/{attendance}/review", {"stars": 3}, **GUARDIAN)
    (known,) = (await trials.must("GET", f"/slots?season=2020&venue={HOST['org']}&limit=1", **HOST))["items"]
    path = f"/reviews?season=2020&venue={known['venue']}"
    for reader in (HOST, OPERATOR, {}):
        (own,) = (await trials.must("GET", path, **reader))["items"]
        (programme,) = [one for one in own["programmes"] if one["programme"] == "state"]
        assert programme["givers"] >= 5
        assert 1 <= programme["average"] <= own["average"] <= 5
    other = {"role": "venue", "org": "RU-ROS-001-V77"}
    assert (await trials.must("GET", path, **other))["items"] == []
    assert (await trials.must("GET", path, role="regional-operator", org="RU-DON"))["items"] == []
    assert (await trials.ask("GET", path, **NAVIGATOR)).status == 403
    (none,) = (await trials.must("GET", path.replace("2020", "2031"), **HOST))["items"]
    assert (none["givers"], none["average"], none["programmes"]) == (0, None, [])


async def test_what_is_said_of_a_duplicate_s_attendance_stands_with_the_duplicate(trials: Trials) -> None:
    await trials.enrol("left", "right", grade=9)
    (attendance,) = await attended(trials, await slot(trials, "2020-10-19"), "right", day="2020-10-19")
    await trials.publish(*merged("left", "right"))
    await trials.know({"_id": {"$in": ["left", "right"]}, "mergings.merged": True}, 2, PARTICIPANTS)
    await trials.link("left", "mother")
    await trials.must("PUT", f"/attendance/{attendance}/feedback", {"marks": {"idea": 5}}, **HOST)
    await trials.must("PUT", f"/attendance/{attendance}/review", {"stars": 4, "words": "Ещё!"}, **GUARDIAN)
    assert {(one.participant, one.giver) for one in await said(trials, attendance)} == {
        ("left", "mentor"),
        ("left", "pupil"),
    }
    await trials.know(
        {"_id": "right/2020", "attendances.feedback.marks.idea": 5, "corrections.kind": "marked"}, 1, "paths"
    )
    await trials.know({"_id": attendance, "path": "right/2020"}, 1, "reviews")
