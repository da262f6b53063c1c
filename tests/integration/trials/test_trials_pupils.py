"""What befalls a pupil, archived, moved, left by a guardian or erased, is followed by the path."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.trials import DiagnosticCompleted, PathErased
from tests.builders.events import (
    PLACE,
    archived,
    at,
    erased,
    guardian_linked,
    guardian_unlinked,
    moved,
    restored,
)
from tests.builders.trials import attempt, present
from tests.drivers.trials import HOST, NAVIGATOR, Trials, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_an_archived_pupil_holds_no_seat_and_takes_no_step_until_restored(trials: Trials) -> None:
    await trials.enrol("ar1")
    before, after = await trials.booked("ar1", "2020-10-05", "2020-10-15")
    await trials.publish(archived("ar1"), time=at("2020-10-10"))
    await trials.know({"_id": "ar1", "archivings.archived": True}, 1, PARTICIPANTS)
    assert [await trials.seats(slot) for slot in (before, after)] == [1, 0]
    answer = await trials.must("POST", f"/slots/{before}/attendance", [present("ar1", "2020-10-05")], **HOST)
    assert answer["items"][0]["status"] == "attended", "it happened before"
    late = {"participant": "ar1", "occurred_at": "2020-10-11T10:00:00+03:00"}
    refused = await trials.ask("POST", f"/slots/{after}/bookings", late, **NAVIGATOR)
    assert (refused.status, refused.body["type"]) == (409, "participant-archived")
    refused = await trials.ask("POST", "/attempts", attempt("ar1", occurred_at=late["occurred_at"]), **NAVIGATOR)
    assert (refused.status, refused.body["type"]) == (409, "participant-archived")
    await trials.publish(restored("ar1"), time=at("2020-10-12"))
    await trials.know({"_id": "ar1", "archivings.archived": False}, 1, PARTICIPANTS)
    sent = {**late, "occurred_at": "2020-10-13T10:00:00+03:00"}
    await trials.must("POST", f"/slots/{after}/bookings", sent, **NAVIGATOR)
    assert [type for type, _ in await trials.walked("ar1")] == [
        "trial.booked",
        "trial.booked",
        "trial.cancelled",
        "trial.attended",
        "trial.booked",
    ]


async def test_a_path_goes_along_to_another_school_and_its_staff(trials: Trials) -> None:
    await trials.enrol("mv1")
    await trials.booked("mv1", "2020-10-15")
    school = {**PLACE, "municipality": "RU-ROS-002", "school": "RU-ROS-002-S04", "school_class": "7В"}
    await trials.publish(moved("mv1", to=school), time=at("2020-10-01"))
    await trials.know({"_id": "mv1", "school": school["school"]}, 1, PARTICIPANTS)
    there = {"role": "navigator", "org": school["school"]}
    path = await trials.must("GET", "/participants/mv1/path?season=2020", **there)
    assert len(path["bookings"]) == 1
    assert (await trials.ask("GET", "/participants/mv1/path?season=2020", **NAVIGATOR)).status == 404
    await trials.must("POST", "/attempts", attempt("mv1"), **there)
    (done,) = [e.event for e in await trials.published("trials.events.v1") if e.event.key == "mv1"][1:]
    assert isinstance(done, DiagnosticCompleted)
    assert (done.school, done.school_class) == ("RU-ROS-002-S04", "7В")


async def test_a_closed_cabinet_acts_for_nobody(trials: Trials) -> None:
    await trials.enrol("un1")
    await trials.link("un1", "closed-mother")
    own = {"role": "guardian", "org": "closed-mother"}
    await trials.must("GET", "/participants/un1/path?season=2020", **own)
    await trials.publish(guardian_unlinked("un1", account=trials.account("closed-mother")))
    await trials.know({"_id": "un1", "accounts": []}, 1, PARTICIPANTS)
    assert (await trials.ask("GET", "/participants/un1/path?season=2020", **own)).status == 404


async def test_an_erased_pupil_is_nobody_s_and_the_act_is_told_once(trials: Trials) -> None:
    await trials.enrol("er1")
    await trials.link("er1", "erased-mother")
    await trials.must("POST", "/attempts", attempt("er1"), **NAVIGATOR)
    (slot,) = await trials.booked("er1", "2020-10-15")
    gone = erased("er1")
    await trials.publish(gone, gone, time=at("2020-10-10"))
    await trials.know({"_id": "er1", "erased": True}, 1, PARTICIPANTS)
    assert await trials.mongo["attempts"].count_documents({"path": "er1/2020"}) == 0
    assert await trials.seats(slot) == 0
    for who in ({"role": "guardian", "org": "erased-mother"}, NAVIGATOR):
        assert (await trials.ask("GET", "/participants/er1/path?season=2020", **who)).status == 404
    assert (await trials.ask("POST", "/attempts", attempt("er1", ref="late"), **NAVIGATOR)).status == 404
    await trials.publish(gone, guardian_linked("er1", account=trials.account("erased-mother")))
    await trials.enrol("er2")
    row = await trials.mongo[PARTICIPANTS].find_one({"_id": "er1"})
    assert row is not None
    assert (row["accounts"], row["link_changes"]) == ([], [])
    told = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, PathErased)]
    assert [(event.participant, event.act, event.rows) for event in told] == [
        (
            "er1",
            gone.act,
            {"attempts": 1, "drafts": 0, "repeats": 0, "needs": 0, "reviews": 0, "waiting": 0, PARTICIPANTS: 1},
        )
    ]
    path = await trials.mongo["paths"].find_one({"_id": "er1/2020"})
    assert path is not None
    assert "changed" not in path
    await trials.publish(erased("er1", act="another-act"))
    await trials.know({"_id": "er1", "act": "another-act"}, 1, PARTICIPANTS)
    told = [e.event for e in await trials.published("trials.events.v1") if isinstance(e.event, PathErased)]
    assert [event.act for event in told] == [gone.act, "another-act"]
