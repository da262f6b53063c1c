"""Reads of trials' catalogue over HTTP: everyone with a token sees it, by pages, with names beside codes and tags."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.domain.catalogue.wording import VERSIONS
from shared.contracts.trials import SlotOpened
from tests.builders.cursors import WRONG
from tests.builders.events import municipality, region
from tests.builders.instruments import WORDED, said
from tests.builders.trials import ANSWERS, INSTRUMENT, RULES, VENUE, college
from tests.drivers.trials import Trials, trials_service

ANYONE = {"role": "pupil", "org": "nobody-s-pupil"}
OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}
DON = {"role": "regional-operator", "org": "RU-DON"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        await running.publish(municipality(), region("RU-DON"), college("RU-DON-V"))
        other = college("RU-DON-V").model_copy(update={"region": "RU-DON", "municipality": "RU-DON-001"})
        await running.publish(other)
        await running.know({"name": {"$ne": None}}, 5, "organisations")
        await running.know({"_id": "RU-DON-V", "region": "RU-DON"}, 1, "organisations")
        await running.must("PUT", "/seasons/2021", {**RULES, "name": "Сезон 2021", "diagnostics": ["planned"]})
        for code, season in (("RU-DON-V1", "2020"), ("RU-DON-V2", "2021")):
            entry = {"organisation": "RU-DON-V", "name": code, "registry": "federal", "season": season}
            await running.must("PUT", f"/venues/{code}", entry, **DON)
        yield running


async def pages(trials: Trials, path: str, limit: int = 2) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    seen: list[dict[str, Any]] = []
    joined = f"{path}{'&' if '?' in path else '?'}limit={limit}"
    after = ""
    while after is not None:
        page = await trials.must("GET", f"{joined}&after={after}", **ANYONE)
        assert len(page["items"]) <= limit
        seen += page["items"]
        after = page["next"]
    return seen


async def test_seasons_say_their_rules_and_the_names_of_their_diagnostics(trials: Trials) -> None:
    listed = await pages(trials, "/seasons", 1)
    assert [season["season"] for season in listed] == ["2020", "2021", "running"]
    season = await trials.must("GET", "/seasons/2020", **ANYONE)
    assert season == listed[0]
    assert {name: season[name] for name in ("opens", "closes", "grades")} == {
        name: RULES[name] for name in ("opens", "closes", "grades")
    }
    assert season["diagnostic_names"] == {"readiness": "Готовность", "interests": "Готовность"}
    assert listed[1]["diagnostic_names"] == {"planned": None}


async def test_a_diagnostic_is_read_with_all_that_answering_it_needs(trials: Trials) -> None:
    listed = await pages(trials, "/diagnostics", 1)
    assert [entry["code"] for entry in listed] == ["interests", "readiness"]
    assert (listed[0]["name"], listed[0]["scales"], listed[0]["items"]) == ("Готовность", 2, 3)
    whole = await trials.must("GET", "/diagnostics/readiness", **ANYONE)
    assert (whole["code"], whole["used"]) == ("readiness", False)
    assert [option["code"] for option in whole["options"]] == ["no", "partly", "yes"]
    assert [item["code"] for item in whole["items"]] == [item["code"] for item in INSTRUMENT["items"]]
    assert not [part for part in (*whole["options"], *whole["items"]) if {"points", "reversed", "right"} & part.keys()]
    authored = await trials.must("GET", "/diagnostics/readiness")
    assert [option["points"] for option in authored["options"]] == [0, 1, 2]
    assert [item["reversed"] for item in authored["items"]] == [False, True, False]


async def test_an_instrument_s_words_are_shown_in_the_version_for_a_grade(trials: Trials) -> None:
    await trials.must("PUT", "/diagnostics/worded", WORDED)
    for asked, shown in (("?grade=9", ["8-9"]), ("?version=pictures", ["pictures"]), ("", list(VERSIONS))):
        page = await trials.must("GET", f"/diagnostics/worded{asked}", **ANYONE)
        assert [list(item["texts"]) for item in page["items"]] == [shown] * 3
    assert (page["name"], page["names"], page["minutes"]) == (said("Интересы")["ru"], said("Интересы"), 20)
    assert page["scales"][0]["for_guardian"] == said("О ребёнке")
    assert [option["text"] for option in page["options"]] == [said(word) for word in ("Нет", "Отчасти", "Да")]
    none = await trials.ask("GET", "/diagnostics/readiness?version=8-9", **ANYONE)
    assert (none.status, none.body["errors"][0]["pointer"]) == (422, "query:version")
    both = await trials.ask("GET", "/diagnostics/worded?version=8-9&grade=8", **ANYONE)
    assert (both.status, both.body["errors"][0]["pointer"]) == (422, "query:grade")


async def test_competencies_are_listed_and_read(trials: Trials) -> None:
    listed = await pages(trials, "/competencies", 1)
    assert listed == [{"code": code, "name": code} for code in ("games", "gov")]
    assert await trials.must("GET", "/competencies/gov", **ANYONE) == {"code": "gov", "name": "gov"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["RU-DON-V1", "RU-DON-V2", VENUE]),
        ("?region=RU-DON", ["RU-DON-V1", "RU-DON-V2"]),
        ("?season=2021", ["RU-DON-V2"]),
        ("?season=2020&region=RU-DON", ["RU-DON-V1"]),
        ("?municipality=RU-ROS-001", [VENUE]),
        ("?organisation=RU-DON-V", ["RU-DON-V1", "RU-DON-V2"]),
        ("?region=RU-XXX", []),
    ],
)
async def test_venues_are_listed_by_season_place_and_owner(trials: Trials, asked: str, found: list[str]) -> None:
    assert [venue["venue"] for venue in await pages(trials, f"/venues{asked}", 2)] == found


async def test_a_venue_is_read_with_the_names_of_where_it_belongs(trials: Trials) -> None:
    venue = await trials.must("GET", f"/venues/{VENUE}", **ANYONE)
    names = ("organisation_name", "region_name", "municipality_name", "season_names")
    assert {name: venue[name] for name in names} == {
        "organisation_name": "Колледж",
        "region_name": "Ростовская область",
        "municipality_name": "Аксайский район",
        "season_names": {"2020": "Сезон 2020", "running": "Сезон 2020"},
    }
    elsewhere = await trials.must("GET", "/venues/RU-DON-V1", **ANYONE)
    assert elsewhere["municipality_name"] is None


async def test_slots_are_read_with_names_and_by_region(trials: Trials) -> None:
    id = await trials.slot()
    assert (await trials.published("trials.catalogue.v1"))[-1].event.type == SlotOpened.type
    slot = await trials.must("GET", f"/slots/{id}", **ANYONE)
    assert (slot["slot"], slot["open_seats"], slot["venue_name"], slot["competency_name"]) == (id, 8, "Колледж", "gov")
    assert (slot["season_name"], slot["region_name"]) == ("Сезон 2020", "Ростовская область")
    assert slot in await pages(trials, "/slots?season=2020&region=RU-ROS&competency=gov")
    assert await pages(trials, "/slots?season=2020&region=RU-DON") == []


@pytest.mark.parametrize("path", ["seasons/1999", "diagnostics/x", "competencies/x", "venues/x", "slots/x"])
async def test_what_the_catalogue_has_not_is_named_in_the_address(trials: Trials, path: str) -> None:
    missing = await trials.ask("GET", f"/{path}", **ANYONE)
    parameter = "path:id" if path.startswith("slots") else "path:code"
    assert (missing.status, [error["pointer"] for error in missing.body["errors"]]) == (404, [parameter])


async def test_a_cursor_of_one_list_is_refused_by_every_other(trials: Trials) -> None:
    await trials.slot()
    await trials.slot(starts_at="2020-10-08T14:00:00+03:00")
    lists = ["seasons", "diagnostics", "competencies", "venues", "venues?region=RU-DON", "slots?season=2020"]
    paths = [f"/{name}{'&' if '?' in name else '?'}limit=1" for name in lists]
    cursors = {path: (await trials.must("GET", path, **ANYONE))["next"] for path in paths}
    for path in paths:
        for own, cursor in cursors.items():
            answer = await trials.ask("GET", f"{path}&after={cursor}", **ANYONE)
            if path == own:
                assert answer.status == 200
            else:
                assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "query:after")


async def test_whatever_stands_for_a_cursor_is_refused_by_name(trials: Trials) -> None:
    await trials.enrol("forger")
    mine = {"role": "navigator", "org": "RU-ROS-001-S01"}
    for path in ("/seasons?", "/diagnostics?", "/competencies?", "/venues?", "/slots?season=2020&"):
        for after in WRONG:
            answer = await trials.ask("GET", f"{path}after={quote(after)}", **ANYONE)
            assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "query:after"), after[:40]
    for after in WRONG:
        bookings = f"/participants/forger/bookings?season=2020&after={quote(after)}"
        answer = await trials.ask("GET", bookings, **mine)
        assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "query:after"), after[:40]


async def test_who_has_a_page_already_is_told_so_until_it_changes(trials: Trials) -> None:
    url, headers = f"{trials.base}/trials/competencies", trials.bearer("anyone", [{"role": "guardian"}])
    async with trials.http.get(url, headers=headers) as answer:
        tag = answer.headers["ETag"]
        assert answer.headers["Cache-Control"] == "private, no-cache"
    for known, status in ((tag, 304), (f'"x", W/{tag}', 304), ("*", 304), (tag.strip('"'), 200)):
        async with trials.http.get(url, headers={**headers, "If-None-Match": known}) as answer:
            assert (answer.status, answer.headers["ETag"]) == (status, tag)
            assert answer.headers["Cache-Control"] == "private, no-cache"
    await trials.must("PUT", "/competencies/zoo", {"name": "Зоология"})
    async with trials.http.get(url, headers={**headers, "If-None-Match": tag}) as answer:
        assert answer.status == 200
        assert answer.headers["ETag"] != tag


async def test_without_a_token_nothing_is_read(trials: Trials) -> None:
    for path in ("seasons", "diagnostics", "competencies", "venues", "slots?season=2020", "seasons/2020"):
        async with trials.http.get(f"{trials.base}/trials/{path}") as answer:
            assert answer.status == 401


async def test_a_pupil_s_bookings_are_read_by_pages_with_names_by_those_who_may(trials: Trials) -> None:
    navigator = {"role": "navigator", "org": "RU-ROS-001-S01"}
    await trials.enrol("reader", "other")
    await trials.link("reader", "reader-s-mother")
    booked = []
    for day in (7, 5, 6):
        slot = await trials.slot(starts_at=f"2020-10-0{day}T09:00:00+03:00")
        seat = {"participant": "reader", "occurred_at": "2020-09-20T10:00:00+03:00"}
        booked.append((await trials.must("POST", f"/slots/{slot}/bookings", seat, **navigator))["booking"])
        if day == 5:
            present = {"participant": "reader", "source": "qr", "occurred_at": "2020-10-05T10:00:00+03:00"}
            said = await trials.must("POST", f"/slots/{slot}/attendance", [present], role="venue", org=VENUE)
    await trials.must("DELETE", f"/bookings/{booked[2]}?occurred_at=2020-09-21T10:00:00%2B03:00", **navigator)
    path, mother = "/participants/reader/bookings?season=2020", {"role": "guardian", "org": "reader-s-mother"}
    first = await trials.must("GET", f"{path}&limit=2", **mother)
    rest = await trials.must("GET", f"{path}&limit=2&after={first['next']}", **mother)
    found = [*first["items"], *rest["items"]]
    assert ([booking["id"] for booking in found], rest["next"]) == ([booked[1], booked[2], booked[0]], None)
    assert [booking["cancelled"] is None for booking in found] == [True, False, True]
    assert [booking["attendance"] for booking in found] == [said["items"][0]["attendance"], None, None]
    assert {(booking["venue_name"], booking["competency_name"]) for booking in found} == {("Колледж", "gov")}
    whole = await trials.must("GET", "/participants/reader/path?season=2020", **mother)
    assert whole["season_name"] == "Сезон 2020"
    assert [booking["id"] for booking in whole["bookings"]] == booked
    assert [attended["competency_name"] for attended in whole["attendances"]] == ["gov"]
    strangers: list[dict[str, str]] = [
        {"role": "guardian", "org": "nobody"},
        {"role": "pupil", "org": "reader-s-mother"},
        {"role": "navigator", "org": "RU-ROS-001-S02"},
    ]
    for stranger in strangers:
        assert (await trials.ask("GET", path, **stranger)).status == 404
    assert (await trials.ask("GET", "/participants/other/bookings?season=2020", **mother)).status == 404
    other = await trials.ask("GET", f"/participants/other/bookings?season=2020&after={first['next']}", **navigator)
    assert (other.status, other.body["errors"][0]["pointer"]) == (422, "query:after")
    assert (await trials.must("GET", "/participants/other/bookings?season=2020", **navigator))["items"] == []


async def test_a_recommendation_names_its_competencies(trials: Trials) -> None:
    navigator = {"role": "navigator", "org": "RU-ROS-001-S01"}
    await trials.enrol("named")
    for code in ("readiness", "interests"):
        sent = {"ref": code, "participant": "named", "season": "2020", "diagnostic": code, "answers": ANSWERS}
        await trials.must("POST", "/attempts", sent | {"occurred_at": "2020-09-20T10:00:00+03:00"}, **navigator)
    for day in ("2020-10-12", "2020-10-13"):
        slot = await trials.slot(starts_at=f"{day}T14:00:00+03:00")
        seat = {"participant": "named", "occurred_at": "2020-09-20T10:00:00+03:00"}
        await trials.must("POST", f"/slots/{slot}/bookings", seat, **navigator)
        present = {"participant": "named", "source": "qr", "occurred_at": f"{day}T15:00:00+03:00"}
        await trials.must("POST", f"/slots/{slot}/attendance", [present], role="venue", org=VENUE)
    path = await trials.must("GET", "/participants/named/path?season=2020", **navigator)
    assert path["recommendation"]["competency_names"] == {"gov": "gov"}
    assert [attempt["diagnostic_name"] for attempt in path["attempts"]] == ["Готовность", "Готовность"]
