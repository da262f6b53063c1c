"""Drafts over HTTP: a child answers on one device and goes on at another one, until the attempt completes them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.registration import AccountLinked
from shared.contracts.trials import PathErased
from tests.builders.events import PLACE, at, erased
from tests.builders.instruments import ALL_YES, WORDED, said
from tests.builders.merging import merged, unmerged
from tests.builders.trials import ANSWERS, RULES, attempt
from tests.drivers.backups import Backup
from tests.drivers.consumers import eventually
from tests.drivers.trials import NAVIGATOR, STRANGER, Trials, trials_service

TODAY = datetime.now(UTC).date()
SPOKEN = "spoken"
"""A season of these days with a diagnostic that has words and a time limit, `worded`."""
DATED = "2020-09-14T10:00:00+03:00"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        days = {"opens": str(TODAY - timedelta(days=30)), "closes": str(TODAY + timedelta(days=30))}
        await running.must("PUT", "/diagnostics/worded", WORDED)
        await running.must("PUT", f"/seasons/{SPOKEN}", {**RULES, **days, "diagnostics": ["worded"]})
        yield running


def draft_of(id: str, diagnostic: str = "readiness", season: str = "2020") -> str:
    return f"/participants/{id}/drafts/{diagnostic}?season={season}"


async def saved(trials: Trials, id: str, time: str = DATED, **answers: str) -> Any:
    return await trials.must("PUT", draft_of(id), {"answers": answers, "occurred_at": time}, **NAVIGATOR)


async def own_account(trials: Trials, id: str) -> Mapping[str, str]:
    """The pupil's own account."""
    await trials.publish(AccountLinked(**{**PLACE, "participant": id, "account": trials.account(id)}))
    await trials.know({"_id": id, "accounts.role": "pupil"}, 1, PARTICIPANTS)
    return {"role": "pupil", "org": id}


async def test_a_pupil_answers_on_two_devices_and_the_attempt_completes_it(trials: Trials) -> None:
    await trials.enrol("two", season=SPOKEN)
    pupil = await own_account(trials, "two")
    path = draft_of("two", "worded", SPOKEN)
    assert (await trials.ask("GET", path, **pupil)).status == 404
    first = await trials.must("PUT", path, {"answers": {"p1": "no", "p2": "yes"}, "version": "8-9"}, **pupil)
    assert (first["left"], first["version"]) == (1, "8-9")
    begun, ends = (datetime.fromisoformat(first[name]) for name in ("begun_at", "ends_at"))
    assert ends - begun == timedelta(minutes=20)
    await trials.must("PUT", path, {"answers": {"p1": "yes"}}, **pupil)
    second = await trials.must("PUT", path, {"answers": {"n1": "yes"}}, **pupil)
    assert (second["answers"], second["left"], second["begun_at"]) == (ALL_YES, 0, first["begun_at"])
    assert await trials.must("GET", path, **pupil) == second
    assert await trials.must("GET", path, **NAVIGATOR) == second
    sent = {"ref": "1", "participant": "two", "season": SPOKEN, "diagnostic": "worded", "answers": ALL_YES}
    taken = await trials.must("POST", "/attempts", {**sent, "version": "8-9"}, **pupil)
    people, nature = taken["scales"]
    assert (people["scale"], people["value"], people["for_pupil"]) == ("people", 50.0, said("О людях"))
    assert "no norms" in people["compared"]["en"]
    assert not {"level", "norm"} & nature.keys()
    assert (await trials.ask("GET", path, **pupil)).status == 404
    view = await trials.must("GET", f"/participants/two/path?season={SPOKEN}", **pupil)
    assert [scale["compared"] for scale in view["attempts"][0]["scales"]] == [people["compared"]] * 2
    assert [type for type, _ in await trials.walked("two")] == ["diagnostic.completed"]


