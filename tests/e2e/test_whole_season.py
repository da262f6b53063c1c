"""A season of a school by API alone, as a page would take it: from the first question to a stranger who verifies."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from deploy.simulator.simulation import INSTRUMENTS
from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client
from tests.e2e.season import NATION, World, soon, world

AGES: Mapping[int, str] = {6: "6-7", 9: "8-9", 11: "10-11"}
SHIPPED = ("readiness", "knowledge")


async def _published(client: Client, place: str) -> list[str]:
    """The codes under which the shipped instruments are published for one test."""
    codes = []
    for name in SHIPPED:
        codes.append(f"{name}-{place}")
        definition = json.loads((INSTRUMENTS / f"{name}.json").read_text(encoding="utf-8"))
        await client.ok("PUT", f"/trials/diagnostics/{codes[-1]}", definition, by=NATION)
    return codes


def _options(page: Mapping[str, Any], item: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = item.get("options") or page["options"]
    return found


def _few(items: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yields the items as a page saves them that is kept waiting: a family writes once a second."""
    for begin in range(0, len(items), 4):
        yield items[begin : begin + 4]


async def _takes(client: Client, place: World, pupil: str, code: str, itself: Mapping[str, Any]) -> dict[str, Any]:
    """The pupil's attempt, begun on one device and finished on another one."""
    page = await client.ok("GET", f"/trials/diagnostics/{code}?grade=7", **itself)
    draft = f"/trials/participants/{pupil}/drafts/{code}?season={place.season}"
    half = len(page["items"]) // 2
    for some in _few(page["items"][:half]):
        answers = {item["code"]: _options(page, item)[0]["code"] for item in some}
        await soon(client, "PUT", draft, {"answers": answers, "version": page["version"]}, **itself)
    resumed = await client.ok("GET", draft, **itself)
    assert (len(resumed["answers"]), resumed["left"]) == (half, len(page["items"]) - half)
    assert resumed["version"] == "6-7"
    for some in _few(page["items"][half:]):
        answers = {item["code"]: _options(page, item)[-1]["code"] for item in some}
        await client.ok("PUT", draft, {"answers": answers}, **itself)
    whole = await client.ok("GET", draft, **itself)
    assert whole["left"] == 0
    sent = {"ref": code, "participant": pupil, "season": place.season, "diagnostic": code}
    return dict(await client.ok("POST", "/trials/attempts", {**sent, "answers": whole["answers"]}, **itself))


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_an_instrument_is_read_with_its_words_for_every_age(client: Client, language: str) -> None:
    for code in await _published(client, f"words-{language}"):
        for grade, version in AGES.items():
            page = await client.ok("GET", f"/trials/diagnostics/{code}?grade={grade}", by=("pupil",), subject="anybody")
            assert page["version"] == version
            asked = [item["texts"][version][language] for item in page["items"]]
            assert len(set(asked)) == len(asked) >= 20
            chosen = [option["text"][language] for item in page["items"] for option in _options(page, item)]
            assert all(chosen)
            assert not [word for word in ('"points"', '"right"', '"reversed"') if word in json.dumps(page)]


async def _tries(client: Client, place: World, pupil: str, itself: Mapping[str, Any], mother: Mapping[str, Any]) -> str:
    """The pupil's trial: the mother books what is open, the venue scans the pass at the door; the day of it."""
    starts = datetime.now(UTC) + timedelta(minutes=30)
    await place.slot("today", starts_at=starts.isoformat())
    (slot,) = (await client.ok("GET", f"/trials/slots?season={place.season}&grade=7", **mother))["items"]
    path = f"/trials/slots/{slot['slot']}"
    booked = await soon(client, "POST", f"{path}/bookings", {"participant": pupil}, **mother)
    shown = await client.ok("GET", f"/trials/bookings/{booked['booking']}/pass", **itself)
    (key,) = (await client.ok("GET", "/trials/pass-keys", by=place.host))["keys"]
    genuine = jws.deserialize_compact(shown["token"], OKPKey.import_key(key), algorithms=[key["alg"]])
    assert json.loads(genuine.payload) == {"booking": booked["booking"], "slot": slot["slot"]}
    scanned = [{"token": shown["token"], "source": "qr"}]
    (item,) = (await client.ok("POST", f"{path}/attendance", scanned, by=place.host))["items"]
    assert item["status"] == "attended"
    return str(slot["starts_at"])[:10]


