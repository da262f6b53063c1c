"""A child outside the scope is answered for as one who was never there: status, text, headers; whatever became."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.events import season
from tests.builders.registration import SCHOOL, minor
from tests.drivers.registration import NATIONAL, NAVIGATOR, REGIONAL, Registration, registration

NOBODY = "nobody-was-ever-so"
THERE = "RU-ROS-001-S02"
STAFF_THERE = {"role": "navigator", "org": THERE}
VARYING = {"date", "content-length", "x-request-id", "ratelimit", "ratelimit-policy", "server"}
"""Headers that differ from answer to answer, and the length, which follows from the text."""
OUTSIDE: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "the school of before": ("staff", NAVIGATOR),
    "a class of it": ("class staff", {**NAVIGATOR, "classes": ["7А"]}),
    "another municipality": ("elsewhere", {"role": "municipal-operator", "org": "RU-ROS-002"}),
    "another region": ("far away", {"role": "regional-operator", "org": "RU-AMU"}),
    "a guardian whose cabinet was closed": ("mother of before", {"role": "guardian"}),
    "a guardian of a duplicate that was parted": ("mother of the duplicate", {"role": "guardian"}),
    "a guardian who has no child": ("nobody's mother", {"role": "guardian"}),
    "a pupil whose cabinet was closed": ("self of before", {"role": "pupil"}),
}
NAMED = {"name": "Иной Пётр"}
CONSENT = {"version": "1", "channel": "paper"}
ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/participants/{id}", None),
    ("PATCH", "/participants/{id}", NAMED),
    ("POST", "/participants/{id}/consents", CONSENT),
    ("DELETE", "/participants/{id}/consents/current", None),
    ("PUT", "/participants/{id}/guardians/{guardian}/keeping", {"kept": True}),
    ("POST", "/participants/{id}/moves", {"school": SCHOOL.id, "class": "7А"}),
    ("GET", "/participants/{id}/codes", None),
    ("POST", "/participants/{id}/codes/{guardian}", None),
    ("POST", "/participants/{id}/codes/self", None),
    ("DELETE", "/participants/{id}/codes/{guardian}", None),
    ("DELETE", "/participants/{id}/links/{guardian}", None),
    ("DELETE", "/participants/{id}/links/self", None),
    ("POST", "/participants/{id}/archive", {"reason": "left"}),
    ("DELETE", "/participants/{id}/archive", None),
    ("DELETE", "/participants/{id}", None),
    ("DELETE", "/guardians/{guardian}", None),
    ("POST", "/merges", {"survivor": "{id}", "duplicate": "{own}"}),
    ("POST", "/merges", {"survivor": "{own}", "duplicate": "{id}"}),
    ("DELETE", "/merges/{id}", None),
    ("POST", "/duplicates/dismissals", {"participants": ["{own}", "{id}"], "reason": "Близнецы"}),
    ("POST", "/transfers/{transfer}/confirmation", None),
    ("GET", "/acts/{act}", None),
)


@dataclass(frozen=True)
class Child:
    """A child in another school, with all that leads there."""

    id: str
    guardian: str
    transfer: str = NOBODY
    act: str = NOBODY

    def filled(self, text: Any, own: str) -> Any:
        """A path or a body of a request about the child."""
        match text:
            case str():
                words = {"{id}": self.id, "{guardian}": self.guardian, "{own}": own, "{transfer}": self.transfer}
                for word, id in {**words, "{act}": self.act}.items():
                    text = text.replace(word, id)
                return text
            case dict():
                return {name: self.filled(value, own) for name, value in text.items()}
            case list():
                return [self.filled(value, own) for value in text]
        return text


class Free(Registration):
    """Registration without limits that so many questions would meet."""

    def _environ(self, port: int) -> Mapping[str, str]:
        more = {f"LIMIT_{of}_WRITES": "100000/10" for of in ("OPERATOR", "STAFF", "FAMILY")}
        return {**super()._environ(port), **more, "LIMIT_FOUND_CHILDREN": "100000/10"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure, Free) as service:
        await service.learn(season(closes="2099-12-16"), 2)
        await service.define("RU-AMU", kind="region", name="Амурская область", parent="RU", utc_offset="+09:00")
        await service.define("RU-ROS-002", kind="municipality", name="Иной район", parent="RU-ROS")
        yield service


async def done(running: Registration, method: str, path: str, body: Any = None) -> dict[str, Any]:
    status, answer = await running.call(method, path, body, grants=[REGIONAL])
    assert status < 300, answer
    return answer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def children(running: Registration) -> Mapping[str, Child]:
    """Children by what became of them; each was in the school once, and is in another one."""
    names = ["moved", "archived", "erased", "duplicate", "parted", "survivor", "unlinked", "asked"]
    entered = dict(zip(names, await running.enter(*(minor(name) for name in names)), strict=True))
    found = {name: Child(item["participant"], item["guardian"]) for name, item in entered.items()}
    assert (await running.redeem(entered["parted"]["link_code"], "mother of the duplicate"))[0] == 200
    assert (await running.redeem(entered["unlinked"]["link_code"], "mother of before"))[0] == 200
    assert (await running.redeem(entered["unlinked"]["account_code"], "self of before", "pupil"))[0] == 200
    for owner in ("self", found["unlinked"].guardian):
        await done(running, "DELETE", f"/participants/{found['unlinked'].id}/links/{owner}")
    for name in names:
        move = {"school": THERE, "class": "7А", "external_ref": f"there {name}"}
        await done(running, "POST", f"/participants/{found[name].id}/moves", move)
    await done(running, "POST", f"/participants/{found['archived'].id}/archive", {"reason": "left"})
    for name in ("duplicate", "parted"):
        await done(running, "POST", "/merges", {"survivor": found["survivor"].id, "duplicate": found[name].id})
    await done(running, "DELETE", f"/merges/{found['parted'].id}")
    await done(running, "DELETE", f"/participants/{found['parted'].id}/links/{found['parted'].guardian}")
    act = (await done(running, "DELETE", f"/participants/{found['erased'].id}"))["act"]["number"]
    found["erased"] = Child(found["erased"].id, found["erased"].guardian, act=act)
    line = minor("asked")
    asked = {"school": SCHOOL.id, "class": "7А", "name": line["name"], "birth_date": line["birth_date"]}
    transfer = (await done(running, "POST", "/transfers", asked))["transfer"]
    found["asked"] = Child(found["asked"].id, found["asked"].guardian, transfer)
    return found


async def told(running: Registration, caller: str, route: tuple[str, str, Any], child: Child, own: str) -> Any:
    """All that an answer tells, but for what the request itself has said."""
    method, path, body = route
    subject, grant = OUTSIDE[caller]
    url = f"{running.base}/registration{child.filled(path, own)}"
    headers = running.bearer(subject, [grant])
    async with running.http.request(method, url, json=child.filled(body, own), headers=headers) as answer:
        text = await answer.text()
        shown = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in VARYING}
        return answer.status, text, shown


@pytest.mark.parametrize("caller", OUTSIDE)
async def test_nothing_tells_a_child_outside_the_scope_from_nobody(
    running: Registration, children: Mapping[str, Child], caller: str
) -> None:
    (own,) = await running.enter(minor(f"own {caller}"))
    nobody, differences = Child(NOBODY, NOBODY), []
    for route in ROUTES:
        expected = await told(running, caller, route, nobody, own["participant"])
        assert expected[0] >= 400, (route, expected)
        for name, child in children.items():
            answer = await told(running, caller, route, child, own["participant"])
            if answer != expected:
                differences.append((route[:2], name, answer, expected))
    assert differences == []


async def test_the_children_are_there(running: Registration, children: Mapping[str, Child]) -> None:
    seen = {
        name: (await running.call("GET", f"/participants/{child.id}", grants=[STAFF_THERE]))[0]
        for name, child in children.items()
    }
    assert seen == {**dict.fromkeys(children, 200), "erased": 404}
    assert (await running.call("GET", f"/acts/{children['erased'].act}", grants=[NATIONAL]))[0] == 200
