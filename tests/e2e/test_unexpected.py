"""Requests made from the OpenAPI documents, by nine roles and nobody: no 5xx, and no answer that is not documented."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from deploy.local.system import System
from tests.builders.thorough import THOROUGH
from tests.drivers.documents import SERVICES, document, operations
from tests.e2e.conftest import Client
from tests.e2e.season import World, soon, world

EXAMPLES = 100 if THOROUGH else 4
"""Of each operation; seeded by its name, so that every run asks the same."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SCHEMAS = {service: schemathesis.openapi.from_dict(deepcopy(document(service))) for service in SERVICES}
OPERATIONS = [SCHEMAS[service][path][method] for service in SERVICES for method, path, _ in operations(service)]


class Asked:
    """A season to be asked about, and those who ask."""

    def __init__(self, made: World, named: Mapping[str, str]) -> None:
        self.url = made.client.system.url
        self.named = named
        self.session = requests.Session()
        self.seen: Counter[int] = Counter()
        client = made.client
        grants: Mapping[str, Sequence[str]] = {
            "national": ("national-operator:RU",),
            "regional": made.operator,
            "municipal": (f"municipal-operator:{made.municipality}",),
            "navigator": made.navigator,
            "venue": made.host,
            "mentor": (f"mentor:{made.venue}",),
            "guardian": ("guardian",),
            "pupil": ("pupil",),
            "service": (f"service:{made.region}",),
            "elsewhere": ("regional-operator:RU-ELSEWHERE",),
        }
        self.headers = {
            role: {"Authorization": f"Bearer {client.token(*granted, subject=f'{role} of {made.region}')}"}
            for role, granted in grants.items()
        } | {"nobody": {}}

    def call(self, case: Case[Any], who: str, grounded: bool) -> None:
        """One request; the answer must be documented."""
        if grounded:
            case.path_parameters = self._grounded(case.path_parameters, case.path)
            case.query = self._grounded(case.query)
            case.body = self._grounded(case.body)
        if "wait" in (case.query or {}):
            case.query["wait"] = 0
        seconds = 0.5 if case.path.endswith("/stream") else 30
        answer = case.call(self.url, self.session, self.headers[who], timeout=seconds)
        self.seen[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    def _grounded(self, part: Any, path: str = "") -> Any:
        """A part of a request with names that are known in place of made-up ones.

        In a path the segment before a name tells its kind, elsewhere the field does.
        """
        if isinstance(part, list):
            return [self._grounded(item) for item in part]
        if not isinstance(part, dict):
            return part
        kinds = {name: path.partition(f"/{{{name}}}")[0].rpartition("/")[2] if path else name for name in part}
        return {
            name: self.named.get(kinds[name], value) if isinstance(value, str) else self._grounded(value)
            for name, value in part.items()
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def asked(running: System) -> Asked:
    """A season with a pupil, who has a booking and an attendance."""
    async with aiohttp.ClientSession() as http:
        made = await world(Client(running, http))
        (item,) = await made.register([made.pupil(1)])
        participant = item["participant"]
        slot = await made.slot("s1")
        body = {"participant": participant, "occurred_at": "2020-09-21T10:00:00+03:00"}
        booked = await soon(made.client, "POST", f"/trials/slots/{slot}/bookings", body, by=made.navigator)
        presence = [{"participant": participant, "source": "list", "occurred_at": "2020-10-05T16:00:00+03:00"}]
        attended = await made.client.ok("POST", f"/trials/slots/{slot}/attendance", presence, by=made.host)
    codes = {"season": made.season, "school": made.school, "venue": made.venue, "region": made.region}
    codes |= {"competency": "gov", "diagnostic": "e2e", "organisation": made.venue, "participant": participant}
    places = {"seasons": made.season, "schools": made.school, "venues": made.venue, "regions": made.region}
    places |= {"organisations": made.school, "participants": participant, "slots": slot, "diagnostics": "e2e"}
    places |= {"competencies": "gov", "bookings": booked["booking"], "attendance": attended["items"][0]["attendance"]}
    return Asked(made, codes | places)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
async def test_every_answer_is_documented(asked: Asked, operation: APIOperation[Any, Any, Any, Any]) -> None:
    cases = st.one_of(*(operation.as_strategy(mode) for mode in GenerationMode))

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, who=st.sampled_from(sorted(asked.headers)), grounded=st.booleans())
    def ask(case: Case[Any], who: str, grounded: bool) -> None:
        asked.call(case, who, grounded)

    await asyncio.to_thread(ask)


def test_of_every_kind_of_answer_there_were_some(asked: Asked) -> None:
    assert asked.seen.keys() >= {200, 401, 403, 404, 409, 422}
