"""Two entries of one pupil over HTTP: merged, either id leads to one path; parted, each has its own again."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.trials import PathErased
from tests.builders.events import PLACE, at, erased, promoted, registered
from tests.builders.merging import merged, unmerged
from tests.builders.trials import ANSWERS, RULES, VENUE, attempt, present, seat
from tests.drivers.consumers import eventually
from tests.drivers.trials import HOST, NAVIGATOR, STRANGER, Trials, problems, trials_service

MERGED_AT, PARTED_AT = at("2020-11-18"), at("2020-11-25")
OTHER_SCHOOL = {**PLACE, "school": STRANGER["org"], "school_class": "7Б"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def path_of(trials: Trials, id: str, who: Mapping[str, Any] = NAVIGATOR) -> Any:
    return await trials.must("GET", f"/participants/{id}/path?season=2020", **who)


async def enrolled(trials: Trials, name: str) -> tuple[str, str]:
    """The ids of two entries, one at each school."""
    survivor, duplicate = f"{name}-s", f"{name}-d"
    await trials.enrol(survivor)
    await trials.enrol(duplicate, **{key: OTHER_SCHOOL[key] for key in ("school", "school_class")})
    return survivor, duplicate


async def merge(trials: Trials, survivor: str, duplicate: str) -> None:
    await trials.publish(*merged(survivor, duplicate)[::-1], time=MERGED_AT)
    await _heard(trials, survivor, duplicate, merged=True)


async def part(trials: Trials, survivor: str, duplicate: str) -> None:
    await trials.publish(*unmerged(survivor, duplicate), time=PARTED_AT)
    await _heard(trials, survivor, duplicate, merged=False)


async def _heard(trials: Trials, survivor: str, duplicate: str, *, merged: bool) -> None:
    for id, other in ((survivor, duplicate), (duplicate, survivor)):
        word = {"$elemMatch": {"other": other, "merged": merged}}
        await trials.know({"_id": id, "mergings": word}, 1, PARTICIPANTS)


async def sat(trials: Trials, id: str, *diagnostics: str, **who: str) -> None:
    body = {"attempts": [attempt(id, diagnostic) for diagnostic in diagnostics]}
    answer = await trials.must("POST", "/attempts/batch", body, **who or NAVIGATOR)
    assert {item["status"] for item in answer["items"]} == {"completed"}


async def test_either_id_leads_to_the_survivor_for_the_survivor_s_school_alone(trials: Trials) -> None:
    s, d = await enrolled(trials, "either")
    await sat(trials, d, "readiness", **STRANGER)
    await merge(trials, s, d)
    paths = [await path_of(trials, id) for id in (s, d)]
    assert [(path["participant"], path["merged_into"], len(path["attempts"])) for path in paths] == [
        (s, None, 1),
        (s, s, 1),
    ]
    for id in (s, d):
        for route in (f"/participants/{id}/path?season=2020", f"/participants/{id}/bookings?season=2020"):
            assert (await trials.ask("GET", route, **STRANGER)).status == 404
        refused = await trials.ask("POST", "/attempts", attempt(id, "interests"), **STRANGER)
        assert (refused.status, refused.body["type"]) == (404, "participant-unknown")
    slot = await trials.slot()
    taken = await trials.ask("POST", f"/slots/{slot}/bookings", seat(d), **NAVIGATOR)
    assert (taken.status, taken.body["participant"], taken.body["merged_into"]) == (201, d, s)
    many = {"participants": [s, d], "occurred_at": seat(s)["occurred_at"]}
    answer = await trials.must("POST", f"/slots/{slot}/bookings/batch", many, **NAVIGATOR)
    assert [(item["status"], item.get("merged_into")) for item in answer["items"]] == [("known", None), ("known", s)]
    answer = await trials.must("POST", f"/slots/{slot}/attendance", [present(d), present(s)], **HOST)
    assert [(item["status"], item.get("merged_into")) for item in answer["items"]] == [("attended", s), ("known", None)]
    done = await trials.ask("POST", "/attempts", attempt(d, "interests"), **NAVIGATOR)
    assert (done.status, done.body["merged_into"]) == (201, s)
    page = await trials.must("GET", f"/participants/{d}/bookings?season=2020&limit=1", **NAVIGATOR)
    assert [booking["id"] for booking in page["items"]] == [taken.body["booking"]]
    assert [type for type, _ in await trials.walked(d)] == ["diagnostic.completed"]
    assert [type for type, _ in await trials.walked(s)] == ["trial.booked", "trial.attended", "diagnostic.completed"]


async def test_of_two_seats_in_one_slot_one_is_free_at_once_and_overlapping_ones_are_listed(trials: Trials) -> None:
    s, d = await enrolled(trials, "seats")
    slot = await trials.slot(starts_at="2020-12-05T14:00:00+03:00", capacity=2)
    beside = await trials.slot(starts_at="2020-12-05T15:00:00+03:00", minutes=60)
    later = await trials.slot(starts_at="2020-12-07T15:00:00+03:00")
    for place, id, who in ((slot, s, NAVIGATOR), (slot, d, STRANGER), (later, d, STRANGER)):
        await trials.must("POST", f"/slots/{place}/bookings", seat(id), **who)
    third = f"{s}-third"
    await trials.enrol(third)
    await trials.must("POST", f"/slots/{beside}/bookings", seat(third), **NAVIGATOR)
    assert (await trials.ask("POST", f"/slots/{slot}/bookings", seat("seats-x"), **NAVIGATOR)).status == 404
    await merge(trials, s, d)
    assert [await trials.seats(place) for place in (slot, later)] == [1, 1]
    assert (await trials.walked(s))[-1] == ("trial.cancelled", "2020-11-18")
    await merge(trials, s, third)
    path = await path_of(trials, s)
    live = {b["slot"]: b for b in path["bookings"] if b["cancelled"] is None}
    assert set(live) == {slot, later, beside}
    assert [live[place]["overlaps"] for place in (slot, beside, later)] == [
        [live[beside]["id"]],
        [live[slot]["id"]],
        [],
    ]
    assert await trials.seats(beside) == 1
    new = await trials.slot(starts_at="2020-12-07T16:00:00+03:00")
    refused = await trials.ask("POST", f"/slots/{new}/bookings", seat(s), **NAVIGATOR)
    assert refused.body["type"] == "time-conflict", "the duplicate's booking counts"


async def test_only_the_union_deserves_a_recommendation_and_only_while_it_lasts(trials: Trials) -> None:
    s, d = await enrolled(trials, "union")
    await sat(trials, s, "readiness")
    await sat(trials, d, "interests", **STRANGER)
    for day, id, who in (("2020-10-05", s, NAVIGATOR), ("2020-10-06", d, STRANGER)):
        slot = await trials.slot(starts_at=f"{day}T14:00:00+03:00")
        await trials.must("POST", f"/slots/{slot}/bookings", seat(id), **who)
        await trials.must("POST", f"/slots/{slot}/attendance", [present(id, day)], **HOST)
    await merge(trials, s, d)
    path = await path_of(trials, d)
    assert path["recommendation"]["time"] == path["stages"]["completed"] == "2020-10-06T15:00:00+03:00"
    assert (await trials.walked(s))[-1] == ("recommendation.issued", "2020-10-06")
    await part(trials, s, d)
    assert (await trials.walked(s))[-1] == ("recommendation.withdrawn", "2020-11-25")
    assert [(await path_of(trials, id, who))["recommendation"] for id, who in ((s, NAVIGATOR), (d, STRANGER))] == [
        None,
        None,
    ]
    assert len(await trials.walked(d)) == 3, "nothing was told of the duplicate"


async def test_parted_each_has_its_own_with_what_was_done_to_it_since(trials: Trials) -> None:
    s, d = await enrolled(trials, "apart")
    await sat(trials, d, "readiness", **STRANGER)
    kept, given_up = [await trials.slot(starts_at=f"2020-12-0{day}T14:00:00+03:00") for day in (1, 2)]
    for slot in (kept, given_up):
        await trials.must("POST", f"/slots/{slot}/bookings", seat(d), **STRANGER)
    await merge(trials, s, d)
    bookings = {b["slot"]: b["id"] for b in (await path_of(trials, s))["bookings"]}
    cancelled = f"/bookings/{bookings[given_up]}?occurred_at=2020-11-20T10:00:00%2B03:00"
    assert (await trials.ask("DELETE", cancelled, **STRANGER)).status == 404
    await trials.must("DELETE", cancelled, **NAVIGATOR)
    await sat(trials, d, "interests")
    (since,) = await trials.booked(d, "2020-12-03")
    await part(trials, s, d)
    own, other = await path_of(trials, s), await path_of(trials, d, STRANGER)
    assert [a["diagnostic"] for a in own["attempts"]] == ["interests"]
    assert [(b["slot"], b["cancelled"]) for b in own["bookings"]] == [(since, None)]
    assert [a["diagnostic"] for a in other["attempts"]] == ["readiness"]
    assert {b["slot"]: b["cancelled"] for b in other["bookings"]} == {
        kept: None,
        given_up: "2020-11-20T10:00:00+03:00",
    }
    assert other["merged_into"] is None
    assert (await trials.walked(d))[-1] == ("trial.cancelled", "2020-11-20"), "told under its own key by now"
    assert [await trials.seats(slot) for slot in (kept, given_up, since)] == [1, 0, 1]
    assert (await trials.ask("GET", f"/participants/{d}/path?season=2020", **NAVIGATOR)).status == 404


async def test_a_ref_names_the_attempts_of_both_entries(trials: Trials) -> None:
    s, d = await enrolled(trials, "refs")
    for id, answers, who in ((s, dict(ANSWERS), NAVIGATOR), (d, {**ANSWERS, "p1": "yes"}, STRANGER)):
        await trials.must("POST", "/attempts", attempt(id, ref="1", answers=answers), **who)
    await merge(trials, s, d)
    found = [
        await trials.ask("POST", "/attempts", attempt(s, ref="1", answers={**ANSWERS, "p1": option}), **NAVIGATOR)
        for option in ("partly", "yes", "no")
    ]
    assert [answer.status for answer in found] == [200, 200, 409]
    assert found[0].body["attempt"] != found[1].body["attempt"]
    assert found[2].body["type"] == "ref-reused"


async def test_the_survivor_takes_part_in_a_season_of_the_duplicate_alone(trials: Trials) -> None:
    await trials.must("PUT", "/seasons/2021", {**RULES, "name": "Сезон 2021"})
    venue = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": "2021"}
    await trials.must("PUT", f"/venues/{VENUE}", venue, role="regional-operator", org="RU-ROS")
    s, d = await enrolled(trials, "other-season")
    await trials.publish(registered(d, season="2021", **{k: OTHER_SCHOOL[k] for k in ("school", "school_class")}))
    refused = await trials.ask("POST", "/attempts", attempt(s, season="2021"), **NAVIGATOR)
    assert refused.body["type"] == "not-in-season"
    await merge(trials, s, d)
    await trials.must("POST", "/attempts", attempt(s, season="2021"), **NAVIGATOR)
    await part(trials, s, d)
    assert (await trials.ask("GET", f"/participants/{s}/path?season=2021", **NAVIGATOR)).status == 404
    await trials.publish(erased(s), time=PARTED_AT)
    await trials.know({"_id": s, "erased": True}, 1, PARTICIPANTS)
    assert await trials.mongo["attempts"].count_documents({"path": f"{s}/2021"}) == 0


async def test_an_erasure_of_both_destroys_the_answers_and_profiles_of_both(trials: Trials) -> None:
    s, d = await enrolled(trials, "erased")
    await sat(trials, d, "readiness", **STRANGER)
    (slot,) = [await trials.slot(starts_at="2020-12-15T14:00:00+03:00")]
    await trials.must("POST", f"/slots/{slot}/bookings", seat(d), **STRANGER)
    await merge(trials, s, d)
    await sat(trials, d, "interests")
    of_both = {"path": {"$in": [f"{s}/2020", f"{d}/2020"]}}
    assert await trials.mongo["attempts"].count_documents(of_both) == 2
    await trials.publish(erased(s, act="act-s"), erased(d, act="act-d"), time=PARTED_AT)
    await trials.know({"_id": {"$in": [s, d]}, "erased": True}, 2, PARTICIPANTS)
    assert await trials.mongo["attempts"].count_documents(of_both) == 0
    assert await trials.seats(slot) == 0
    for id in (s, d):
        for who in (NAVIGATOR, STRANGER):
            assert (await trials.ask("GET", f"/participants/{id}/path?season=2020", **who)).status == 404
    rows = trials.mongo["paths"].find({"participant": {"$in": [s, d]}})
    assert {("changed" in row, row["participant"]) async for row in rows} == {(False, s), (False, d)}

    async def told() -> bool:
        found = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, PathErased)]
        rows = {event.participant: event.rows["attempts"] for event in found if event.participant in (s, d)}
        return rows == {s: 1, d: 1}

    await eventually(told)


async def test_a_promotion_takes_a_pupil_to_the_next_class_as_a_move_does(trials: Trials) -> None:
    await trials.enrol("promoted")
    next_class = {**PLACE, "school_class": "8А", "grade": 8}
    await trials.publish(promoted("promoted", to=next_class), time=at("2021-09-01"))
    await trials.know({"_id": "promoted", "school_class": "8А", "grade": 8}, 1, PARTICIPANTS)
    await path_of(trials, "promoted", {"role": "navigator", "org": PLACE["school"]})


async def test_whom_the_venue_did_not_seat_it_is_told_nothing_about_under_either_id(trials: Trials) -> None:
    s, d = await enrolled(trials, "unseated")
    slot = await trials.slot()
    await merge(trials, s, d)
    answer = await trials.must("POST", f"/slots/{slot}/attendance", [present(s), present(d), present("nobody")], **HOST)
    assert problems(answer) == [("not-booked", f"/{n}/participant") for n in range(3)]
