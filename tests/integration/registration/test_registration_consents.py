"""Consents over HTTP: to a text that is known, for its term, by who decides; and what the 18th birthday ends."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.domain.templates import digest_of
from services.registration.majorities import Majorities
from shared.contracts.registration import ConsentGiven, GuardianUnlinked
from shared.messaging.lease import Lease
from tests.builders.events import at, season
from tests.builders.registration import pupil
from tests.drivers.registration import (
    NATIONAL,
    NAVIGATOR,
    REGIONAL,
    Registration,
    another_repository,
    registration,
)

GUARDIAN, PUPIL = [{"role": "guardian"}], [{"role": "pupil"}]
TEMPLATES = "/consent-templates/2020/RU-ROS"
TEXT = "Я согласен\nна обработку данных."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def refused(running: Registration, method: str, path: str, body: Any = None, **who: Any) -> tuple[int, str, str]:
    status, answer = await running.call(method, path, body, **who)
    errors = answer.get("errors") or [{"pointer": ""}]
    return status, answer["type"], errors[0]["pointer"]


def turns_18(day: str) -> dict[str, Any]:
    """What a roster says of a pupil whose 18th birthday is a day."""
    born = date.fromisoformat(day)
    return {"birth_date": born.replace(year=born.year - 18).isoformat()}


async def coming_of_age(running: Registration, now: datetime) -> None:
    """The loop of another process, at a time."""
    async with another_repository(running) as repository:
        await Majorities(Lease(running.mongo, "tested", "test"), repository, lambda: now).drain()


async def test_a_consent_names_the_text_that_it_is_one_to_and_ends_with_its_term(running: Registration) -> None:
    first = {"version": "1", "title": "Согласие", "text": TEXT, "days": 30, "occurred_at": "2020-09-10T00:00:00+03:00"}
    for _ in range(2):
        status, told = await running.call("PUT", TEMPLATES, first, grants=[REGIONAL])
        assert (status, told["digest"], told["used"], told["text"]) == (200, digest_of(TEXT), False, TEXT)
    elsewhere = {"role": "regional-operator", "org": "RU-DA"}
    assert (await running.call("PUT", TEMPLATES, first, grants=[elsewhere]))[0] == 403
    unknown = "/consent-templates/1999/RU-ROS"
    assert (await refused(running, "PUT", unknown, first, grants=[NATIONAL]))[:2] == (409, "season-unknown")
    paper = {"version": "1", "given_at": "2020-09-20T12:00:00+03:00", "channel": "paper"}
    (item,) = await running.enter(pupil("te-1", consent=paper), occurred_at="2020-09-14T10:00:00+03:00")
    assert item["problem"]["errors"][0]["pointer"] == "/pupils/0/consent/register_number"
    (item,) = await running.enter(pupil("te-1", consent={**paper, "register_number": "17/1"}))
    (before,) = await running.enter(pupil("te-0", consent={**paper, "given_at": "2020-09-09T12:00:00+03:00"}))
    status, shown = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    assert shown["consent"] is None, "thirty days are over"
    row = await running.mongo["participants"].find_one({"_id": item["participant"]})
    assert row is not None
    (kept,) = row["consents"]
    assert (kept["template"], kept["register_number"]) == (digest_of(TEXT), "17/1")
    (given,) = [e.event for e in await running.of(item["participant"]) if isinstance(e.event, ConsentGiven)]
    assert (given.template, given.until) == (digest_of(TEXT), at("2020-10-20", 0))
    (older,) = [e.event for e in await running.of(before["participant"]) if isinstance(e.event, ConsentGiven)]
    assert (older.template, older.until) == (None, None)
    changed = {**first, "days": 60}
    assert (await refused(running, "PUT", TEMPLATES, changed, grants=[REGIONAL]))[1:] == ("template-used", "/version")
    await running.call("PUT", TEMPLATES, {**changed, "version": "2"}, grants=[REGIONAL])
    status, page = await running.call("GET", "/consent-templates?season=2020&region=RU-ROS", grants=GUARDIAN)
    assert [(one["version"], one["days"], one["used"]) for one in page["items"]] == [("1", 30, True), ("2", 60, False)]
    assert (await running.call("GET", f"{TEMPLATES}/1", grants=PUPIL))[1]["text"] == TEXT
    assert (await running.call("GET", f"{TEMPLATES}/3", grants=PUPIL))[0] == 404


async def test_a_guardian_agrees_to_the_newest_text_in_the_cabinet(running: Registration) -> None:
    newest = {"version": "now", "title": "Согласие", "digest": "ab" * 32, "days": 400}
    await running.call("PUT", TEMPLATES, newest, grants=[REGIONAL])
    (item,) = await running.enter(pupil("te-2", consent=None, birth_date="2013-05-17"))
    await running.redeem(item["link_code"], "te-mother")
    own: dict[str, Any] = {"grants": GUARDIAN, "subject": "te-mother"}
    path = f"/participants/{item['participant']}/consents"
    for said, pointer in (
        ({"version": "9"}, "/version"),
        ({"template": "0" * 64}, "/template"),
        ({"register_number": "1"}, "/register_number"),
        ({"channel": "paper"}, "/channel"),
        ({"last_day": "2020-01-01"}, "/last_day"),
    ):
        assert await refused(running, "POST", path, said, **own) == (422, "bad-input", pointer)
    status, answer = await running.call("POST", path, {}, **own)
    consent = answer["consent"]
    assert (status, consent["version"], consent["template"], consent["channel"]) == (200, "now", "ab" * 32, "cabinet")
    assert consent["until"].endswith("T00:00:00+03:00")
    assert (await running.call("DELETE", f"{path}/current", **own))[1]["consent"] is None


async def test_from_the_18th_birthday_on_the_pupil_alone_decides(running: Registration) -> None:
    child = pupil("of-1", consent=None, **turns_18("2022-05-17"))
    (item,) = await running.enter(child)
    await running.redeem(item["link_code"], "of-mother")
    await running.redeem(item["account_code"], "of-pupil", "pupil")
    path = f"/participants/{item['participant']}/consents"
    mother: dict[str, Any] = {"grants": GUARDIAN, "subject": "of-mother"}
    own: dict[str, Any] = {"grants": PUPIL, "subject": "of-pupil"}
    assert (await refused(running, "POST", path, {}, **mother))[:2] == (409, "pupil-of-age")
    status, answer = await running.call("POST", path, {}, **own)
    assert (status, answer["consent"]["guardian"]) == (200, "self")
    assert (await refused(running, "DELETE", f"{path}/current", **mother))[:2] == (409, "pupil-of-age")
    assert (await running.call("DELETE", f"{path}/current", **own))[1]["consent"] is None
    paper = {"channel": "gosuslugi", "given_at": "2026-05-17T00:00:00+03:00"}
    staff: dict[str, Any] = {"grants": [NAVIGATOR]}
    late = {**paper, "guardian": item["guardian"]}
    assert (await refused(running, "POST", path, late, **staff))[::2] == (422, "/guardian")
    (minor,) = await running.enter(pupil("of-2", consent=None, birth_date="2014-05-17", grade=1), **{"class": "1А"})
    assert minor["problem"]["errors"][0]["pointer"] == "/pupils/0/grade"
    (minor,) = await running.enter(pupil("of-3", consent=None, birth_date="2013-05-17"))
    await running.redeem(minor["account_code"], "of-minor", "pupil")
    path = f"/participants/{minor['participant']}/consents"
    refusal = await refused(running, "POST", path, {}, grants=PUPIL, subject="of-minor")
    assert refusal[:2] == (409, "pupil-minor")


async def test_guardians_cabinets_end_on_the_birthday_unless_the_pupil_keeps_them(running: Registration) -> None:
    """Of a birthday that is to come; another process is told that it has."""
    father = {"ref": "ad-father", "name": "Иванов Олег"}
    line = {"guardians": [father], "consent": None, **turns_18("2031-09-10")}
    await running.learn(season("goes-on", closes="2099-12-31"))
    (item,) = await running.enter(pupil("ad-1", **line), season="goes-on")
    codes = [item["link_code"], item["guardians"][1]["link_code"]]
    for code, subject in zip(codes, ("ad-mother", "ad-father"), strict=True):
        assert (await running.redeem(code, subject))[0] == 200
    await running.redeem(item["account_code"], "ad-pupil", "pupil")
    own: dict[str, Any] = {"grants": PUPIL, "subject": "ad-pupil"}
    path = f"/participants/{item['participant']}/guardians"
    kept = item["guardians"][1]["guardian"]
    status, answer = await running.call("PUT", f"{path}/{kept}/keeping", {"kept": True}, **own)
    assert (status, answer["kept"]) == (200, True)
    for body, who in (({"kept": True}, GUARDIAN), ({"kept": True}, PUPIL)):
        assert (await running.call("PUT", f"{path}/{kept}/keeping", body, grants=who, subject="stranger"))[0] in (
            403,
            404,
        )
    assert (await running.call("PUT", f"{path}/nobody/keeping", {"kept": True}, **own))[0] == 404
    linked = f"linked.{item['guardian']}"
    await coming_of_age(running, at("2031-09-09", 23))
    await running.know({"_id": item["participant"], linked: {"$exists": True}}, 1, "participants")
    for _ in range(2):
        await coming_of_age(running, at("2031-09-10", 0))
    ended = [e for e in await running.of(item["participant"]) if isinstance(e.event, GuardianUnlinked)]
    told = [(e.event.guardian, e.event.by, e.event.reason) for e in ended if isinstance(e.event, GuardianUnlinked)]
    assert told == [(item["guardian"], "platform", "of-age")]
    assert ended[0].time == at("2031-09-10", 0)
    assert (
        await running.mongo["guardians"].find_one({"_id": item["guardian"], "account": running.account("ad-mother")})
        is None
    )
    row = await running.mongo["participants"].find_one({"_id": item["participant"]})
    assert row is not None
    assert row["linked"] == {kept: running.account("ad-father")}
    status, codes_now = await running.call("GET", f"/participants/{item['participant']}/codes", grants=[NAVIGATOR])
    anew = next(code["code"] for code in codes_now["codes"] if code["owner"] == item["guardian"])
    assert await running.redeem(anew, "ad-mother") == (409, "pupil-of-age")
    await running.call("PUT", f"{path}/{item['guardian']}/keeping", {"kept": True}, **own)
    assert (await running.redeem(anew, "ad-mother"))[0] == 200
    vault = await running.mongo["vault"].find_one({"_id": item["participant"]})
    assert vault is not None
    assert (vault["majority"], "2013" in str({name: vault[name] for name in vault.keys() - {"data"}})) == (False, False)


async def test_rows_of_an_earlier_release_are_marked_by_the_loop(running: Registration) -> None:
    (item,) = await running.enter(pupil("old-1", consent=None, **turns_18("2031-01-15")))
    await running.redeem(item["link_code"], "old-mother")
    await running.mongo["vault"].update_one({"_id": item["participant"]}, {"$unset": {"majority": ""}})
    await running.know({"_id": item["participant"], "majority": None}, 1, "vault")
    await coming_of_age(running, at("2031-01-20"))
    await running.know({"_id": item["participant"], "linked": {}}, 1, "participants")


async def test_a_representative_is_an_organisation_whose_number_is_right(running: Registration) -> None:
    home = {"ref": "home", "name": "Детский дом № 1", "kind": "organisation", "inn": "6102000019"}
    (item,) = await running.enter(pupil("or-1", guardian=home, consent=None, birth_date="2013-05-17"))
    assert item["problem"]["errors"][0]["pointer"] == "/pupils/0/guardian/inn"
    (item,) = await running.enter(
        pupil("or-1", guardian={**home, "inn": "6102000018"}, consent=None, birth_date="2013-05-17")
    )
    status, shown = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    (guardian,) = shown["guardians"]
    assert (guardian["kind"], guardian["inn"], guardian["name"]) == ("organisation", "6102000018", home["name"])
    more = {"guardians": [{**home, "inn": "6102000018", "ogrn": "1026100000013"}]}
    assert (await running.call("PATCH", f"/participants/{item['participant']}", more, grants=[NAVIGATOR]))[0] == 200
    status, shown = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    assert shown["guardians"][0]["ogrn"] == "1026100000013"
    await running.redeem(item["link_code"], "the home")
    status, answer = await running.call(
        "POST", f"/participants/{item['participant']}/consents", {}, grants=GUARDIAN, subject="the home"
    )
    assert (status, answer["consent"]["guardian"]) == (200, guardian["guardian"])
    for envelope in await running.of(item["participant"]):
        assert not {"6102000018", home["name"]} & set(map(str, envelope.event.model_dump().values()))
