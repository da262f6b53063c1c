"""Rosters over HTTP on real Kafka and MongoDB: each line is answered, each pupil entered once."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterable
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.api.rosters import Roster, RosterAnswer, RosterItem, read
from services.registration.domain.participants import Key, Participant
from services.registration.handlers.rosters import register
from services.registration.repository import Repository
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.messaging import kafka
from shared.storage.mongo import Transaction
from shared.storage.outbox import utcnow
from tests.builders.events import enveloped, season, season_closed
from tests.builders.registration import SCHOOL, pupil, roster
from tests.drivers.consumers import eventually, publish
from tests.drivers.registration import (
    NAVIGATOR,
    OTHER_SCHOOL,
    REGIONAL,
    Registration,
    another_repository,
    pointers_of,
    registration,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def _written(running: Registration) -> tuple[dict[str, int], dict[Any, int]]:
    """All documents and all records."""
    topics = [f"{running.settings.kafka_topic_prefix}registration.{name}.v1" for name in ("events", "catalogue")]
    return await running.documents(), await kafka.end_offsets(running.settings.bootstrap, topics)


async def test_a_class_s_navigator_gets_nobody_of_another_class(running: Registration) -> None:
    await running.learn(season("2021", opens="2021-07-07", closes="2021-12-16"))
    (item,) = await running.enter(pupil("s1"))
    narrowed = [{**NAVIGATOR, "classes": ["7Б", "8Б"]}]
    new, mother = {"ref": "s-new", "name": "Н"}, {"ref": "gs1", "name": "Иванова Анна s1"}
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
            assert pointers_of(refused["problem"]) == [f"/pupils/0/{where}"]
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
        of = changed.get("school", SCHOOL.id)
        lines = [pupil(f"{ref}{i}", name=f"Из {of} {ref}{i}", guardian={"ref": ref, "name": "Мать"}) for i in range(5)]
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
    assert pointers_of(items[0]["problem"]) == ["/pupils/0/grade"]
    assert await _written(running) == before
    items = await running.enter(pupil("c5"), *wrong[2:])
    assert [item["status"] for item in items] == ["created", "rejected", "rejected", "rejected"]


async def test_nobody_enters_a_season_that_is_closed(running: Registration) -> None:
    await running.learn(season("2019", opens="2020-07-07"))
    (item,) = await running.enter(pupil("x1"), season="2019")
    assert item["status"] == "created"
    await publish(running.settings, enveloped(season_closed("2019"), 2))

    async def closed() -> bool:
        return await running.mongo["rules"].count_documents({"_id": "2019", "closed_at": {"$exists": True}}) == 1

    await eventually(closed)
    before = await _written(running)
    status, answer = await running.call("POST", "/rosters", roster([pupil("x2")], season="2019"), grants=[NAVIGATOR])
    assert (status, answer["type"], pointers_of(answer)) == (409, "season-closed", ["/season"])
    assert await _written(running) == before


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
        assert pointers_of(answer) == [f"/{next(iter(changed))}"]
    assert await _written(running) == before


async def test_a_guardian_who_comes_with_a_later_roster_opens_a_cabinet(running: Registration) -> None:
    bare = pupil("late-1", guardian=None, consent=None)
    (first,) = await running.enter(bare)
    mother = pupil("late-1", guardian={"ref": "late-mother", "name": "Петрова Анна"})
    answers = await asyncio.gather(*(running.enter(mother) for _ in range(3)))
    assert [item["status"] for (item,) in answers] == ["known"] * 3
    assert sorted(item.get("added", []) for (item,) in answers) == [[], [], ["guardian", "consent"]]
    (item,) = answers[0]
    assert item["participant"] == first["participant"]
    assert await running.redeem(item["link_code"], "late-mother") == (200, (item["participant"], item["guardian"]))
    happened = [e.event.type for e in await running.of(item["participant"])]
    assert happened == ["participant.registered.v1", "consent.given.v1", "guardian.linked.v1"]
    status, shown = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    assert status == 200
    assert [guardian["name"] for guardian in shown["guardians"]] == ["Петрова Анна"]


async def test_a_name_is_corrected_and_the_old_one_is_nowhere(running: Registration) -> None:
    misspelt = {"name": "Опискин Тимурр", "guardian": {"ref": "typo", "name": "Опискина Адда"}}
    (first,) = await running.enter(pupil("typo", **misspelt))
    right = {"name": "Опискин Тимур", "guardian": {"ref": "typo", "name": "Опискина Ада"}}
    (item,) = await running.enter(pupil("typo", **right), occurred_at="2020-09-21T10:00:00+03:00")
    assert (item["status"], item["corrected"]) == ("known", ["name", "guardian"])
    _, shown = await running.call("GET", f"/participants/{first['participant']}", grants=[NAVIGATOR])
    assert (shown["name"], shown["guardians"][0]["name"]) == ("Опискин Тимур", "Опискина Ада")
    rows = await running.mongo["corrections"].find({"participant": first["participant"]}).to_list(None)
    assert [(row["person"], row["field"]) for row in rows] == [
        (first["participant"], "name"),
        (first["guardian"], "name"),
    ]
    assert all(len(row["old"]) == 32 and row["old"] != row["new"] for row in rows)
    assert {(row["changed"]["route"], *row["changed"]["roles"]) for row in rows} == {
        ("POST /registration/rosters", "navigator")
    }
    stored = [repr(await running.mongo[name].find({}).to_list(None)) for name in await running.documents()]
    assert not any("Описк" in text for text in stored)
    late = await running.enter(pupil("typo", **misspelt), occurred_at="2020-09-20T10:00:00+03:00")
    assert "corrected" not in late[0]
    assert len(await running.of(first["participant"])) == 2


async def test_a_group_that_enters_and_corrects_a_pupil_stores_what_was_said_last(running: Registration) -> None:
    later = {"name": "Иванов Пётр Олегович", "guardian": {"ref": "gr", "name": "Иванова Анна Петровна"}}
    rosters = [
        Roster.model_validate(roster([pupil("gr", guardian={"ref": "gr", "name": "Иванова Анна"})])),
        Roster.model_validate(roster([pupil("gr", **later)], occurred_at="2020-09-21T10:00:00+03:00")),
    ]
    who = Principal("staff", "staff", (Grant("navigator", SCHOOL.id),))
    async with another_repository(running) as repository:
        requests = [await read(sent, who, utcnow()) for sent in rosters]
        entered, corrected = await register(repository, requests, lambda: secrets.token_urlsafe(12))
    assert isinstance(entered, list)
    assert isinstance(corrected, list)
    items = [RosterItem.of("gr", outcomes[0], repository.codes, utcnow()) for outcomes in (entered, corrected)]
    assert [(item.status, item.corrected) for item in items] == [("created", None), ("known", ["name", "guardian"])]
    _, shown = await running.call("GET", f"/participants/{items[0].participant}", grants=[NAVIGATOR])
    assert (shown["name"], shown["guardians"][0]["name"]) == ("Иванов Пётр Олегович", "Иванова Анна Петровна")
    assert await running.mongo["corrections"].count_documents({"participant": items[0].participant}) == 2
