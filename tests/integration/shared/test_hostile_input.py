"""Whatever a request says in any of its parts, the answer is right or 4xx in the one form, never an error of ours."""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import count
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from deploy.local.stack import Infrastructure
from tests.builders import hostile
from tests.builders.advice import RULES as ADVICE
from tests.builders.instruments import KNOWLEDGE, NORM
from tests.builders.registration import pupil, roster
from tests.builders.trials import ANSWERS, INSTRUMENT, OFFER, RULES, VENUE
from tests.drivers.documents import SERVICES
from tests.drivers.registration import Registration, registration
from tests.drivers.service import ServiceProcess, installed
from tests.drivers.trials import Trials, trials_service

EVERY_ROLE = [
    {"role": "national-operator", "org": "RU"},
    {"role": "venue", "org": VENUE},
    {"role": "service", "org": "RU-ROS"},
    {"role": "guardian"},
    {"role": "pupil"},
]
ACCOUNTS = count()
ATTEMPT = {"ref": "r", "participant": "p", "season": "2020", "diagnostic": "readiness", "answers": dict(ANSWERS)}
COURSE = {
    "code": "c",
    "name": "x",
    "institution": "x",
    "level": "higher",
    "competencies": ["gov"],
    "link": "https://x.x",
}
TIMED = {"occurred_at": "2020-09-14T10:00:00+03:00"}
SLOT = {**OFFER, **TIMED, "venue": VENUE, "season": "2020", "ref": "s", "accessibility": ["ramp"]}
OFFERED = {**OFFER, "ref": "s", "accessibility": ["ramp"]}
RULE = {
    **{name: value for name, value in OFFERED.items() if name != "starts_at"},
    "season": "2020",
    "first": "2020-10-05",
    "last": "2020-10-06",
    "weekdays": ["mon"],
    "hours": ["10:00"],
    "without": ["2020-10-06"],
}
REGION = {"kind": "region", "name": "Ростов", "parent": "RU", "utc_offset": "+03:00", **TIMED}
VENUE_ENTRY = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": "2020", **TIMED}
CONSENT = {"version": "1", "channel": "paper", "given_at": "2020-09-14T10:00:00+03:00", "guardian": "g"}
ACT = {"ref": "1", "season": "2020", "begins": "2020-10-01", "ends": "2020-10-31", "kopecks": 1, "lines": 1, **TIMED}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "registration": {
        "PUT /organisations/RU-ZZZ": REGION,
        "POST /rosters": roster([pupil("h1", disability=True)]),
        "POST /links": {"code": "AAAA-BBBB"},
        "POST /participants/p/consents": CONSENT,
        "PUT /schools/RU-ROS-001-S01/trips/V1/2020-10-05?class=7А": {"name": "Анна", **TIMED},
    },
    "trials": {
        "PUT /seasons/1999": {**RULES, **TIMED},
        "PUT /seasons/1999/terms/2050-01-01": {"bookings_at_once": 2, "texts": {"booking": {"ru": "x"}}, **TIMED},
        "PUT /diagnostics/hostile": INSTRUMENT,
        "PUT /diagnostics/worded": {**KNOWLEDGE, "norms": [NORM]},
        "PUT /participants/p/drafts/readiness?season=2020": {"answers": dict(ANSWERS), "version": "8-9", **TIMED},
        "POST /participants/p/repeats": {"season": "2020", "diagnostic": "readiness", "reason": "other", **TIMED},
        "PUT /seasons/2020/advice": ADVICE,
        "PUT /regions/RU-ROS/education": {"programmes": [COURSE]},
        "PUT /participants/p/needs": {"needs": ["assistant"], "template": "0" * 64, "register_number": "7", **TIMED},
        "PUT /competencies/hostile": {"name": "x", **TIMED},
        f"PUT /venues/{VENUE}": VENUE_ENTRY,
        "POST /slots": SLOT,
        "POST /slots/batch": {"venue": VENUE, "season": "2020", **TIMED, "slots": [OFFERED]},
        f"POST /venues/{VENUE}/timetables": {**RULE, **TIMED},
        "POST /attempts": {**ATTEMPT, **TIMED},
        "POST /attempts/batch": {"attempts": [{**ATTEMPT, **TIMED}]},
        "POST /slots/s/bookings": {"participant": "p", **TIMED},
        "POST /slots/s/waiting": {"participant": "p", **TIMED},
        "POST /slots/s/bookings/batch": {"participants": ["p"], **TIMED},
        "POST /placements": {"season": "2020", "participants": ["p"], "slots": ["s"], **TIMED},
        "POST /slots/s/attendance": [{"participant": "p", "source": "qr", **TIMED}],
        "POST /attendance/a/revocation": {"reason": "x", **TIMED},
        "POST /rates": {"season": "2020", "region": "RU-ROS", "since": "2020-09-01", "kopecks": 1, **TIMED},
        f"POST /venues/{VENUE}/payment-acts": ACT,
    },
}


