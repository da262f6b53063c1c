"""Links over HTTP on a real database: one account for a guardian, however many ask at once."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.domain.links import Linked
from services.registration.handlers.links import redeem
from services.registration.repository import Repository
from shared.base.errors import Conflict
from shared.contracts.registration import GuardianLinked
from shared.http.batch import Item, Request
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.storage.decision import Done
from shared.storage.mongo import Transaction
from shared.storage.outbox import utcnow
from tests.builders.registration import pupil
from tests.drivers.registration import Registration, another_repository, registration

GUARDIAN, PUPIL = [{"role": "guardian"}], [{"role": "pupil"}]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


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
        read, seen = slow.cabinets.accounts, list[dict[str, str]]()

        async def overtaken(guardians: Iterable[str], tx: Transaction) -> dict[str, str]:
            seen.append(await read(guardians, tx))
            if len(seen) == 1:
                (linked,) = await redeem(quick, [redemption(quick, second, "b")])
                assert linked == Done(Linked(second["participant"], second["guardian"], new=True), new=True)
            return seen[-1]

        monkeypatch.setattr(slow.cabinets, "accounts", overtaken)
        (refused,) = await redeem(slow, [redemption(slow, first, "a")])
    assert isinstance(refused, Conflict)
    assert refused.type == "guardian-linked-elsewhere"
    assert seen == [{}, {first["guardian"]: "b"}]
