"""A client generated from each OpenAPI document calls the running system and understands every answer, refusals too."""

import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.tables.files import MEDIA_TYPES
from tests.drivers.documents import SERVICES, document
from tests.drivers.files import PDF, WORKBOOK
from tests.e2e.conftest import Client
from tests.e2e.season import DEADLINE, world

GENERATE = (
    str(Path(sys.executable).parent / "openapi-python-client"),
    "generate",
    "--meta",
    "none",
    "--fail-on-warning",
)

FILES = dict.fromkeys([*MEDIA_TYPES, WORKBOOK, PDF, "image/svg+xml"], "application/octet-stream")
"""The generator knows no other file."""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on Python's path with a package `bilet_<service>` for each document."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "config.yml").write_text(json.dumps({"post_hooks": [], "content_type_overrides": FILES}))
    for service in SERVICES:
        source = folder / f"{service}.json"
        source.write_text(json.dumps(document(service)))
        where = ("--path", str(source), "--output-path", str(folder / f"bilet_{service}"))
        done = subprocess.run(
            [*GENERATE, *where, "--config", str(folder / "config.yml")], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


class Generated:
    """The generated client of one service, for somebody with grants."""

    def __init__(self, client: Client, service: str, *grants: str, subject: str = "somebody") -> None:
        self._package = f"bilet_{service}"
        self.models = importlib.import_module(f"{self._package}.models")
        self._made = importlib.import_module(self._package).AuthenticatedClient
        self._who = client.system.url, client.token(*grants, subject=subject) if grants else "none"

    async def call(self, tag: str, operation: str, **arguments: Any) -> Any:
        """The parsed answer of an operation."""
        module = importlib.import_module(f"{self._package}.api.{tag}.{operation}")
        async with self._made(*self._who) as client:
            answer = await module.asyncio_detailed(client=client, **arguments)
        assert answer.parsed is not None, answer.content
        return answer.parsed

    async def soon(self, tag: str, operation: str, wanted: type[Any], **arguments: Any) -> Any:
        """The same, asked again until it is of the wanted type."""
        deadline = asyncio.get_running_loop().time() + DEADLINE
        while not isinstance(answer := await self.call(tag, operation, **arguments), wanted):
            assert asyncio.get_running_loop().time() < deadline, answer
            await asyncio.sleep(0.05)
        return answer


async def test_a_season_is_played_by_generated_clients(packages: Path, client: Client) -> None:
    made = await world(client)
    registration = Generated(client, "registration", *made.navigator)
    roster = registration.models.Roster.from_dict(made.roster([made.pupil(1), made.pupil(2, grade=9)]))
    entered = await registration.call("registration", "register_roster", body=roster)
    assert isinstance(entered, registration.models.RosterAnswer)
    assert [item.status for item in entered.items] == ["created", "rejected"]
    assert entered.items[1].problem.errors[0].pointer == "/pupils/1/grade"
    participant = entered.items[0].participant

    family = Generated(client, "registration", "guardian", subject=f"guardian of {made.region}")
    code = family.models.LinkRequest(code=entered.items[0].link_code)
    linked = await family.call("registration", "redeem", body=code)
    assert (linked.participant, linked.guardian) == (participant, entered.items[0].guardian)

    trials = Generated(client, "trials", *made.navigator)
    attempt = trials.models.AttemptCommand.from_dict(made.attempt(participant))
    done = await trials.soon("trials", "attempt", trials.models.AttemptAnswer, body=attempt)
    assert (done.status, done.profile["people"]) == ("completed", 50.0)

    operator = Generated(client, "analytics", *made.operator)
    funnel = await operator.soon("analytics", "funnel", operator.models.Funnel, code=made.region, season=made.season)
    assert (funnel.region, funnel.name) == (made.region, "Область")
    feed = await operator.call("analytics", "feed", code=made.region, wait=20)
    assert [event.seq for event in feed.events] == list(range(1, len(feed.events) + 1))

    inbox = Generated(client, "notifications", "guardian", subject=f"guardian of {made.region}")
    page = await inbox.call("inbox", "inbox")
    assert isinstance(page, inbox.models.InboxPage)


Refusal = tuple[str, str, str, dict[str, Any], str]
REFUSALS: Sequence[Refusal] = [
    ("registration", "registration", "read_participant", {"participant": "nobody"}, "not-found"),
    ("registration", "registration", "list_pupils", {"code": "NO-SCHOOL", "season": "1"}, "school-unknown path:code"),
    ("trials", "trials", "path", {"participant": "nobody", "season": "1"}, "not-found"),
    ("trials", "trials", "slots", {"season": "1", "limit": 1_000_000}, "bad-input query:limit"),
    ("analytics", "analytics", "funnel", {"code": "RU-NONE", "season": "1"}, "region-unknown path:code"),
    ("analytics", "analytics", "feed", {"code": "RU-ROS", "after": "nonsense"}, "bad-input query:after"),
    ("notifications", "inbox", "inbox", {}, "forbidden"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: "-".join(refusal[:3]))
async def test_a_refusal_is_understood(packages: Path, client: Client, refusal: Refusal) -> None:
    service, tag, operation, arguments, wanted = refusal
    anybody = Generated(client, service)
    refused = await anybody.call(tag, operation, **arguments)
    assert (refused.status, refused.type_) == (401, "unauthenticated")
    nation = Generated(client, service, "national-operator:RU")
    refused = await nation.call(tag, operation, **arguments)
    assert isinstance(refused, nation.models.Problem)
    assert " ".join([refused.type_, *(error.pointer for error in refused.errors or ())]) == wanted
