"""Registration over HTTP on real Kafka and MongoDB: nothing twice, nothing half, no name outside the vault."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.api.rosters import Roster, RosterAnswer, RosterItem, read
from services.registration.domain.links import Linked
from services.registration.domain.participants import Key, Participant
from services.registration.handlers.links import redeem
from services.registration.handlers.rosters import register
from services.registration.repository import Repository
from shared.base.errors import Conflict
from shared.contracts.registration import GuardianLinked
from shared.http.batch import Done, Item, Request
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.messaging import kafka
from shared.storage.mongo import Transaction
from shared.storage.outbox import utcnow
from tests.builders import attended, diagnosed, enveloped, recommended, revoked, season
from tests.builders_registration import SCHOOL, pupil, roster
from tests.integration.running import eventually, publish, read_all
from tests.integration.running_registration import (
    NATIONAL,
    NAVIGATOR,
    REGIONAL,
    Registration,
    another_repository,
    registration,
)

GUARDIAN, PUPIL = [{"role": "guardian"}], [{"role": "pupil"}]
OTHER_SCHOOL = {"role": "navigator", "org": "RU-ROS-001-S02"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def _written(running: Registration) -> tuple[dict[str, int], dict[Any, int]]:
    """All documents and all records."""
    topics = [f"{running.settings.kafka_topic_prefix}registration.{name}.v1" for name in ("events", "catalogue")]
    return await running.documents(), await kafka.end_offsets(running.settings.bootstrap, topics)


def _pointers(answer: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in answer["errors"]]


async def test_the_register_publishes_a_definition_once(running: Registration) -> None:
    school = {"kind": "school", "name": "Лицей", "parent": "RU-ROS-001", "occurred_at": "2020-08-01T00:00:00Z"}
    status, answer = await running.define("RU-ROS-001-L1", **school)
    assert (status, answer["region"], answer["municipality"], answer["utc_offset"]) == (
        200,
        "RU-ROS",
        "RU-ROS-001",
        "+03:00",
    )
    assert await running.define("RU-ROS-001-L1", **school) == (200, answer)
    found = [e for e in await running.published("registration.catalogue.v1") if "L1" in e.subject]
    assert [(e.id, e.time.isoformat()) for e in found] == [
        ("organisation/RU-ROS-001-L1:0000000001", "2020-08-01T03:00:00+03:00")
    ]
    assert (await running.define("RU-ROS-001-L1", **{**school, "kind": "college"}))[0] == 409


async def test_an_operator_defines_in_its_own_region_alone(running: Registration) -> None:
    elsewhere = {"role": "regional-operator", "org": "RU-MOS"}
    school = {"kind": "school", "name": "Школа", "parent": "RU-ROS-001"}
    assert (await running.call("PUT", "/organisations/S9", school, grants=[elsewhere]))[0] == 403
    assert (await running.call("PUT", "/organisations/S9", school, grants=[NAVIGATOR]))[0] == 403
    region = {"kind": "region", "name": "Регион", "parent": "RU", "utc_offset": "+05:00"}
    assert (await running.call("PUT", "/organisations/RU-X", region, grants=[REGIONAL]))[0] == 403
    unknown = {**school, "parent": "RU-ROS-999"}
    status, answer = await running.call("PUT", "/organisations/S9", unknown, grants=[REGIONAL])
    assert (status, _pointers(answer)) == (422, ["/parent"])
    assert (await running.call("PUT", "/organisations/a.b", school, grants=[NATIONAL]))[0] == 422


async def test_an_operator_takes_no_code_of_another_region(running: Registration) -> None:
    district = {"kind": "municipality", "name": "Район", "parent": "RU-ROS"}
    for code in ("RU", "RU-MOW", "RU-MOW-001", "RU-ROSTOV"):
        status, answer = await running.call("PUT", f"/organisations/{code}", district, grants=[REGIONAL])
        assert (status, _pointers(answer)) == (422, ["path:code"])
    nation = {"kind": "region", "name": "Россия", "parent": "RU", "utc_offset": "+03:00"}
    status, answer = await running.call("PUT", "/organisations/RU", nation, grants=[NATIONAL])
    assert (status, _pointers(answer)) == (422, ["path:code"])
    assert (await running.define("RU-MOW", **nation))[0] == 200
    assert (await running.define("RU-ROS-002", **district))[0] == 200


async def test_a_class_s_navigator_gets_nobody_of_another_class(running: Registration) -> None:
    await running.learn(season("2021", opens="2021-07-07", closes="2021-12-16"))
    (item,) = await running.enter(pupil("s1"))
    narrowed = [{**NAVIGATOR, "classes": ["7Б", "8Б"]}]
    new, mother = {"ref": "s-new", "name": "Н"}, {"ref": "gs1", "name": "М"}
    lines = [pupil("s1"), pupil("s1", guardian=new), pupil("s2", guardian=mother)]
    later = {"season": "2021", "occurred_at": "2021-09-14T10:00:00+03:00"}
    before = await _written(running)
    for line in lines:
        for changed in ({"class": "7Б"}, {"class": "8Б", **later}):
            sent = roster([{**line, "grade": int(changed["class"][0])}], **changed)
            status, answer = await running.call("POST", "/rosters", sent, grants=narrowed)
            (refused,) = answer["items"]
            assert (status, refused.keys()) == (200, {"external_ref", "status", "problem"})
            where = "external_ref" if line["external_ref"] == "s1" else "guardian/ref"
            assert _pointers(refused["problem"]) == [f"/pupils/0/{where}"]
    assert await _written(running) == before
    own = [{**NAVIGATOR, "classes": ["7А"]}]
    status, answer = await running.call("POST", "/rosters", roster([pupil("s1"), lines[2]]), grants=own)
    assert (status, [i["status"] for i in answer["items"]]) == (200, ["known", "created"])
    assert [i["guardian"] for i in answer["items"]] == [item["guardian"]] * 2
    sibling = roster([pupil("s3", guardian=mother)], **{"class": "7Б"})
    status, answer = await running.call("POST", "/rosters", sibling, grants=[NAVIGATOR])
    assert (status, answer["items"][0]["guardian"]) == (200, item["guardian"])
    sibling = roster([pupil("s4", guardian=mother)], **{"class": "7Б"})
    status, answer = await running.call("POST", "/rosters", sibling, grants=narrowed)
    assert (status, answer["items"][0]["guardian"]) == (200, item["guardian"])


async def test_what_is_not_unicode_stops_no_other_line(running: Registration) -> None:
    items = await running.enter(pupil("u1"), {"external_ref": "\ud800"}, pupil("u2", name="\ud800"))
    assert [item["status"] for item in items] == ["created", "rejected", "rejected"]
    assert "external_ref" not in items[1]


async def test_a_roster_registers_each_pupil_once(running: Registration) -> None:
    lines = [pupil("a1"), pupil("a2", guardian=None, consent=None)]
    first = await running.enter(*lines)
    assert [item["status"] for item in first] == ["created", "created"]
    assert "link_code" not in first[1]
    before = await _written(running)
    assert await running.enter(*lines) == [{**item, "status": "known"} for item in first]
    assert await _written(running) == before
    told = await running.of(first[0]["participant"])
    assert [(e.event.type, e.sequence, e.time.isoformat()) for e in told] == [
        ("participant.registered.v1", "0000000001", "2020-09-14T10:00:00+03:00"),
        ("consent.given.v1", "0000000002", "2020-09-01T12:00:00+03:00"),
    ]


async def test_the_same_roster_five_times_at_once_registers_each_pupil_once(running: Registration) -> None:
    lines = [pupil(f"b{i}") for i in range(20)]
    answers = await asyncio.gather(*(running.enter(*lines) for _ in range(5)))
    assert sorted(item["status"] for items in answers for item in items) == ["created"] * 20 + ["known"] * 80
    assert len({(item["participant"], item["link_code"]) for items in answers for item in items}) == 20
    ours = {item["participant"] for item in answers[0]}
    told = [e for e in await running.published("registration.events.v1") if e.subject in ours]
    assert len(told) == len({e.id for e in told}) == 40


async def test_rosters_at_once_are_each_answered_as_if_alone(running: Registration) -> None:
    third = {**OTHER_SCHOOL, "org": "RU-ROS-001-S03"}
    await running.define(third["org"], kind="school", name="Школа", parent="RU-ROS-001")

    def sent(ref: str, grant: dict[str, Any], **changed: Any) -> Coroutine[Any, Any, tuple[int, dict[str, Any]]]:
        lines = [pupil(f"{ref}{i}", guardian={"ref": ref, "name": "Мать"}) for i in range(5)]
        return running.call("POST", "/rosters", roster(lines, **changed), grants=[grant])

    def commands() -> list[Coroutine[Any, Any, tuple[int, dict[str, Any]]]]:
        return [
            *(sent("p", NAVIGATOR) for _ in range(4)),
            *(sent("p", third, school=third["org"]) for _ in range(4)),
            *(sent(f"q{n}", NAVIGATOR) for n in range(8)),
            sent("p", OTHER_SCHOOL),
            sent("p", NAVIGATOR, season="2099"),
            sent("p", REGIONAL, school="RU-ROS-001-S77"),
            sent("p", REGIONAL, school="RU-ROS-001"),
        ]

    answers = await asyncio.gather(*commands())
    assert [status for status, _ in answers] == [200] * 16 + [403, 409, 404, 422]
    items = [item for _, answer in answers[:16] for item in answer["items"]]
    assert [item["status"] for item in items].count("created") == 50
    assert len({item["participant"] for item in items}) == 50
    assert len({item["guardian"] for item in items}) == 10
    before = await _written(running)
    for (status, first), command in zip(answers, commands(), strict=True):
        again = await command
        for item in first.get("items", ()):
            item["status"] = "known"
        assert again == (status, first)
    assert await _written(running) == before


async def test_pupils_whom_another_process_enters_meanwhile_are_known(
    running: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = roster([pupil("r1"), pupil("r2")])
    who = Principal("staff", "staff", (Grant("navigator", SCHOOL.id),))
    new_id = partial(secrets.token_hex, 8)
    request = await read(Roster.model_validate(sent), who, utcnow())

    async def registered(repository: Repository) -> list[RosterItem]:
        (outcomes,) = await register(repository, [request], new_id)
        assert isinstance(outcomes, list)
        return RosterAnswer.of(request, outcomes, repository.codes).items

    async with another_repository(running) as slow, another_repository(running) as quick:
        find, seen, first = slow.pupils, list[int](), list[RosterItem]()

        async def overtaken(keys: Iterable[Key], tx: Transaction) -> list[Participant]:
            found = await find(keys, tx)
            seen.append(len(found))
            if len(seen) == 1:
                first.extend(await registered(quick))
            return found

        monkeypatch.setattr(slow, "pupils", overtaken)
        second = await registered(slow)
    assert seen == [0, 2]
    assert second == [item.model_copy(update={"status": "known"}) for item in first]
    assert [item.status for item in first] == ["created", "created"]


async def test_a_wrong_line_stops_no_other_and_a_wrong_roster_changes_nothing(running: Registration) -> None:
    wrong = [pupil("c1", grade=9), pupil("c1"), pupil("c3", birth_date="1950-01-01"), {"external_ref": "c4"}, 5]
    before = await _written(running)
    items = await running.enter(*wrong)
    assert [item["status"] for item in items] == ["rejected"] * 5
    assert _pointers(items[0]["problem"]) == ["/pupils/0/grade"]
    assert await _written(running) == before
    items = await running.enter(pupil("c5"), *wrong[2:])
    assert [item["status"] for item in items] == ["created", "rejected", "rejected", "rejected"]


@pytest.mark.parametrize(
    ("changed", "grant", "expected"),
    [
        ({"season": "2099"}, NAVIGATOR, (409, "season-unknown")),
        ({"school": "RU-ROS-001-S77"}, NAVIGATOR, (404, "school-unknown")),
        ({"school": "RU-ROS-001"}, REGIONAL, (422, "bad-input")),
        ({"occurred_at": "2999-01-01T00:00:00+03:00"}, NAVIGATOR, (422, "bad-input")),
        ({"class": "А7"}, NAVIGATOR, (422, "bad-input")),
        ({"pupils": [pupil(str(i)) for i in range(1_001)]}, NAVIGATOR, (422, "bad-input")),
        ({}, OTHER_SCHOOL, (403, "forbidden")),
        ({}, {**NAVIGATOR, "classes": ["7Б"]}, (403, "forbidden")),
        ({}, {"role": "guardian"}, (403, "forbidden")),
        ({}, {"role": "navigator", "org": "RU"}, (403, "forbidden")),
        ({}, {"role": "navigator", "org": "RU-ROS"}, (403, "forbidden")),
        ({}, {"role": "navigator", "org": "RU-ROS-001"}, (403, "forbidden")),
        ({"school": "RU-ROS-001"}, {"role": "navigator", "org": "RU-ROS-001"}, (403, "forbidden")),
        ({}, {"role": "municipal-operator", "org": "RU-ROS"}, (403, "forbidden")),
        ({}, {"role": "municipal-operator", "org": SCHOOL.id}, (403, "forbidden")),
        ({}, {"role": "regional-operator", "org": SCHOOL.id}, (403, "forbidden")),
    ],
)
async def test_a_refused_roster_changes_nothing(
    running: Registration, changed: dict[str, Any], grant: dict[str, Any], expected: tuple[int, str]
) -> None:
    before = await _written(running)
    status, answer = await running.call("POST", "/rosters", roster([pupil("d1")]) | changed, grants=[grant])
    assert (status, answer["type"]) == expected
    assert answer.get("retryable", False) is (answer["type"] == "season-unknown")
    if status != 403:
        assert _pointers(answer) == [f"/{next(iter(changed))}"]
    assert await _written(running) == before


async def test_a_guardian_opens_a_cabinet_for_two_children_by_their_codes(running: Registration) -> None:
    mother = {"ref": "mother-e", "name": "Петрова Мария"}
    items = await running.enter(pupil("e1", guardian=mother), pupil("e2", guardian=mother))
    for item in items:
        for _ in range(2):
            body = {"code": item["link_code"].lower()}
            answer = await running.call("POST", "/links", body, grants=GUARDIAN, subject="mother-e")
            assert answer == (200, {"participant": item["participant"], "guardian": items[0]["guardian"]})
    linked = [e for item in items for e in await running.of(item["participant"]) if isinstance(e.event, GuardianLinked)]
    assert len(linked) == 2
    assert {e.event.guardian for e in linked if isinstance(e.event, GuardianLinked)} == {items[0]["guardian"]}
    assert linked[0].time.isoformat().endswith("+03:00")
    again = await running.enter(pupil("e1", guardian=mother))
    assert "link_code" not in again[0]
    assert again[0]["account_code"] == items[0]["account_code"]


async def test_a_code_is_for_one_account_of_its_kind(running: Registration) -> None:
    (item,) = await running.enter(pupil("f1"))
    link, own = {"code": item["link_code"]}, {"code": item["account_code"]}

    async def refusal(body: dict[str, str], grants: list[dict[str, str]], subject: str) -> tuple[int, str]:
        status, answer = await running.call("POST", "/links", body, grants=grants, subject=subject)
        return status, answer["type"]

    assert await refusal({"code": "AAAAAAAAAAAA"}, GUARDIAN, "f") == (404, "code-unknown")
    assert await refusal(link, PUPIL, "f") == (403, "wrong-code-kind")
    assert await refusal(own, GUARDIAN, "f") == (403, "wrong-code-kind")
    calls = (running.call("POST", "/links", link, grants=GUARDIAN, subject=f"f{i}") for i in range(8))
    assert sorted(status for status, _ in await asyncio.gather(*calls)) == [200] + [409] * 7
    assert await refusal(link, GUARDIAN, "somebody") == (409, "code-redeemed")
    status, answer = await running.call("POST", "/links", own, grants=PUPIL, subject="f-pupil")
    assert (status, answer) == (200, {"participant": item["participant"], "guardian": None})
    types = [e.event.type for e in await running.of(item["participant"])][2:]
    assert sorted(types) == ["account.linked.v1", "guardian.linked.v1"]


async def test_one_guardian_has_one_account(running: Registration) -> None:
    father = {"ref": "father-g", "name": "Петров Иван"}
    items = await running.enter(pupil("g1", guardian=father), pupil("g2", guardian=father))
    assert (await running.call("POST", "/links", {"code": items[0]["link_code"]}, grants=GUARDIAN, subject="g"))[
        0
    ] == 200
    status, answer = await running.call("POST", "/links", {"code": items[1]["link_code"]}, grants=GUARDIAN, subject="h")
    assert (status, answer["type"]) == (409, "guardian-linked-elsewhere")


async def test_links_at_once_are_as_one_by_one(running: Registration) -> None:
    families = [
        await running.enter(*(pupil(f"m{n}-{i}", guardian={"ref": f"m{n}", "name": "Мать"}) for i in range(3)))
        for n in range(8)
    ]
    requests = [("AAAAAAAAAAAA", f"nobody-{n}", "guardian") for n in range(4)]
    for n, (first, second, third) in enumerate(families):
        requests += [
            *[(item["link_code"], f"mother-m{n}", "guardian") for item in (first, second, first)],
            *[(item["account_code"], f"pupil-{item['participant']}", "pupil") for item in (first, second, third)],
            (first["link_code"], f"stranger-m{n}", "guardian"),
            (third["link_code"], f"rival-m{n}", "guardian"),
            (first["account_code"], f"mother-m{n}", "guardian"),
            (second["link_code"], f"pupil-{second['participant']}", "pupil"),
        ]
    at_once = await asyncio.gather(*(running.redeem(*request) for request in requests))
    one_by_one = [await running.redeem(*request) for request in requests]
    assert [a if a[0] != 409 else 409 for a in one_by_one] == [a if a[0] != 409 else 409 for a in at_once]
    linked = {(item["participant"], item["guardian"]) for family in families for item in family}
    answers = [answer for status, answer in at_once if status == 200]
    assert {answer for answer in answers if answer[1]} <= linked
    assert {answer[0] for answer in answers if not answer[1]} == {participant for participant, _ in linked}
    assert {slug for status, slug in at_once if status != 200} == {
        "code-unknown",
        "wrong-code-kind",
        "code-redeemed",
        "guardian-linked-elsewhere",
    }
    told = [e for e in await running.published("registration.events.v1") if e.subject in {p for p, _ in linked}]
    assert len([e for e in told if e.event.type == "account.linked.v1"]) == 24
    links = [e.event for e in told if isinstance(e.event, GuardianLinked)]
    assert sorted((e.participant, e.guardian) for e in links) == sorted({a for a in answers if a[1]})
    bound = await running.mongo["guardians"].find({"_id": {"$in": [guardian for _, guardian in linked]}}).to_list(None)
    assert {(e.guardian, e.account) for e in links} == {(row["_id"], row["account"]) for row in bound}


async def test_a_guardian_is_never_bound_to_two_accounts_by_two_processes(running: Registration) -> None:
    families = [
        await running.enter(*(pupil(f"n{n}-{i}", guardian={"ref": f"n{n}", "name": "Мать"}) for i in range(2)))
        for n in range(20)
    ]
    async with running.replica() as other:
        calls = [
            running.redeem(item["link_code"], f"{subject}{n}", base=base)
            for n, family in enumerate(families)
            for item, subject, base in zip(family, "ab", (running.base, other), strict=True)
        ]
        answers = await asyncio.gather(*calls)
    for one, two in zip(answers[::2], answers[1::2], strict=True):
        assert sorted(status for status, _ in (one, two)) == [200, 409]
        assert "guardian-linked-elsewhere" in (one[1], two[1])


async def test_a_binding_that_another_process_makes_meanwhile_is_seen(
    running: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await running.enter(*(pupil(f"o{i}", guardian={"ref": "o", "name": "Мать"}) for i in range(2)))

    def redemption(repository: Repository, item: dict[str, Any], account: str) -> Request[bytes]:
        code = Item("/code", repository.codes.digest(item["link_code"]), word="code")
        return Request(items=[code], who=Principal(account, account, (Grant("guardian"),)), now=utcnow())

    async with another_repository(running) as slow, another_repository(running) as quick:
        read, seen = slow.accounts, list[dict[str, str]]()

        async def overtaken(guardians: Iterable[str], tx: Transaction) -> dict[str, str]:
            seen.append(await read(guardians, tx))
            if len(seen) == 1:
                (linked,) = await redeem(quick, [redemption(quick, second, "b")])
                assert linked == Done(Linked(second["participant"], second["guardian"], new=True), new=True)
            return seen[-1]

        monkeypatch.setattr(slow, "accounts", overtaken)
        (refused,) = await redeem(slow, [redemption(slow, first, "a")])
    assert isinstance(refused, Conflict)
    assert refused.type == "guardian-linked-elsewhere"
    assert seen == [{}, {first["guardian"]: "b"}]


async def test_consent_is_given_and_withdrawn_by_the_school_or_the_guardian(running: Registration) -> None:
    (item,) = await running.enter(pupil("h1", consent=None))
    path = f"/participants/{item['participant']}/consents"
    given = {"version": "2020-1", "channel": "gosuslugi", "given_at": "2020-09-20T09:00:00Z"}
    for _ in range(2):
        status, answer = await running.call("POST", path, given, grants=[NAVIGATOR])
        assert (status, answer["consent"]["given_at"]) == (200, "2020-09-20T12:00:00+03:00")
        assert answer["consent"]["guardian"] == item["guardian"]
    assert (await running.call("DELETE", f"{path}/current", grants=GUARDIAN, subject="h1"))[0] == 404
    await running.call("POST", "/links", {"code": item["link_code"]}, grants=GUARDIAN, subject="h1")
    for _ in range(2):
        ended = await running.call("DELETE", f"{path}/current", grants=GUARDIAN, subject="h1")
        assert ended == (200, {"participant": item["participant"], "consent": None})
    assert (await running.call("POST", path, given, grants=[NAVIGATOR]))[0] == 409
    own = {"version": "2020-1", "channel": "cabinet"}
    status, answer = await running.call("POST", path, own, grants=GUARDIAN, subject="h1")
    assert (status, _pointers(answer)) == (422, ["/version"]), "nobody has published it"
    text = {"title": "Согласие", "url": "https://bilet.example/consent/2020-1"}
    for _ in range(2):
        assert (await running.call("PUT", "/consent-documents/2020-1", text, grants=[NATIONAL]))[0] == 200
    assert (await running.call("PUT", "/consent-documents/2020-1", text, grants=[REGIONAL]))[0] == 403
    other = {**text, "title": "Другое"}
    status, answer = await running.call("PUT", "/consent-documents/2020-1", other, grants=[NATIONAL])
    assert (status, answer["type"]) == (409, "document-published")
    status, answer = await running.call("GET", "/consent-documents", grants=GUARDIAN, subject="h1")
    assert (status, [d["version"] for d in answer["items"]], answer["next"]) == (200, ["2020-1"], None)
    for wrong, pointer in (({"given_at": given["given_at"]}, "/given_at"), ({"channel": "paper"}, "/channel")):
        status, answer = await running.call("POST", path, {**own, **wrong}, grants=GUARDIAN, subject="h1")
        assert (status, _pointers(answer)) == (422, [pointer])
    status, answer = await running.call("POST", path, {"version": "2020-1"}, grants=GUARDIAN, subject="h1")
    assert (status, answer["consent"]["channel"]) == (200, "cabinet")
    status, answer = await running.call("POST", path, {"version": "2"}, grants=[NAVIGATOR])
    assert (status, _pointers(answer)) == (422, ["/channel"]), "staff say how it was given"
    assert (await running.call("POST", path, given, grants=[OTHER_SCHOOL]))[0] == 404
    for never in ("2099-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        status, answer = await running.call("POST", path, {**given, "given_at": never}, grants=[NAVIGATOR])
        assert (status, _pointers(answer)) == (422, ["/given_at"])
    ending = f"{path}/current?occurred_at=2020-10-01T00:00:00Z"
    status, answer = await running.call("DELETE", ending, grants=GUARDIAN, subject="h1")
    assert (status, _pointers(answer)) == (422, ["query:occurred_at"])
    status, answer = await running.call("DELETE", ending.replace("2020", "0001"), grants=[NAVIGATOR])
    assert (status, _pointers(answer)) == (422, ["query:occurred_at"])
    types = [e.event.type.split(".v")[0] for e in await running.of(item["participant"])]
    assert types == ["participant.registered", "consent.given", "guardian.linked", "consent.withdrawn", "consent.given"]


async def test_a_pupil_is_seen_by_the_school_and_the_family_alone_and_readers_are_on_record(
    running: Registration,
) -> None:
    (item,) = await running.enter(pupil("i1", disability=True))
    path = f"/participants/{item['participant']}"
    status, seen = await running.call("GET", path, grants=[NAVIGATOR])
    assert (status, seen["name"], seen["birth_date"], seen["class"]) == (200, "Иванов Пётр i1", "2007-05-17", "7А")
    assert seen["guardians"] == [{"guardian": item["guardian"], "name": "Иванова Анна i1", "linked": False}]
    assert seen["disability"] is True
    unfit = {"role": "navigator", "org": "RU-ROS-001"}
    narrowed, claimed = {**NAVIGATOR, "classes": ["7Б"]}, {"role": "guardian", "org": "RU"}
    status, answer = await running.call("GET", f"/schools/{SCHOOL.id}/participants?season=2020", grants=[unfit])
    assert (status, "held in a school" in answer["detail"]) == (403, True)
    for grants in ([OTHER_SCHOOL], [unfit], [narrowed], GUARDIAN, [claimed]):
        assert (await running.call("GET", path, grants=grants, subject="stranger"))[0] == 404
    await running.call("POST", "/links", {"code": item["link_code"]}, grants=GUARDIAN, subject="i-mother")
    await running.call("POST", "/links", {"code": item["account_code"]}, grants=PUPIL, subject="i-pupil")
    status, seen = await running.call("GET", path, grants=GUARDIAN, subject="i-mother")
    assert (status, [g["linked"] for g in seen["guardians"]]) == (200, [True])
    status, seen = await running.call("GET", path, grants=PUPIL, subject="i-pupil")
    assert (status, seen["guardians"], seen["account_linked"]) == (200, [], True)
    for other, subject in ((PUPIL, "i-mother"), (GUARDIAN, "i-pupil"), ([OTHER_SCHOOL], "i-mother")):
        assert (await running.call("GET", path, grants=other, subject=subject))[0] == 404
    assert (await running.call("DELETE", f"{path}/consents/current", grants=[OTHER_SCHOOL], subject="i-mother"))[
        0
    ] == 404
    reading = {"participants": item["participant"], "route": "GET /registration/participants/{participant}"}
    await running.know(reading, 3, "audit_log")
    assert len(await running.mongo["audit_log"].distinct("actor", reading)) == 3


async def test_a_school_sees_who_is_stuck_page_by_page(running: Registration) -> None:
    school = "RU-ROS-001-S02"
    lines = {"school": school, "season": "2020"}
    body = roster([pupil(f"j{i}") for i in range(5)], **lines)
    status, answer = await running.call("POST", "/rosters", body, grants=[OTHER_SCHOOL])
    other = roster([pupil("j9", grade=8)], **lines, **{"class": "8А"})
    assert (await running.call("POST", "/rosters", other, grants=[OTHER_SCHOOL]))[0] == status == 200
    first = answer["items"][0]["participant"]
    told = [
        enveloped(revoked(first, "s2"), 4),
        enveloped(attended(first, "s1"), 2),
        enveloped(attended(first, "s2"), 3),
        enveloped(attended(first, "s3", kind="museum"), 5),
        enveloped(diagnosed(first), 1),
        enveloped(recommended(first), 6),
    ]
    await publish(running.settings, *told, *told)

    async def pages(limit: int, grant: dict[str, Any]) -> list[dict[str, Any]]:
        read: list[dict[str, Any]] = []
        query = f"/schools/{school}/participants?season=2020&limit={limit}"
        cursor = ""
        while True:
            code, page = await running.call("GET", f"{query}{cursor}", grants=[grant])
            assert code == 200, page
            assert len(page["items"]) <= limit
            read += page["items"]
            if page["next"] is None:
                return read
            cursor = f"&after={page['next']}"

    async def recommended_shown() -> bool:
        return any(item["progress"]["recommended"] for item in await pages(100, OTHER_SCHOOL))

    await eventually(recommended_shown)
    listed = await pages(2, OTHER_SCHOOL)
    assert [item["class"] for item in listed] == ["7А"] * 5 + ["8А"]
    assert len({item["participant"] for item in listed}) == 6
    progress = next(item["progress"] for item in listed if item["participant"] == first)
    assert (progress["diagnostics"], progress["trials"], progress["activities"]) == (["readiness"], 1, 1)
    assert [item["class"] for item in await pages(3, {**OTHER_SCHOOL, "classes": ["8А"]})] == ["8А"]
    path = f"/schools/{school}/participants?season=2020"
    assert (await running.call("GET", path, grants=[NAVIGATOR]))[0] == 403
    assert (await running.call("GET", f"{path}&after=x", grants=[OTHER_SCHOOL]))[0] == 422
    status, answer = await running.call("GET", "/schools/S77/participants?season=2020", grants=[OTHER_SCHOOL])
    assert (status, _pointers(answer)) == (404, ["path:code"])


async def test_a_season_is_known_by_its_newest_definition(running: Registration) -> None:
    await running.learn(season("2021", grades=(6, 8)), 2)
    await running.learn(season("2022"))
    await publish(running.settings, enveloped(season("2021", grades=(6, 11)), 1))
    await running.learn(season("2022"), 2)
    (item,) = await running.enter(pupil("k1", grade=9), **{"class": "9А", "season": "2021"})
    assert _pointers(item["problem"]) == ["/pupils/0/grade"]


async def test_no_name_or_birth_date_is_anywhere_but_sealed(running: Registration) -> None:
    secrets = ("Секретов", "Секретова", "2006-02-03")
    line = pupil("l1", name="Секретов Тимур", birth_date="2006-02-03", guardian={"ref": "l", "name": "Секретова Ада"})
    (item, _) = await running.enter(line, {**line, "external_ref": "l2", "grade": 20})
    await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    await running.published("registration.events.v1")
    stored = [repr(await running.mongo[name].find({}).to_list(None)) for name in await running.documents()]
    prefix = running.settings.kafka_topic_prefix
    for topic in (f"{prefix}registration.events.v1", f"{prefix}registration.catalogue.v1"):
        stored += [(r.value or b"").decode() for r in await read_all(running.settings, topic)]
    stored.append(running.log.read_text())
    everything = "\n".join(stored) + json.dumps(stored, ensure_ascii=False)
    assert item["participant"] in everything
    assert [secret for secret in secrets if secret in everything] == []


@pytest.mark.parametrize(
    ("query", "body", "pointer"), [("?ocurred_at=2020-09-20", None, "query:ocurred_at"), ("", {}, "")]
)
async def test_a_withdrawal_that_is_misspelt_withdraws_nothing(
    running: Registration, query: str, body: Any, pointer: str
) -> None:
    (item,) = await running.enter(pupil("misspelt"))
    consent = f"/participants/{item['participant']}/consents/current"
    status, answer = await running.call("DELETE", f"{consent}{query}", body, grants=[NAVIGATOR])
    assert (status, _pointers(answer)) == (422, [pointer])
    status, shown = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    assert (status, shown["consent"]["version"]) == (200, "2020-1")


async def test_broken_json_and_no_token_are_refused(running: Registration) -> None:
    url = f"{running.base}/registration/rosters"
    token = running.issuer.token("staff", [NAVIGATOR], time.time())
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with running.http.post(url, data=b'{"season": ', headers=headers) as answer:
        assert (answer.status, (await answer.json(content_type=None))["type"]) == (400, "malformed-json")
    async with running.http.post(url, json=roster([pupil()])) as answer:
        assert (answer.status, (await answer.json(content_type=None))["type"]) == (401, "unauthenticated")


async def test_the_interface_is_described_whole(running: Registration) -> None:
    url = f"{running.base}/registration/openapi.json"
    async with running.http.get(url) as answer:
        document = await answer.json()
    models = document["components"]["schemas"]
    assert {"GuardianEntry", "ConsentEntry", "RosterItem", "ParticipantView", "PupilPage", "Link"} <= models.keys()
    assert "class" in models["Roster"]["properties"]
    assert {"external_ref", "guardian", "consent"} <= models["Roster"]["properties"]["pupils"]["items"][
        "properties"
    ].keys()
    assert SCHOOL.id not in json.dumps(document)


async def test_every_row_that_a_request_writes_says_who_did_it(running: Registration) -> None:
    text = {"title": "Согласие", "url": "https://example.org/by-whom"}
    assert (await running.call("PUT", "/consent-documents/by-whom", text, grants=[NATIONAL]))[0] == 200
    (item,) = await running.enter(pupil("by-whom"))
    before = await running.mongo["guardians"].find_one({"_id": item["guardian"]})
    await running.call("POST", "/links", {"code": item["link_code"]}, grants=GUARDIAN, subject="by-whom")
    after = await running.mongo["guardians"].find_one({"_id": item["guardian"]})
    published = await running.mongo["consent_documents"].find_one({"_id": "by-whom"})
    assert [row and (row["changed"]["roles"], row["changed"]["route"]) for row in (before, after, published)] == [
        (["navigator"], "POST /registration/rosters"),
        (["guardian"], "POST /registration/links"),
        (["national-operator"], "PUT /registration/consent-documents/{version}"),
    ]