async def test_a_draft_is_the_pupil_s_and_the_teacher_s_alone(trials: Trials) -> None:
    await trials.enrol("own")
    await trials.link("own", "mother")
    await saved(trials, "own", m1="yes")
    body = {"answers": {"m1": "no"}, "occurred_at": DATED}
    callers: Mapping[int, list[dict[str, str]]] = {
        403: [{"role": "guardian", "org": "mother"}, {"role": "regional-operator", "org": "RU-ROS"}],
        404: [STRANGER, {"role": "pupil", "org": "mother"}],
    }
    for status, who in ((status, who) for status, some in callers.items() for who in some):
        for method, sent in (("PUT", body), ("GET", None), ("DELETE", None)):
            refused = await trials.ask(method, draft_of("own"), sent, **who)
            assert refused.status == status, (method, who)
    assert (await trials.must("GET", draft_of("own"), **NAVIGATOR))["answers"] == {"m1": "yes"}


async def test_what_a_draft_cannot_hold_is_named(trials: Trials) -> None:
    await trials.enrol("named")
    await trials.enrol("silent", consent=False)
    cases: list[tuple[str, Mapping[str, Any], tuple[int, str]]] = [
        (draft_of("named"), {"answers": {"x": "yes"}}, (422, "/answers/x")),
        (draft_of("named"), {"answers": {"m1": "maybe"}}, (422, "/answers/m1")),
        (draft_of("named"), {"answers": {}, "version": "8-9"}, (422, "/version")),
        (draft_of("named", "other"), {"answers": {}}, (422, "path:diagnostic")),
        (draft_of("named", season="1999"), {"answers": {}}, (422, "query:season")),
        (draft_of("silent"), {"answers": {}}, (409, "path:participant")),
        (draft_of("named"), {"answers": {}, "occurred_at": "2020-01-14T10:00:00+03:00"}, (409, "/occurred_at")),
    ]
    for path, body, (status, pointer) in cases:
        refused = await trials.ask("PUT", path, {"occurred_at": DATED, **body}, **NAVIGATOR)
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (status, pointer), (path, body)
    assert (await trials.ask("GET", draft_of("named"), **NAVIGATOR)).status == 404


async def test_devices_that_save_at_once_lose_no_answer(trials: Trials) -> None:
    await trials.enrol("once")
    await asyncio.gather(*(saved(trials, "once", **{item: option}) for item, option in ANSWERS.items()))
    assert (await trials.must("GET", draft_of("once"), **NAVIGATOR))["answers"] == ANSWERS
    given_up = [await trials.must("DELETE", draft_of("once"), **NAVIGATOR) for _ in range(2)]
    assert [answer["status"] for answer in given_up] == ["given-up"] * 2
    assert (await trials.ask("GET", draft_of("once"), **NAVIGATOR)).status == 404


async def test_answers_that_come_late_are_refused_until_a_teacher_allows_to_begin_anew(trials: Trials) -> None:
    await trials.enrol("late", season=SPOKEN)
    pupil = await own_account(trials, "late")
    path, yesterday = draft_of("late", "worded", SPOKEN), (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    in_time = {"answers": {"p1": "yes", "p2": "yes"}, "occurred_at": yesterday}
    await trials.must("PUT", path, in_time, **NAVIGATOR)
    late = await trials.ask("PUT", path, {"answers": {"n1": "yes"}}, **pupil)
    sent = {"ref": "1", "participant": "late", "season": SPOKEN, "diagnostic": "worded", "answers": ALL_YES}
    attempted = await trials.ask("POST", "/attempts", sent, **pupil)
    alone = await trials.ask("DELETE", path, **pupil)
    assert [(one.status, one.body["type"]) for one in (late, attempted, alone)] == [
        (409, "time-over"),
        (409, "time-over"),
        (409, "time-limited"),
    ]
    await trials.must("DELETE", path, **NAVIGATOR)
    assert (await trials.must("PUT", path, {"answers": {"n1": "yes"}}, **pupil))["left"] == 2
    assert (await trials.ask("POST", "/attempts", sent, **pupil)).status == 201


async def test_a_draft_goes_when_the_consent_is_withdrawn(trials: Trials) -> None:
    await trials.enrol("lapsed")
    await saved(trials, "lapsed", m1="yes")
    await trials.withdraw("lapsed", at("2020-09-20"))
    await trials.know({"path": "lapsed/2020"}, 0, "drafts")
    await trials.consent("lapsed", at("2020-09-25"))
    assert (await trials.ask("GET", draft_of("lapsed"), **NAVIGATOR)).status == 404


async def test_a_draft_is_erased_with_the_pupil_and_the_act_counts_it(trials: Trials) -> None:
    await trials.enrol("gone", "stays")
    for id in ("gone", "stays"):
        await saved(trials, id, m1="yes")
    await trials.publish(erased("gone"))
    await trials.know({"path": "gone/2020"}, 0, "drafts")
    await trials.know({"path": "stays/2020"}, 1, "drafts")

    async def told() -> bool:
        found = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, PathErased)]
        return [event.rows["drafts"] for event in found if event.key == "gone"] == [1]

    await eventually(told)


