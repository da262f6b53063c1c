"""Rules of advice and education programmes, and what families and navigators read of a recommendation."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.advice import RULES as ADVICE
from tests.builders.trials import INSTRUMENT, RULES, attempt, present, seat
from tests.drivers.trials import HOST, NAVIGATOR, Trials, trials_service

SCALES = {"scales": [{"code": "people", "name": "Люди"}, {"code": "things", "name": "Техника"}]}
ITEMS = [{"code": "m1", "scale": "people"}, {"code": "m2", "scale": "people"}, {"code": "p1", "scale": "things"}]
OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}
COLLEGE = {
    "code": "law-1",
    "name": "Право",
    "institution": "Колледж",
    "level": "vocational",
    "competencies": ["law"],
    "link": "https://college.example/law",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def advised(trials: Trials, gate: str = "after-diagnostics") -> str:
    """A season whose advice rests on interests; its code, which is the diagnostic's, too."""
    season = f"adv-{uuid.uuid4().hex[:6]}"
    await trials.must("PUT", f"/diagnostics/{season}", {**INSTRUMENT, **SCALES, "items": ITEMS})
    rules = {**RULES, "diagnostics": [season], "recommendation_gate": gate, "trials_required": 1}
    await trials.must("PUT", f"/seasons/{season}", rules)
    for code in ("law", "medicine", "craft"):
        await trials.must("PUT", f"/competencies/{code}", {"name": code.title()})
    await trials.must("PUT", f"/seasons/{season}/advice", of(season))
    venue = {"organisation": HOST["org"], "name": "Колледж", "registry": "regional", "season": season}
    await trials.must("PUT", f"/venues/{HOST['org']}", venue, role="regional-operator", org="RU-ROS")
    return season


def of(season: str) -> dict[str, Any]:
    """The rules of the tests, resting on the season's own diagnostic."""
    grounds = [one | ({"diagnostic": season} if "diagnostic" in one else {}) for one in ADVICE["grounds"]]
    return {**ADVICE, "grounds": grounds}


async def path_of(trials: Trials, id: str, season: str) -> Any:
    return await trials.must("GET", f"/participants/{id}/path?season={season}", **NAVIGATOR)


async def test_a_recommendation_says_why_and_is_revised_with_what_stands(trials: Trials) -> None:
    season = await advised(trials)
    await trials.must(
        "PUT", "/regions/RU-ROS/education", {"programmes": [COLLEGE]}, role="regional-operator", org="RU-ROS"
    )
    id = f"p{uuid.uuid4().hex[:8]}"
    await trials.enrol(id, season=season)
    one = attempt(id, season, season=season, answers={"m1": "yes", "m2": "yes", "p1": "no"})
    await trials.must("POST", "/attempts", one, **NAVIGATOR)
    first = (await path_of(trials, id, season))["recommendation"]
    assert (first["competencies"], first["revision"], first["revised_at"]) == (["law", "medicine"], 1, None)
    assert first["reasons"][0] == {
        "competency": "law",
        "competency_name": "Law",
        "because": [{"ru": "потому что вам ближе всего люди", "en": "because people interest you most"}],
    }
    assert [(p["profession"], p["name"]["ru"]) for p in first["professions"]] == [
        ("clerk", "Юрист"),
        ("nurse", "Медсестра"),
    ]
    assert [one["competency"] for one in first["next"]] == ["law", "medicine"]
    assert first["education"] == [COLLEGE]

    slot = await trials.slot(season=season, competency="gov")
    await trials.must("POST", f"/slots/{slot}/bookings", seat(id), **NAVIGATOR)
    (came,) = (await trials.must("POST", f"/slots/{slot}/attendance", [present(id)], **HOST))["items"]
    second = (await path_of(trials, id, season))["recommendation"]
    assert (second["competencies"], second["revision"]) == (["gov", "law", "medicine"], 2)
    assert (second["time"], second["revised_at"]) == (first["time"], "2020-10-05T15:00:00+03:00")
    assert second["reasons"][0]["because"][0]["en"] == "because you tried it"

    gone = {"reason": "Ошибка", "occurred_at": "2020-10-06T10:00:00+03:00"}
    await trials.must("POST", f"/attendance/{came['attendance']}/revocation", gone, **HOST)
    third = (await path_of(trials, id, season))["recommendation"]
    assert (third["competencies"], third["revision"]) == (["law", "medicine"], 3), "what was revoked is not named"
    revised = ["recommendation.withdrawn", "recommendation.issued"]
    assert [kind for kind, _ in await trials.walked(id)] == [
        "diagnostic.completed",
        "recommendation.issued",
        "trial.booked",
        "trial.attended",
        *revised,
        "attendance.revoked",
        *revised,
    ]
    await trials.know({"_id": f"{id}/{season}", "revisions": 2, "recommendation.revision": 3}, 1, "paths")


