"""A school records a lesson of a class in one call; said again, it changes nothing, and what was wrong goes back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.organisations import OrganisationDefined
from tests.builders.events import PLACE, merged, municipality
from tests.drivers.trials import NAVIGATOR, STRANGER, Trials, problems, trials_service

LESSON = {"ref": "lesson-1", "season": "2020", "school": PLACE["school"], "theme": "4"}
HELD = {**LESSON, "class": "7А", "occurred_at": "2020-09-21T08:30:00+03:00"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        lies = {"parent": "RU-ROS-001", "region": "RU-ROS", "municipality": "RU-ROS-001", "utc_offset": "+03:00"}
        school = OrganisationDefined(code=PLACE["school"], kind="school", name="Школа", **lies)
        await running.publish(municipality(), school)
        await running.know({"_id": PLACE["school"]}, 1, "organisations")
        yield running


def statuses(answer: Any) -> dict[str, str]:
    return {item["participant"]: item["status"] for item in answer["items"]}


async def test_a_class_is_in_a_lesson_but_for_those_who_were_absent(trials: Trials) -> None:
    await trials.enrol("c1", "c2", "ill")
    await trials.enrol("silent", consent=False)
    await trials.enrol("other", school_class="7Б")
    body = {**HELD, "absent": ["ill"]}
    for who, status in ((STRANGER, 403), ({**NAVIGATOR, "role": "venue"}, 403)):
        assert (await trials.ask("POST", "/lessons", body, **who)).status == status
    first = await trials.must("POST", "/lessons", body, **NAVIGATOR)
    assert statuses(first) == {"c1": "attended", "c2": "attended", "silent": "rejected"}
    again = await trials.must("POST", "/lessons", {**body, "class": "7 «а»"}, **NAVIGATOR)
    assert statuses(again) == {"c1": "known", "c2": "known", "silent": "rejected"}
    assert again["lesson"] == first["lesson"]
    named = {**LESSON, "participants": ["ill", "other", "c1", 7], "occurred_at": HELD["occurred_at"]}
    late = await trials.must("POST", "/lessons", named, **NAVIGATOR)
    assert [item["status"] for item in late["items"]] == ["attended", "attended", "known", "rejected"]
    assert problems(late)[3] == ("bad-input", "/participants/3")

    path = await trials.must("GET", "/participants/c1/path?season=2020", **NAVIGATOR)
    (lesson,) = path["lessons"]
    assert (lesson["lesson"], lesson["theme"], lesson["school_class"]) == (first["lesson"], "4", "7А")
    assert path["stages"]["participated"] == "2020-09-21T08:30:00+03:00"
    assert path["stages"]["attended"] is None


async def test_what_no_lesson_is_is_refused_and_named(trials: Trials) -> None:
    for changed, pointer in (
        ({"absent": ["nobody"]}, "/absent"),
        ({"class": "9Я"}, "/class"),
        ({"school": "RU-ROS-001-S99"}, "/school"),
        ({"season": "1999"}, "/season"),
        ({"participants": ["c1"]}, ""),
    ):
        refused = await trials.ask("POST", "/lessons", {**HELD, "ref": "wrong", **changed}, **NAVIGATOR)
        assert refused.status == 422, refused
        assert refused.body["errors"][0]["pointer"] == pointer
    other = await trials.must("POST", "/lessons", {**HELD, "theme": "5"}, **NAVIGATOR)
    assert {problem and problem[0] for problem in problems(other)} == {"ref-reused", "consent-missing"}


async def test_a_lesson_goes_back_for_one_or_for_all(trials: Trials) -> None:
    await trials.enrol("r1", "r2", "r3", school_class="8В", grade=8)
    of = await trials.must("POST", "/lessons", {**HELD, "ref": "back", "class": "8В"}, **NAVIGATOR)
    path, why = f"/lessons/{of['lesson']}/revocation", {"reason": "Не было урока"}
    assert (await trials.ask("POST", path, why, **STRANGER)).status == 404
    assert (await trials.ask("POST", "/lessons/none/revocation", why, **NAVIGATOR)).status == 404
    one = await trials.must("POST", path, {**why, "participants": ["r1", "c1"]}, **NAVIGATOR)
    assert [item["status"] for item in one["items"]] == ["revoked", "rejected"]
    assert problems(one)[1] == ("participant-unknown", "/participants/1")
    rest = await trials.must("POST", path, why, **NAVIGATOR)
    assert statuses(rest) == {"r1": "known", "r2": "revoked", "r3": "revoked"}
    shown = await trials.must("GET", "/participants/r2/path?season=2020", **NAVIGATOR)
    assert shown["stages"]["participated"] is None
    assert shown["lessons"][0]["reason"] == "Не было урока"
    anew = await trials.must("POST", "/lessons", {**HELD, "ref": "back", "class": "8В"}, **NAVIGATOR)
    assert set(statuses(anew).values()) == {"attended"}, "it was held after all"
    await trials.know({}, 0, "outbox")
    told = [type_ for type_, _ in await trials.walked("r2")]
    assert told == ["lesson.attended", "lesson.revoked", "lesson.attended"]


async def test_two_entries_of_one_pupil_are_in_a_lesson_once(trials: Trials) -> None:
    await trials.enrol("m1", "m2", school_class="9Г", grade=9)
    await trials.publish(merged("m1", "m2"), merged("m2", "m1", "duplicate"))
    for id in ("m1", "m2"):
        await trials.know({"_id": id, "mergings.merged": True}, 1, "participants_2")
    both = await trials.must("POST", "/lessons", {**HELD, "ref": "twice", "class": "9Г"}, **NAVIGATOR)
    assert statuses(both) == {"m1": "attended"}
    named = {**LESSON, "ref": "twice", "participants": ["m2"]}
    (known,) = (await trials.must("POST", "/lessons", named, **NAVIGATOR))["items"]
    assert (known["status"], known["merged_into"]) == ("known", "m1")
