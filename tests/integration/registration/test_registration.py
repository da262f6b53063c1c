"""Registration over HTTP on real Kafka and MongoDB: nothing twice, nothing half, no name outside the vault."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.events import attended, diagnosed, enveloped, recommended, revoked, season
from tests.builders.registration import SCHOOL, pupil, roster
from tests.drivers.consumers import eventually, publish, read_all
from tests.drivers.registration import (
    NATIONAL,
    NAVIGATOR,
    OTHER_SCHOOL,
    REGIONAL,
    Registration,
    pointers_of,
    registration,
)

GUARDIAN, PUPIL = [{"role": "guardian"}], [{"role": "pupil"}]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


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
    assert (status, pointers_of(answer)) == (422, ["/parent"])
    assert (await running.call("PUT", "/organisations/a.b", school, grants=[NATIONAL]))[0] == 422


async def test_an_operator_takes_no_code_of_another_region(running: Registration) -> None:
    district = {"kind": "municipality", "name": "Район", "parent": "RU-ROS"}
    for code in ("RU", "RU-MOW", "RU-MOW-001", "RU-ROSTOV"):
        status, answer = await running.call("PUT", f"/organisations/{code}", district, grants=[REGIONAL])
        assert (status, pointers_of(answer)) == (422, ["path:code"])
    nation = {"kind": "region", "name": "Россия", "parent": "RU", "utc_offset": "+03:00"}
    status, answer = await running.call("PUT", "/organisations/RU", nation, grants=[NATIONAL])
    assert (status, pointers_of(answer)) == (422, ["path:code"])
    assert (await running.define("RU-MOW", **nation))[0] == 200
    assert (await running.define("RU-ROS-002", **district))[0] == 200


async def test_consent_is_given_and_withdrawn_by_the_school_or_the_guardian(running: Registration) -> None:
    (item,) = await running.enter(pupil("h1", consent=None, birth_date="2013-05-17"))
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
    assert (status, pointers_of(answer)) == (422, ["/version"]), "nobody has published it"
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
        assert (status, pointers_of(answer)) == (422, [pointer])
    status, answer = await running.call("POST", path, {"version": "2020-1"}, grants=GUARDIAN, subject="h1")
    assert (status, answer["consent"]["channel"]) == (200, "cabinet")
    status, answer = await running.call("POST", path, {"version": "2"}, grants=[NAVIGATOR])
    assert (status, pointers_of(answer)) == (422, ["/channel"]), "staff say how it was given"
    assert (await running.call("POST", path, given, grants=[OTHER_SCHOOL]))[0] == 404
    for never in ("2099-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        status, answer = await running.call("POST", path, {**given, "given_at": never}, grants=[NAVIGATOR])
        assert (status, pointers_of(answer)) == (422, ["/given_at"])
    ending = f"{path}/current?occurred_at=2020-10-01T00:00:00Z"
    status, answer = await running.call("DELETE", ending, grants=GUARDIAN, subject="h1")
    assert (status, pointers_of(answer)) == (422, ["query:occurred_at"])
    status, answer = await running.call("DELETE", ending.replace("2020", "0001"), grants=[NAVIGATOR])
    assert (status, pointers_of(answer)) == (422, ["query:occurred_at"])
    types = [e.event.type.split(".v")[0] for e in await running.of(item["participant"])]
    assert types == ["participant.registered", "consent.given", "guardian.linked", "consent.withdrawn", "consent.given"]


async def test_a_pupil_is_seen_by_the_school_and_the_family_alone_and_readers_are_on_record(
    running: Registration,
) -> None:
    (item,) = await running.enter(pupil("i1", disability=True))
    path = f"/participants/{item['participant']}"
    status, seen = await running.call("GET", path, grants=[NAVIGATOR])
    assert (status, seen["name"], seen["birth_date"], seen["class"]) == (200, "Иванов Пётр i1", "2007-05-17", "7А")
    told = {"kind": "person", "inn": None, "ogrn": None, "linked": False, "kept": False}
    assert seen["guardians"] == [{"guardian": item["guardian"], "name": "Иванова Анна i1", **told}]
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
    assert (status, pointers_of(answer)) == (404, ["path:code"])


async def test_a_season_is_known_by_its_newest_definition(running: Registration) -> None:
    await running.learn(season("2021", grades=(6, 8)), 2)
    await running.learn(season("2022"))
    await publish(running.settings, enveloped(season("2021", grades=(6, 11)), 1))
    await running.learn(season("2022"), 2)
    (item,) = await running.enter(pupil("k1", grade=9), **{"class": "9А", "season": "2021"})
    assert pointers_of(item["problem"]) == ["/pupils/0/grade"]


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
    assert (status, pointers_of(answer)) == (422, [pointer])
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
    assert models["Roster"]["properties"]["pupils"]["items"] == {"$ref": "#/components/schemas/PupilEntry"}
    assert {"external_ref", "guardian", "guardians", "consent"} <= models["PupilEntry"]["properties"].keys()
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
