"""The diagnostics that ship with trials, taken as a page lets a child take them: read, answered, resumed, explained."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

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


async def test_a_child_takes_the_shipped_diagnostics_on_two_devices_and_reads_what_they_say(client: Client) -> None:
    codes = await _published(client, f"taken-{uuid.uuid4().hex[:6]}")
    rules = {"diagnostics": codes, "closes": "2099-12-31", "recommendation_gate": "after-diagnostics"}
    place = await world(client, **rules)
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

    async def counted() -> bool:
        funnel = await place.funnel()
        return (funnel["tested"], funnel["recommended"]) == (1, 1)

    await eventually(counted)