async def test_a_class_that_finishes_at_once_is_recommended_by_each_one_s_own_profile(trials: Trials) -> None:
    season = await advised(trials)
    ids = [f"p{uuid.uuid4().hex[:8]}" for _ in range(2)]
    await trials.enrol(*ids, season=season)
    answers = ({"m1": "yes", "m2": "yes", "p1": "no"}, {"m1": "no", "m2": "no", "p1": "yes"})
    many = [attempt(id, season, season=season, answers=said) for id, said in zip(ids, answers, strict=True)]
    many.append({**many[0], "ref": "again", "answers": answers[1], "occurred_at": "2020-09-15T10:00:00+03:00"})
    await trials.must("POST", "/attempts/batch", {"attempts": many}, **NAVIGATOR)
    found = [(await path_of(trials, id, season))["recommendation"] for id in ids]
    assert [(one["competencies"], one["revision"]) for one in found] == [(["craft"], 2), (["craft"], 1)]


async def test_rules_of_advice_come_once_to_a_season_in_use(trials: Trials) -> None:
    season = await advised(trials)
    other = {"grounds": ADVICE["grounds"][:1]}
    await trials.must("PUT", f"/seasons/{season}/advice", other)
    await trials.must("PUT", f"/seasons/{season}/advice", of(season))
    await trials.enrol(f"p{uuid.uuid4().hex[:8]}", season=season)
    await trials.know({"_id": season, "in_use": True, "advised": True}, 1, "seasons")
    await trials.must("PUT", f"/seasons/{season}/advice", of(season))
    refused = await trials.ask("PUT", f"/seasons/{season}/advice", other)
    assert (refused.status, refused.body["type"]) == (409, "advice-in-use")
    read = await trials.must("GET", f"/seasons/{season}/advice", role="pupil", org="anybody")
    assert [ground["code"] for ground in read["grounds"]] == ["tried", "visited", "people", "things"]


async def test_rules_name_what_is_there(trials: Trials) -> None:
    season = await advised(trials)
    strange = {**of(season), "professions": [{"code": "x", "name": "X", "competencies": ["nowhere"]}]}
    unknown = {"grounds": [{**of(season)["grounds"][2], "scale": "stars"}]}
    for body in (strange, unknown):
        refused = await trials.ask("PUT", f"/seasons/{season}/advice", body)
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/grounds")
    assert (await trials.ask("PUT", "/seasons/none/advice", of(season))).status == 404
    await trials.must("POST", f"/seasons/{season}/closing", {})
    closed = await trials.ask("PUT", f"/seasons/{season}/advice", {"grounds": ADVICE["grounds"][:1]})
    assert (closed.status, closed.body["type"]) == (409, "season-closed")
    default = await trials.must("GET", "/seasons/2020/advice")
    assert [ground["kind"] for ground in default["grounds"]] == ["tried", "visited"]


async def test_education_programmes_are_imported_whole_and_read_page_by_page(trials: Trials) -> None:
    await advised(trials)
    many = [{**COLLEGE, "code": f"c{n}", "competencies": ["law" if n % 2 else "craft"]} for n in range(5)]
    imports = [{"programmes": many[:n]} for n in (5, 3)]
    both = [trials.must("PUT", "/regions/RU-ROS/education", said, **OPERATOR) for said in imports]
    counts = {said["programmes"] for said in await asyncio.gather(*both)}
    assert counts == {5, 3}
    listed = await trials.must("GET", "/regions/RU-ROS/education")
    assert len(listed["items"]) in counts, "one import, and not parts of two"
    await trials.must("PUT", "/regions/RU-ROS/education", imports[0], **OPERATOR)
    page = await trials.must("GET", "/regions/RU-ROS/education?competency=craft&limit=2", role="pupil", org="anybody")
    rest = await trials.must("GET", f"/regions/RU-ROS/education?competency=craft&limit=2&after={page['next']}")
    assert [one["code"] for one in page["items"] + rest["items"]] == ["c0", "c2", "c4"]
    elsewhere = await trials.ask("PUT", "/regions/RU-ROS/education", imports[0], role="regional-operator", org="RU-MOW")
    assert elsewhere.status == 403
    await trials.must("PUT", "/regions/RU-ROS/education", {"programmes": []}, **OPERATOR)
