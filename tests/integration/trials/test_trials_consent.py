"""A consent that is withdrawn stops what comes after it, wherever its pupil is on the path."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from deploy.cli.installation import Servers
from deploy.cli.migrate import migrate
from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from services.trials.copies.participants import Participant
from services.trials.domain.path.caller import Said
from services.trials.handlers.bookings import BookingRequest, book
from services.trials.repository import Repository
from shared.base.errors import Conflict
from shared.contracts.event import Envelope
from shared.contracts.registration import ConsentGiven, ConsentWithdrawn
from shared.http.batch import Item
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from tests.builders.events import (
    PLACE,
    at,
    enveloped,
    registered,
)
from tests.builders.trials import attempt, present, seat
from tests.drivers.consumers import eventually, publish
from tests.drivers.trials import HOST, NAVIGATOR, Trials, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_a_withdrawal_frees_the_seats_of_what_comes_after_it(trials: Trials) -> None:
    await trials.enrol("w1", "w2")
    before, after = await trials.booked("w1", "2020-10-05", "2020-10-15")
    await trials.withdraw("w1", at("2020-10-10"))
    assert [await trials.seats(slot) for slot in (before, after)] == [1, 0]
    assert await trials.walked("w1") == [
        ("trial.booked", "2020-09-20"),
        ("trial.booked", "2020-09-20"),
        ("trial.cancelled", "2020-10-10"),
    ]
    assert (await trials.ask("POST", f"/slots/{after}/bookings", seat("w2"), **NAVIGATOR)).status == 201
    late = await trials.slot(starts_at="2020-10-12T14:00:00+03:00")
    refused = await trials.ask("POST", f"/slots/{late}/bookings", seat("w1"), **NAVIGATOR)
    assert (refused.status, refused.body["type"], refused.body.get("retryable")) == (409, "consent-missing", None)


async def test_what_was_taken_before_a_withdrawal_was_heard_is_taken_back_and_can_be_recorded_again(
    trials: Trials,
) -> None:
    await trials.enrol("gap1", "gap2")
    sat = {"occurred_at": "2020-10-02T10:00:00+03:00"}
    tests = [attempt("gap1", "interests"), attempt("gap1", "readiness", **sat), attempt("gap1", ref="2", **sat)]
    await trials.must("POST", "/attempts/batch", {"attempts": tests}, **NAVIGATOR)
    slots = await trials.booked("gap1", "2020-10-05", "2020-10-06")
    for slot, day in zip(slots, ("2020-10-05", "2020-10-06"), strict=True):
        await trials.must("POST", f"/slots/{slot}/attendance", [present("gap1", day)], **HOST)
    assert (await trials.walked("gap1"))[-1] == ("recommendation.issued", "2020-10-06")
    before = len(await trials.walked("gap1"))
    await trials.withdraw("gap1", at("2020-10-01"))
    assert sorted((await trials.walked("gap1"))[before:]) == [
        ("attendance.revoked", "2020-10-05"),
        ("attendance.revoked", "2020-10-06"),
        ("diagnostic.revoked", "2020-10-02"),
        ("diagnostic.revoked", "2020-10-02"),
        ("recommendation.withdrawn", "2020-10-01"),
        ("trial.cancelled", "2020-10-01"),
        ("trial.cancelled", "2020-10-01"),
    ]
    assert [await trials.seats(slot) for slot in slots] == [0, 0]
    assert await trials.mongo["attempts"].distinct("diagnostic", {"path": "gap1/2020"}) == ["interests"]
    path = await trials.must("GET", "/participants/gap1/path?season=2020", **NAVIGATOR)
    assert (path["stages"]["tested"], path["stages"]["attended"], len(path["attempts"])) == (None, None, 1)
    told = len(await trials.walked("gap1"))
    await trials.consent("gap1", at("2020-10-01", 12))
    assert len(await trials.walked("gap1")) == told, "nothing of it comes back by itself"
    await trials.must("POST", "/attempts", attempt("gap1", "readiness", **sat), **NAVIGATOR)
    late = {"participant": "gap1", "occurred_at": "2020-10-02T10:00:00+03:00"}
    await trials.must("POST", f"/slots/{slots[0]}/bookings", late, **NAVIGATOR)
    await trials.must("POST", f"/slots/{slots[0]}/attendance", [present("gap1", "2020-10-05")], **HOST)
    again = [type for type, _ in (await trials.walked("gap1"))[told:]]
    assert again == ["diagnostic.completed", "trial.booked", "trial.attended"]
    assert (await trials.ask("POST", f"/slots/{slots[1]}/bookings", seat("gap2"), **NAVIGATOR)).status == 201


async def test_a_recommendation_waits_for_the_next_consent(trials: Trials) -> None:
    await trials.enrol("z1")
    tests = [attempt("z1", "readiness"), attempt("z1", "interests")]
    await trials.must("POST", "/attempts/batch", {"attempts": tests}, **NAVIGATOR)
    slots = await trials.booked("z1", "2020-10-05", "2020-10-06")
    await trials.withdraw("z1", at("2020-10-10"))
    for slot, day in zip(slots, ("2020-10-05", "2020-10-06"), strict=True):
        await trials.must("POST", f"/slots/{slot}/attendance", [present("z1", day)], **HOST)
    assert "recommendation.issued" not in dict(await trials.walked("z1"))
    await trials.consent("z1", at("2020-11-02"))
    assert (await trials.walked("z1"))[-1] == ("recommendation.issued", "2020-10-06"), "the gate was open before"


async def test_what_was_entered_late_without_consent_is_recommended_with_the_next_one(trials: Trials) -> None:
    await trials.enrol("late1")
    tests = [attempt("late1", "readiness"), attempt("late1", "interests")]
    await trials.must("POST", "/attempts/batch", {"attempts": tests}, **NAVIGATOR)
    first, second = await trials.booked("late1", "2020-10-05", "2020-10-06")
    late = await trials.slot(competency="games", starts_at="2020-10-07T14:00:00+03:00")
    await trials.must("POST", f"/slots/{late}/bookings", seat("late1"), **NAVIGATOR)
    for slot, day in ((first, "2020-10-05"), (second, "2020-10-06")):
        await trials.must("POST", f"/slots/{slot}/attendance", [present("late1", day)], **HOST)
    await trials.withdraw("late1", at("2020-10-10"))
    await trials.must("POST", f"/slots/{late}/attendance", [present("late1", "2020-10-07")], **HOST)
    assert (await trials.walked("late1"))[-1] == ("trial.attended", "2020-10-07")
    await trials.consent("late1", at("2020-11-02"))
    assert (await trials.walked("late1"))[-2:] == [
        ("recommendation.withdrawn", "2020-11-02"),
        ("recommendation.issued", "2020-10-06"),
    ]


async def test_a_gate_that_opened_without_consent_counts_from_the_day_of_the_next(trials: Trials) -> None:
    await trials.enrol("y1")
    tests = [attempt("y1", "readiness"), attempt("y1", "interests")]
    await trials.must("POST", "/attempts/batch", {"attempts": tests}, **NAVIGATOR)
    (first,) = await trials.booked("y1", "2020-10-05")
    await trials.must("POST", f"/slots/{first}/attendance", [present("y1")], **HOST)
    await trials.withdraw("y1", at("2020-10-10"))
    await trials.consent("y1", at("2020-10-20"))
    slot = await trials.slot(starts_at="2020-11-02T14:00:00+03:00")
    sent = {"participant": "y1", "occurred_at": "2020-10-12T10:00:00+03:00"}
    refused = await trials.ask("POST", f"/slots/{slot}/bookings", sent, **NAVIGATOR)
    assert refused.body["type"] == "consent-missing", "nobody booked while no consent was in force"
    sent["occurred_at"] = "2020-10-21T10:00:00+03:00"
    await trials.must("POST", f"/slots/{slot}/bookings", sent, **NAVIGATOR)
    await trials.must("POST", f"/slots/{slot}/attendance", [present("y1", "2020-11-02")], **HOST)
    assert (await trials.walked("y1"))[-1] == ("recommendation.issued", "2020-11-02")


def story(pupil: str) -> Sequence[Envelope]:
    """A registration with a consent that is withdrawn and given again, while a seat is held."""
    facts = (
        (registered(pupil), "2020-09-01"),
        (ConsentGiven(**{**PLACE, "participant": pupil, "version": "1", "channel": "paper"}), "2020-09-01"),
        (ConsentWithdrawn(**{**PLACE, "participant": pupil}), "2020-10-01"),
        (ConsentGiven(**{**PLACE, "participant": pupil, "version": "1", "channel": "paper"}), "2020-10-03"),
    )
    return [enveloped(event, sequence, at(day)) for sequence, (event, day) in enumerate(facts, 1)]


async def test_the_order_and_the_number_of_the_facts_do_not_matter(trials: Trials) -> None:
    orders = {"o1": (2, 3), "o2": (3, 2), "o3": (2, 3, 2, 1), "o4": (3, 2, 3, 0)}
    slots = {}
    for pupil, rest in orders.items():
        facts = story(pupil)
        await publish(trials.settings, *facts[:2])
        await trials.know({"_id": pupil, "consent": True, "seasons.2020": {"$exists": True}}, 1, PARTICIPANTS)
        (slots[pupil],) = await trials.booked(pupil, "2020-10-05")
        for place in rest:
            await publish(trials.settings, facts[place])
    for pupil, slot in slots.items():

        async def freed(slot: str = slot) -> bool:
            return await trials.seats(slot) == 0

        await eventually(freed)
        assert (await trials.walked(pupil))[1:] == [("trial.cancelled", "2020-10-01")]


async def test_a_withdrawal_before_the_registration_lets_nothing_through(trials: Trials) -> None:
    facts = story("early")
    await publish(trials.settings, facts[2])
    await trials.know({"_id": "early"}, 1, PARTICIPANTS)
    await publish(trials.settings, facts[0], facts[1])
    await trials.know({"_id": "early", "seasons.2020": {"$exists": True}}, 1, PARTICIPANTS)
    refused = await trials.ask("POST", f"/slots/{await trials.slot()}/bookings", seat("early"), **NAVIGATOR)
    assert refused.body["type"] == "consent-missing"


@pytest.mark.parametrize("pupil", ["race-new", "race-known"])
async def test_no_step_overlooks_a_withdrawal_that_commits_meanwhile(
    pupil: str, trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the first of a path, nor one of a path on which the withdrawal itself has nothing to change."""
    await trials.enrol(pupil)
    if pupil == "race-known":
        await trials.must("POST", "/attempts/batch", {"attempts": [attempt(pupil)]}, **NAVIGATOR)
    slot = await trials.slot()
    platform = Platform("trials", trials.settings)
    repository = Repository(platform.mongo, platform.outbox)
    read = repository.copies.participants

    async def withdrawn_behind(ids: Iterable[str], tx: Transaction) -> Mapping[str, Participant]:
        found = await read(ids, tx)
        monkeypatch.undo()
        await trials.withdraw(pupil, at("2020-10-01"))
        return found

    monkeypatch.setattr(repository.copies, "participants", withdrawn_behind)
    who = Principal("someone", "account", (Grant("navigator", NAVIGATOR["org"]),))
    wanted = [Item("/participant", pupil, "participant")]
    asked = BookingRequest(items=wanted, who=who, now=datetime.now(UTC), slot=slot, said=Said(at("2020-09-20")))
    ((refused,),) = await book(repository, [asked], lambda: "b1")  # type: ignore[misc]
    platform.close()
    assert isinstance(refused, Conflict)
    assert (refused.type, await trials.seats(slot)) == ("consent-missing", 0)


async def test_an_upgrade_makes_up_for_a_withdrawal_that_the_release_before_handled(
    infrastructure: Infrastructure,
) -> None:
    async with trials_service(infrastructure) as trials:
        await trials.enrol("old")
        (slot,) = await trials.booked("old", "2020-10-15")
        await trials.child.stop()
        await trials.mongo[PARTICIPANTS].drop()
        await trials.mongo["offsets"].delete_many({"group": {"$regex": r"participants\.2$"}})
        await trials.publish(ConsentWithdrawn(**{**PLACE, "participant": "old"}), time=at("2020-10-10"))
        await migrate(Servers.model_validate(trials.settings.model_dump(exclude={"master_key", "oidc_issuer"})))
        assert await trials.seats(slot) == 0
        await trials.start()
        assert (await trials.walked("old"))[1:] == [("trial.cancelled", "2020-10-10")]
        refused = await trials.ask("POST", f"/slots/{slot}/bookings", seat("old"), **NAVIGATOR)
        assert refused.body["type"] == "consent-missing"