async def refused(
    http: aiohttp.ClientSession,
    running: ServiceProcess,
    method: str,
    url: str,
    body: bytes | None = None,
    **headers: bytes,
) -> None:
    """Sends a request, no account more than a few, which is nobody's limit, and looks at the answer."""
    token = running.issuer.token(f"a{next(ACCOUNTS) // 10}", EVERY_ROLE, time.time())
    named: dict[str, Any] = {"Authorization": f"Bearer {token}", **{n: v.decode("latin-1") for n, v in headers.items()}}
    if body is not None:
        named["Content-Type"] = "application/json"
    async with http.request(method, URL(url, encoded=True), data=body, headers=named) as answer:
        text = await answer.text()
        told = f"{answer.status} to {method} {url} {(body or b'')[:300]!r} {headers}: {text[:300]}"
        assert answer.status < 500, told
        if answer.status >= 400:
            assert answer.content_type == "application/problem+json", told
            assert json.loads(text)["status"] == answer.status, told


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def registering(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trying(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def _spoil(running: ServiceProcess, route: str, sound: Any) -> None:
    method, path = route.split()
    async with aiohttp.ClientSession() as http:
        for body in hostile.bodies(sound):
            await refused(http, running, method, f"{running.base}/{running.service}{path}", body)


@pytest.mark.parametrize("route", BODIES["registration"])
async def test_no_body_breaks_registration(registering: Registration, route: str) -> None:
    await _spoil(registering, route, BODIES["registration"][route])


@pytest.mark.parametrize("route", BODIES["trials"])
async def test_no_body_breaks_trials(trying: Trials, route: str) -> None:
    await _spoil(trying, route, BODIES["trials"][route])


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Mapping[str, Any]]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            streams = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
            if not streams:
                yield method.upper(), path, operation.get("parameters", [])


@pytest.mark.parametrize("name", SERVICES)
async def test_no_address_and_no_header_breaks_a_service(name: str, infrastructure: Infrastructure) -> None:
    class One(ServiceProcess):
        service = name

    async with installed(One, infrastructure) as running, aiohttp.ClientSession() as http:
        async with http.get(f"{running.base}/{name}/openapi.json") as answer:
            document = await answer.json()
        for method, path, parameters in _operations(document):
            where = {p["name"]: "RU-ROS" for p in parameters if p["in"] == "path"}
            asked = {p["name"]: "2020" for p in parameters if p["in"] == "query" and p.get("required")}
            optional = {p["name"]: "1" for p in parameters if p["in"] == "query" and not p.get("required")}
            body = b"{}" if method in ("POST", "PUT") else None
            for url in [*hostile.addresses(path, where, asked), *hostile.addresses(path, where, optional)]:
                await refused(http, running, method, f"{running.base}{url}", body)
            for header in [p["name"] for p in parameters if p["in"] == "header"]:
                for value in hostile.HEADERS:
                    url = f"{running.base}{path.format_map(where)}"
                    await refused(http, running, method, url, body, **{header: value})