async def _is_on_paper(client: Client, place: World, day: str) -> None:
    """The class has its sheet for the day, and the venue what it is to be paid for."""
    path = f"/registration/schools/{place.school}/trips/{place.venue}/{day}/printout?class=7А"

    async def printed() -> bool:
        return (await _file(client, path, by=place.navigator))[:4] == b"%PDF"

    await eventually(printed)
    query = f"season={place.season}&begins={day}&ends={day}"
    draft = await client.ok("GET", f"/trials/venues/{place.venue}/payment-acts/draft?{query}", by=place.host)
    assert draft["unpriced"] == [{"competency": "gov", "attendances": 1}]


async def _is_certified(client: Client, place: World, pupil: str, mother: Mapping[str, Any]) -> None:
    """The mother fetches the certificate, and a stranger verifies it by its code, without a token."""
    path, told = f"/registration/participants/{pupil}/certificate?season={place.season}", list[bytes]()

    async def issued() -> bool:
        told.append(await _file(client, path, **mother))
        return told[-1][:4] == b"%PDF"

    await eventually(issued)
    address = told[-1].split(b"/URI (", 1)[1].split(b")", 1)[0].decode()
    seen = await client.call("GET", f"/registration/certificates/{address.split('/')[-2]}")
    assert (seen.status, seen.body["state"], seen.body["initials"][:5]) == (200, "valid", "С. М.")
    assert pupil not in str(seen.body)


async def _file(client: Client, path: str, *, by: Sequence[str], subject: str = "somebody") -> bytes:
    async with client.stream(path, by=by, subject=subject) as answer:
        return bytes(await answer.read())


async def test_a_child_is_tested_booked_checked_in_recommended_and_certified(client: Client) -> None:
    codes = await _published(client, f"taken-{uuid.uuid4().hex[:6]}")
    place = await world(client, diagnostics=codes, closes="2099-12-31")
    (entry,) = await place.register([place.pupil(1)])
    pupil, itself = entry["participant"], {"by": ("pupil",), "subject": f"child of {entry['participant']}"}
    mother: Mapping[str, Any] = {"by": ("guardian",), "subject": f"mother of {pupil}"}
    for code, who in ((entry["account_code"], itself), (entry["link_code"], mother)):
        await client.ok("POST", "/registration/links", {"code": code}, **who)
    taken = {code: await _takes(client, place, pupil, code, itself) for code in codes}
    path = f"/trials/participants/{pupil}/path?season={place.season}"
    seen = await soon(client, "GET", path, **mother)
    assert [attempt["diagnostic"] for attempt in seen["attempts"]] == codes
    for attempt in seen["attempts"]:
        told = taken[attempt["diagnostic"]]["scales"]
        assert [(scale["scale"], scale["value"]) for scale in told] == list(attempt["profile"].items())
        for scale in attempt["scales"]:
            assert scale["for_guardian"]["ru"] != scale["for_pupil"]["ru"]
            assert "no norms" in scale["compared"]["en"]
    refused = await client.call(
        "GET", f"/trials/participants/{pupil}/drafts/{codes[0]}?season={place.season}", **mother
    )
    assert refused.status == 403
    day = await _tries(client, place, pupil, itself, mother)
    assert (await client.ok("GET", path, **mother))["recommendation"]["competencies"] == ["gov"]
    await _is_certified(client, place, pupil, mother)
    await _is_on_paper(client, place, day)

    async def counted() -> bool:
        funnel = await place.funnel()
        return (funnel["tested"], funnel["completed"], funnel["recommended"]) == (1, 1, 1)

    await eventually(counted)
