"""Certificates over HTTP on real Kafka and MongoDB: for family and navigator by name, for strangers by initials."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.trials import RecommendationWithdrawn
from shared.contracts.venues import CompetencyApproved
from tests.builders.events import PLACE, at, enveloped, recommended
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.consumers import publish
from tests.drivers.files import PDF, file, text_of
from tests.drivers.registration import (
    MUNICIPAL,
    NAVIGATOR,
    OTHER_SCHOOL,
    REGIONAL,
    Registration,
    erase,
    registration,
)

GUARDIAN, PUPIL = [{"role": "guardian"}], [{"role": "pupil"}]


class Guarded(Registration):
    """Whoever has no token is told less in a minute than elsewhere."""

    def _environ(self, port: int) -> Mapping[str, str]:
        return {**super()._environ(port), "LIMIT_UNKNOWN_CALLERS": "60/60"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure, Guarded) as service:
        await publish(service.settings, enveloped(CompetencyApproved(code="gov", name="Госслужба"), 1))
        await service.know({"_id": "gov"}, 1, "competencies")
        yield service


def of(id: str, format: str = "pdf", season: str = "2020") -> str:
    return f"/participants/{id}/certificate?season={season}&format={format}"


async def number_of(running: Registration, id: str) -> str:
    """The number in the link of a certificate, as a stranger's telephone reads it."""
    got = await file(running, of(id), [NAVIGATOR])
    assert got.status == 200
    address = got.content.split(b"/URI (", 1)[1].split(b")", 1)[0].decode()
    base, number, page = address.rsplit("/", 2)
    assert (base, page) == (f"{running.base}/registration/certificates", "page")
    return number


async def verified(running: Registration, number: str) -> tuple[int, Any]:
    async with running.http.get(f"{running.base}/registration/certificates/{number}") as answer:
        assert answer.headers["Cache-Control"] == "no-store", "it may hold no longer a moment later"
        return answer.status, await answer.json(content_type=None)


async def page_of(running: Registration, number: str, language: str) -> tuple[int, str]:
    """Status and text of the page to which the QR code leads."""
    asked, url = {"Accept-Language": language}, f"{running.base}/registration/certificates/{number}/page"
    async with running.http.get(url, headers=asked) as answer:
        assert answer.content_type == "text/html"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        return answer.status, await answer.text()


async def test_a_certificate_is_fetched_verified_replaced_withdrawn_and_erased(running: Registration) -> None:
    (entry,) = await running.enter(pupil("cert-1", name="Ёлкина Анна Петровна"))
    id, fields = entry["participant"], {**PLACE, "participant": entry["participant"], "season": "2020"}
    refused = await file(running, of(id), [NAVIGATOR])
    assert refused.status == 409
    await publish(running.settings, enveloped(recommended(id, recommendation="r1"), 1, at("2020-10-06")))
    await running.know({"_id": f"{id}/2020", "recommended.0.0": "r1"}, 1, "steps")
    got = await file(running, of(id), [NAVIGATOR])
    told = text_of(PDF, got.content)
    assert all(words in told for words in ("Ёлкина Анна Петровна", "• Госслужба", "06.10.2020, редакция 1"))
    assert got.headers["Content-Disposition"].startswith('attachment; filename="certificate-2020.pdf"')
    picture = await file(running, of(id, "png"), [NAVIGATOR])
    assert picture.content.startswith(b"\x89PNG")
    first = await number_of(running, id)
    assert await verified(running, first) == (
        200,
        {
            "state": "valid",
            "initials": "Ё. А. П.",
            "season": "2020",
            "season_name": "Сезон 2020",
            "revision": 1,
            "issued_at": "2020-10-06T10:00:00+03:00",
            "competencies": ["Госслужба"],
        },
    )
    status, page = await page_of(running, first, "en")
    assert (status, "The certificate is valid" in page, "Ёлкина" in page) == (200, True, False)

    anew = recommended(id, recommendation="r2", revision=2, revised_at=at("2020-10-20"))
    gone = RecommendationWithdrawn(**fields, recommendation="r1", replaced=True)
    await publish(running.settings, enveloped(gone, 2), enveloped(anew, 3, at("2020-10-06")))
    await running.know({"_id": f"{id}/2020", "recommended.1.0": "r2", "withdrawn": "r1"}, 1, "steps")
    second = await number_of(running, id)
    states = [(await verified(running, number))[1]["state"] for number in (first, second)]
    assert states == ["replaced", "valid"]
    await publish(running.settings, enveloped(RecommendationWithdrawn(**fields, recommendation="r2"), 4))
    await running.know({"_id": f"{id}/2020", "withdrawn": "r2"}, 1, "steps")
    assert (await verified(running, second))[1] | {"issued_at": ""} == {
        "state": "withdrawn",
        "initials": "Ё. А. П.",
        "season": "2020",
        "season_name": "Сезон 2020",
        "revision": 2,
        "issued_at": "",
        "competencies": [],
    }

    await running.know(
        {"participants": id, "route": "GET /registration/participants/{participant}/certificate"}, 4, "audit_log"
    )
    assert (await erase(running, id))[0] == 200
    assert [(await verified(running, number))[0] for number in (first, second)] == [404, 404]
    status, page = await page_of(running, first, "ru")
    assert (status, "Такого билета нет" in page) == (404, True)


async def test_only_the_family_and_the_navigator_are_given_it(running: Registration) -> None:
    (entry,) = await running.enter(pupil("cert-2", name="Ким Олег"))
    id = entry["participant"]
    await publish(running.settings, enveloped(recommended(id, recommendation="k1"), 1))
    await running.know({"_id": f"{id}/2020", "recommended.0.0": "k1"}, 1, "steps")
    assert (await running.redeem(entry["link_code"], "mother of Oleg"))[0] == 200
    assert (await running.redeem(entry["account_code"], "Oleg", "pupil"))[0] == 200
    asked: list[tuple[Any, str, int]] = [
        (GUARDIAN, "mother of Oleg", 200),
        (PUPIL, "Oleg", 200),
        (PUPIL, "mother of Oleg", 404),
        (GUARDIAN, "somebody else", 404),
        ([NAVIGATOR], "staff", 200),
        ([{**NAVIGATOR, "classes": ["8Б"]}], "staff", 404),
        ([OTHER_SCHOOL], "staff", 404),
        ([REGIONAL], "staff", 403),
        ([MUNICIPAL], "staff", 403),
    ]
    for grants, subject, status in asked:
        answer = await file(running, of(id), grants, subject=subject)
        assert answer.status == status, (grants, subject)
    assert (await file(running, of(id, season="1999"), [NAVIGATOR])).status == 404
    far = running.bearer("staff", [NAVIGATOR]) | {"Host": "x" * 3_000}
    refused = await running.request("GET", of(id), None, far)
    assert (refused.status, refused.body["type"]) == (422, "bad-input"), "no QR code holds it"
    assert SCHOOL.id not in (await verified(running, await number_of(running, id)))[1].values()


async def test_numbers_are_not_guessed(running: Registration) -> None:
    for number in ("A", "nonsense", "x" * 82):
        assert (await verified(running, number))[0] == 404
    assert (await verified(running, "%20"))[0] == 422
    last = [(await verified(running, "A"))[0] for _ in range(80)]
    assert last[-1] == 429, "an address that asks on and on is told to wait"
