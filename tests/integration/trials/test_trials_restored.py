"""Trials put back from a backup: it learns from its own topics what it has published since, before it serves."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.trials import PathErased, TrialCancelled
from tests.builders.events import at, erased
from tests.builders.merging import merged
from tests.builders.trials import PROGRAMME, RULES, VENUE, attempt, present, seat
from tests.drivers.backups import Backup, assert_numbered_once
from tests.drivers.trials import HOST, NAVIGATOR, Trials, completed, history, states, trials_service

LESSON = {
    "ref": "l",
    "season": "2020",
    "school": NAVIGATOR["org"],
    "theme": "1",
    "occurred_at": "2020-09-21T08:30:00+03:00",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def cancelled(trials: Trials, pupil: str, id: str) -> None:
    """A seat of an entry's path is given up by the pupil's school."""
    path = await trials.must("GET", f"/participants/{pupil}/path?season=2020", **NAVIGATOR)
    (booking,) = (booking["id"] for booking in path["bookings"] if booking["slot"] == id)
    when = "occurred_at=2020-11-19T10:00:00%2B03:00"
    await trials.must("DELETE", f"/bookings/{booking}?{when}", **NAVIGATOR)


async def test_what_was_published_since_the_backup_holds_and_is_published_once(trials: Trials) -> None:
    await completed(trials, "whole")
    await trials.enrol("again", "gone", "unanswered", "survivor", "duplicate")
    await trials.booked("again", "2020-10-15")
    for id in ("gone", "unanswered"):
        await trials.must("POST", "/attempts", attempt(id), **NAVIGATOR)
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")

    # A seat goes with a consent, and another one is taken with the next: paths are then ahead of what the backup knows.
    await trials.withdraw("again", at("2020-10-01"))
    await trials.consent("again", at("2020-10-02"))
    late = await trials.slot(starts_at="2020-10-20T14:00:00+03:00", ref="late")
    await trials.must("POST", f"/slots/{late}/bookings", {**seat("again"), "occurred_at": _at(10, 5)}, **NAVIGATOR)
    path = await trials.must("GET", "/participants/whole/path?season=2020", **NAVIGATOR)
    mistaken = {"reason": "wrong list", "occurred_at": _at(10, 7)}
    await trials.must("POST", f"/attendance/{path['attendances'][1]['id']}/revocation", mistaken, **HOST)
    (seen,) = await trials.booked("duplicate", "2020-10-27")
    await trials.must("POST", f"/slots/{seen}/attendance", [present("duplicate", "2020-10-27")], **HOST)
    (empty,) = await trials.booked("duplicate", "2020-10-29")
    absent = [{"participant": "duplicate", "occurred_at": "2020-10-29T16:00:00+03:00"}]
    await trials.must("POST", f"/slots/{empty}/absences", absent, **HOST)
    (given_up,) = await trials.booked("duplicate", "2020-11-28")
    lesson = await trials.must("POST", "/lessons", {**LESSON, "participants": ["duplicate"]}, **NAVIGATOR)
    door = await trials.slot(starts_at="2020-10-22T14:00:00+03:00")
    code = (await trials.must("GET", "/participants/again/code", **NAVIGATOR))["token"]
    scanned = {"token": code, "slot": door, "occurred_at": "2020-10-22T14:05:00+03:00"}
    await trials.must("POST", "/checkins", [scanned], **HOST)
    await trials.publish(*merged("survivor", "duplicate"), time=at("2020-11-18"))
    await trials.know({"_id": {"$in": ["survivor", "duplicate"]}, "mergings.merged": True}, 2, PARTICIPANTS)
    await cancelled(trials, "survivor", given_up)
    of_lesson = f"/lessons/{lesson['lesson']}/revocation"
    back = await trials.must("POST", of_lesson, {"reason": "не было"}, **NAVIGATOR)
    assert [item["status"] for item in (*lesson["items"], *back["items"])] == ["attended", "revoked"]
    await trials.link("survivor", "mother")
    review = {"stars": 4, "words": "Понравилось"}
    there = (await trials.must("GET", "/participants/survivor/path?season=2020", **NAVIGATOR))["attendances"][0]["id"]
    await trials.must("PUT", f"/attendance/{there}/review", review, role="guardian", org="mother")
    await trials.publish(erased("gone"))
    await trials.know({"_id": "gone", "erased": True}, 1, PARTICIPANTS)
    await trials.must("PUT", "/seasons/2031", {**RULES, "name": "Сезон 2031"})
    terms = {
        "notice": {"family": 24},
        "deadlines": {"bookings": "2050-11-30"},
        "texts": {"welcome": {"ru": "Здравствуйте"}},
    }
    await trials.must("PUT", "/seasons/2031/terms/2050-01-01", terms)
    await trials.must("PUT", "/competencies/new", {"name": "Новая"})
    entry = {"organisation": VENUE, "name": "Иное имя", "registry": "federal", "season": "2031"}
    said = {"grades": [8, 9], "accessibility": ["assistant"], "capacity": 9}
    await trials.must("PUT", f"/venues/{VENUE}", {**entry, **said}, role="regional-operator", org="RU-ROS")
    await trials.must("PUT", "/venues/gone", entry, role="regional-operator", org="RU-ROS")
    await trials.must("POST", "/venues/gone/applications/2031/withdrawal", {"reason": "Ремонт"}, **HOST)
    await trials.must("PUT", "/programmes/new", {**PROGRAMME, "competency": "new"}, **HOST)
    await trials.must("POST", "/seasons/2031/closing", {})
    await trials.must("PUT", "/seasons/2031/revisions/1", {"reason": "Сверка"})
    before, stored = await history(trials), await states(trials)
    assert_numbered_once(before)
    assert sum(isinstance(e.event, TrialCancelled) for e in before) == 2

    await trials.child.stop()
    await trials.publish(erased("unanswered"))  # published, and never learnt of by the database that was lost
    backup.put_back()
    await trials.start()
    await trials.know({"_id": "unanswered", "erased": True}, 1, PARTICIPANTS)
    await trials.know({"path": {"$regex": "^(gone|unanswered)/"}}, 0, "attempts")
    after = await history(trials)
    answers = [e.event.participant for e in after if isinstance(e.event, PathErased)]
    assert sorted(answers) == ["gone", "unanswered"], "each erasure is answered once"
    assert [e for e in after if e.event.key != "unanswered"] == [e for e in before if e.event.key != "unanswered"]
    assert_numbered_once(after)
    assert await states(trials) == stored
    answer = await trials.must("GET", "/losses", role="regional-operator", org="RU-ROS")
    assert Counter(loss["lacking"] for loss in answer["items"]) == {"reason": 3, "ref": 5, "contact": 1, "words": 1}

    # Everything goes on behind what was published.
    await trials.must("POST", f"/slots/{late}/attendance", [present("again", "2020-10-20")], **HOST)
    await trials.must("POST", "/attempts", attempt("survivor"), **NAVIGATOR)
    await trials.must("PUT", "/competencies/new", {"name": "Новейшая"})
    assert_numbered_once(await history(trials))


def _at(month: int, day: int) -> str:
    return f"2020-{month:02d}-{day:02d}T10:00:00+03:00"
