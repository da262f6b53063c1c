"""Texts and codes over the routes of trials: a ref is one however it is sent, and no two codes look like one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.respelling import respell
from tests.builders.trials import INSTRUMENT, OFFER, RULES, VENUE, attempt, college
from tests.drivers.trials import HOST, Trials, trials_service

REFS = ["к-1 а", " к-1  а", "к-1\u00a0а\u200b", "\u3000к-1 а "]
"""One ref of a caller in four ways; another case or alphabet would be another ref."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_a_slot_and_an_attempt_are_one_by_any_spelling_of_their_ref(trials: Trials) -> None:
    await trials.enrol("spelt", school_class="7 «a»")
    narrowed = [{"role": "navigator", "org": "RU-ROS-001-S01", "classes": ["7-А"]}]
    slots, attempts = set(), set()
    for ref in REFS:
        slots.add(await trials.slot(ref=ref))
        sent = attempt("spelt", ref=ref)
        answer = await trials.request("POST", "/attempts", sent, trials.bearer("teacher", narrowed))
        assert answer.body["ref"] == REFS[0]
        attempts.add(answer.body["attempt"])
    assert (len(slots), len(attempts)) == (1, 1)
    (told,) = [e for e in await trials.published("trials.events.v1") if e.event.key == "spelt"]
    assert getattr(told.event, "school_class", None) == "7А"
    keyed = [await trials.ask("POST", "/slots", _slot(), **HOST, Idempotency_Key=f"{key}") for key in ("k 1", "k  1")]
    assert [answer.body["status"] for answer in keyed] == ["opened", "known"]


async def test_refs_of_the_release_before_are_known_in_their_form(trials: Trials) -> None:
    await trials.enrol("older")
    first, second, third = [
        await trials.slot(ref=f"older-{n}", starts_at=f"2020-10-0{n}T09:00:00+03:00") for n in (1, 2, 3)
    ]
    slots, attempts, paths = trials.mongo["slots"], trials.mongo["attempts"], trials.mongo["paths"]
    for id, ref in ((first, "  older-1"), (second, "older-3\u200b"), (third, "older-3")):
        await slots.update_one({"_id": id}, {"$set": {"ref": ref}})
    (told,) = await respell(trials.mongo, trials.settings)
    assert second in told
    assert await respell(trials.mongo, trials.settings) == [told]
    assert await trials.slot(ref=" older-1", starts_at="2020-10-01T09:00:00+03:00") == first
    assert await trials.slot(ref="older-3", starts_at="2020-10-03T09:00:00+03:00") == third
    sent = attempt("older", ref="a 1")
    done = await trials.must("POST", "/attempts", sent, role="navigator", org="RU-ROS-001-S01")
    row = await attempts.find_one({"_id": "older/2020/a 1"})
    assert row is not None
    await attempts.insert_one({**row, "_id": "older/2020/a 1 ", "ref": "a 1 "})
    await attempts.delete_one({"_id": row["_id"]})
    await paths.update_one({"_id": "older/2020"}, {"$set": {"attempts": ["a 1 "]}})
    again = await trials.must("POST", "/attempts", sent, role="navigator", org="RU-ROS-001-S01")
    assert again == {**done, "status": "known"}


@pytest.mark.parametrize(
    ("path", "code", "body", "word"),
    [
        ("/seasons/", "Running", RULES, "path:season"),
        ("/diagnostics/", "READINESS", INSTRUMENT, "path:code"),
        ("/competencies/", "Gov", {"name": "Второе"}, "path:code"),
        (
            "/venues/",
            VENUE.lower(),
            {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": "2020"},
            "path:code",
        ),
    ],
)
async def test_a_code_that_differs_by_case_alone_is_taken(
    trials: Trials, path: str, code: str, body: dict[str, Any], word: str
) -> None:
    answer = await trials.ask("PUT", path + code, body)
    assert (answer.status, answer.body["type"]) == (409, "code-taken")
    assert answer.body["errors"][0]["pointer"] == word


@pytest.mark.parametrize("path", ["/competencies/", "/diagnostics/", "/seasons/", "/venues/"])
async def test_twins_that_are_entered_at_the_same_time_are_not_both_taken(trials: Trials, path: str) -> None:
    venue = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": "2020"}
    bodies = {"/competencies/": {"name": "Н"}, "/diagnostics/": INSTRUMENT, "/seasons/": RULES, "/venues/": venue}
    for number in range(5):
        codes = (f"RU-ROS-tw{number}", f"RU-ROS-TW{number}")
        answers = await asyncio.gather(*(trials.ask("PUT", path + code, bodies[path]) for code in codes))
        assert sorted(answer.status for answer in answers) == [200, 409]


@pytest.mark.parametrize("code", ["RU-ROS-001-K02", "ru-ros-001-k02", "ru-mow-v1"])
async def test_a_venue_has_no_code_of_an_organisation_that_does_not_own_it_and_none_of_another_region(
    trials: Trials, code: str
) -> None:
    """A grant in a code is of the organisation and of the venue that have it."""
    await trials.publish(college(code="RU-ROS-001-K02"), college(code="RU-ROS-001-K03"))
    await trials.know({"_id": {"$in": ["RU-ROS-001-K02", "RU-ROS-001-K03"]}}, 2, "organisations")
    venue = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": "2020"}
    answer = await trials.ask("PUT", f"/venues/{code}", venue, role="regional-operator", org="RU-ROS")
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "path:code")
    own = {**venue, "organisation": "RU-ROS-001-K03"}
    await trials.must("PUT", "/venues/RU-ROS-001-K03", own, role="regional-operator", org="RU-ROS")


@pytest.mark.parametrize("code", ["gоv", "gov ", "go v", "gov.", "gov\u200b", "ｇov", "-gov"])
async def test_a_code_of_other_characters_is_refused_where_it_is_defined_and_where_it_is_sought(
    trials: Trials, code: str
) -> None:
    defined = await trials.ask("PUT", f"/competencies/{quote(code)}", {"name": "Н"})
    sought = await trials.ask("GET", f"/slots?season={quote(code)}")
    assert [answer.status for answer in (defined, sought)] == [422, 422]
    assert [answer.body["errors"][0]["pointer"] for answer in (defined, sought)] == ["path:code", "query:season"]


@pytest.mark.parametrize("name", ["\u200b", "Колл\x00едж", "Ко\nлледж", "\u202e", ""])
async def test_a_title_that_is_no_text_is_refused(trials: Trials, name: str) -> None:
    for path, body in (
        ("/competencies/new", {"name": name}),
        ("/seasons/2031", {**RULES, "name": name}),
        ("/diagnostics/new", {**INSTRUMENT, "method": name}),
    ):
        answer = await trials.ask("PUT", path, body)
        assert (answer.status, answer.body["errors"][0]["pointer"]) in [(422, "/name"), (422, "/method")]


def _slot() -> dict[str, Any]:
    return {**OFFER, "venue": VENUE, "season": "2020", "starts_at": "2020-10-09T14:00:00+03:00"}