async def test_the_drafts_of_two_entries_are_one_until_these_are_parted(trials: Trials) -> None:
    await trials.enrol("js", "jd")
    await saved(trials, "js", m1="no", m2="no")
    await saved(trials, "jd", "2020-09-14T11:00:00+03:00", m1="yes")
    await trials.publish(*merged("js", "jd"), time=at("2020-09-15"))
    for id, other in (("js", "jd"), ("jd", "js")):
        await trials.know({"_id": id, "mergings": {"$elemMatch": {"other": other, "merged": True}}}, 1, PARTICIPANTS)
    for id in ("js", "jd"):
        view = await trials.must("GET", draft_of(id), **NAVIGATOR)
        assert (view["participant"], view["answers"]) == ("js", {"m1": "yes", "m2": "no"})
    await trials.publish(*unmerged("js", "jd"), time=at("2020-09-16"))
    await trials.know({"_id": "jd", "mergings": {"$elemMatch": {"other": "js", "merged": False}}}, 1, PARTICIPANTS)
    await trials.know({"_id": "js", "mergings": {"$elemMatch": {"other": "jd", "merged": False}}}, 1, PARTICIPANTS)
    assert (await trials.must("GET", draft_of("jd"), **NAVIGATOR))["answers"] == {"m1": "yes"}
    await trials.must("POST", "/attempts/batch", {"attempts": [attempt("jd")]}, **NAVIGATOR)
    assert (await trials.ask("GET", draft_of("jd"), **NAVIGATOR)).status == 404
    assert (await trials.must("GET", draft_of("js"), **NAVIGATOR))["answers"] == {"m1": "no", "m2": "no"}


async def test_in_a_closed_season_nobody_goes_on(trials: Trials) -> None:
    days = {"opens": str(TODAY - timedelta(days=30)), "closes": str(TODAY - timedelta(days=2))}
    await trials.must("PUT", "/seasons/over", {**RULES, **days})
    await trials.enrol("over", season="over")
    path, dated = draft_of("over", season="over"), f"{TODAY - timedelta(days=3)}T10:00:00+03:00"
    await trials.must("PUT", path, {"answers": {"m1": "yes"}, "occurred_at": dated}, **NAVIGATOR)
    await trials.must("POST", "/seasons/over/closing", {})
    refused = await trials.ask("PUT", path, {"answers": {"m2": "yes"}, "occurred_at": dated}, **NAVIGATOR)
    assert (refused.status, refused.body["type"]) == (409, "season-closed")
    assert (await trials.must("GET", path, **NAVIGATOR))["answers"] == {"m1": "yes"}


async def test_a_backup_that_is_put_back_has_no_draft_of_what_was_completed_since(trials: Trials) -> None:
    await trials.enrol("back", "keep", "lost")
    for id in ("back", "keep", "lost"):
        await saved(trials, id, m1="yes")
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")
    await trials.must("POST", "/attempts/batch", {"attempts": [attempt("back")]}, **NAVIGATOR)
    await trials.publish(erased("lost"))
    await trials.know({"path": {"$regex": "^(back|lost)/"}}, 0, "drafts")
    await trials.know({}, 0, "outbox")
    await trials.child.stop()
    backup.put_back()
    await trials.start()
    await trials.know({"path": {"$regex": "^(back|lost)/"}}, 0, "drafts")
    assert (await trials.must("GET", draft_of("keep"), **NAVIGATOR))["answers"] == {"m1": "yes"}
