"""The operator's command line, as the operator runs it: `bilet` as a process against the whole running system."""

import asyncio
import json
import os
import shutil
import stat
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryFile
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from deploy.cli.run_file import About, announced
from deploy.local.system import ROOT, System
from deploy.programs.ports import free_port
from shared.base.settings import Settings
from shared.contracts.topics import REGISTRATION_CATALOGUE
from shared.messaging import kafka
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.builders.poison import POISON
from tests.chaos import counter
from tests.chaos.agreement import operator, settled
from tests.drivers.bilet import DEADLINE, Bilet, Ran, ended, read_again
from tests.e2e import generated
from tests.e2e.conftest import Client
from tests.e2e.season import world

GROUP = "trials.organisations"


@pytest.fixture(scope="module")
def demo(running: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of the running system, beside that of a demo that was started later and killed."""
    folder = tmp_path_factory.mktemp("temporary") / "bilet-demo"
    folder.mkdir()
    for name in ("identity-key.json", "gateway-port"):
        shutil.copy(running.infrastructure.data / name, folder)
    about = About(running.url, str(ROOT), "0", "2026-11-29T10:00:00+00:00", "RU-ROS", "2020", running.processes)
    with announced(folder, running.settings, about):
        killed = shutil.copytree(folder, folder.with_name("bilet-killed"))
        later = (folder / "environment").stat().st_mtime + 60
        os.utime(killed / "environment", (later, later))
        yield folder


@pytest.fixture
def bilet(demo: Path) -> Bilet:
    """The command line on the machine where the demo runs."""
    return Bilet(demo.parent)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def region(running: System) -> str:
    """A region whose feed holds a few events, and grows no more."""
    async with aiohttp.ClientSession() as http:
        place = await world(Client(running, http))
        await place.register([place.pupil(number) for number in (1, 2, 3)])
    return place.region


async def test_a_token_opens_what_it_grants(bilet: Bilet, client: Client, region: str) -> None:
    mine, none = await asyncio.gather(bilet("token", "--grant", f"regional-operator:{region}"), bilet("token"))
    feed = f"/analytics/regions/{region}/feed"
    answers = [await client.call("GET", feed, Authorization=f"Bearer {ran.output.strip()}") for ran in (mine, none)]
    assert [answer.status for answer in answers] == [200, 403]
    assert (mine.complaint, none.complaint) == ("", "No --grant is given: the token says who, and opens nothing\n")


async def test_lag_is_nothing_once_everything_is_visible(bilet: Bilet, region: str) -> None:
    ran = await bilet("lag", "--wait", "60")
    assert ran.code == 0, ran
    header, *rows, total = [line.split() for line in ran.lines]
    assert (header, total) == (["waits", "in", "of", "records"], ["total", "0"])
    assert {"outbox trials 0", f"group e2e.{GROUP} 0", f"feed {region} 0"} <= {" ".join(row) for row in rows}


async def test_every_figure_is_proven(bilet: Bilet, region: str) -> None:
    ran, said = await bilet("verify", "--rate", "100000"), await bilet("verify", "--json")
    assert (ran.code, said.code) == (0, 0), ran
    assert ran.lines[-1].endswith(" cells compared, 0 differ")
    verdict = json.loads(said.output)
    assert (verdict["proven"], verdict["first"]) == (True, [])
    assert 0 < verdict["records"] <= sum(sum(offsets.values()) for offsets in verdict["position"].values())


async def test_a_dead_letter_is_listed_with_place_and_reason(bilet: Bilet, settings: Settings) -> None:
    before = await bilet("dlq", "list", "--group", GROUP)
    assert (before.code, before.lines) == (0, [f"no dead letters of {GROUP}"])
    topic, poison = settings.kafka_topic_prefix + REGISTRATION_CATALOGUE.name, POISON["not JSON"]
    value, headers = poison.spoil(enveloped(builders.municipality()))
    async with kafka.producer(settings.bootstrap) as producer:
        sent = await producer.send_and_wait(topic, value, b"k", headers=headers)
    await settled(settings)
    one, every = await asyncio.gather(bilet("dlq", "list", "--group", GROUP), bilet("dlq", "list"))
    header, letter = one.lines
    assert header.split() == ["group", "put", "aside", "(UTC)", "position", "bytes", "redriven", "reason"]
    group, _, _, position, size, reason = letter.split(maxsplit=5)
    assert (group, position, size) == (GROUP, f"{topic}:{sent.partition}:{sent.offset}", "1")
    assert poison.reason in reason
    groups = [line.split()[0] for line in every.lines[1:]]
    assert GROUP in groups
    assert len(set(groups)) == len(groups) > 1, "each group that reads the topic puts it aside once"


async def test_a_feed_is_printed_whole_and_in_order(
    bilet: Bilet, running: System, settings: Settings, region: str
) -> None:
    await settled(settings)
    ran = await bilet("feed", "tail", region, "--until-end")
    async with aiohttp.ClientSession() as http:
        counted = await counter.read_http(http, running.url, region, operator(running, region))
    assert ran.code == 0, ran
    assert ran.events == [(record.epoch, record.seq) for record in counted]
    assert [seq for _, seq in ran.events] == list(range(1, len(counted) + 1))
    cursor = ran.complaint.removeprefix("To go on from here: --after ").strip()
    rest = await bilet("feed", "tail", region, "--until-end", "--after", cursor)
    assert (rest.code, rest.output) == (0, "")


async def test_a_reader_that_leaves_ends_the_tail_without_a_word(bilet: Bilet, region: str) -> None:
    reading, writing = os.pipe()
    with TemporaryFile() as errors:
        process = await bilet.start("feed", "tail", region, output=writing, errors=errors.fileno())
        os.close(writing)
        first = await asyncio.to_thread(_first_line, reading)
        async with asyncio.timeout(DEADLINE):
            code = await process.wait()
        said = ended(code, b"", read_again(errors))
    assert json.loads(first)["seq"] == 1
    assert (said.code, said.complaint) == (0, "")


def _first_line(pipe: int) -> bytes:
    with open(pipe, "rb") as reader:
        return reader.readline()


async def test_a_wrong_call_is_one_sentence(bilet: Bilet, region: str) -> None:
    wrong = {
        ("--token", "any"): "401: unauthenticated: the token is not valid",
        ("--after", "yesterday"): "422: bad-input: after: is not a cursor",
    }
    for ran, complaint in zip(await _all(bilet, ("feed", "tail", region), wrong), wrong.values(), strict=True):
        assert (ran.code, ran.output) == (2, "")
        assert complaint in ran.complaint.splitlines()[-1]


async def test_without_a_demo_it_says_what_can_be_done(tmp_path: Path) -> None:
    ways = {
        ("token",): "",
        ("lag",): ", or set KAFKA_BOOTSTRAP_SERVERS and MONGO_URL",
        ("feed", "tail", "RU-ROS"): ", or give --url and --token",
    }
    first = "No demo is up here: start one by `make demo` or `bilet demo`, or name the system by --data FOLDER"
    for ran, last in zip(await _all(Bilet(tmp_path), (), ways), ways.values(), strict=True):
        assert (ran.code, ran.output, ran.complaint) == (2, "", f"{first}{last}\n")


async def _all(bilet: Bilet, verb: Sequence[str], calls: Iterable[Sequence[str]]) -> Sequence[Ran]:
    return await asyncio.gather(*(bilet(*verb, *words) for words in calls))


async def test_a_demo_that_was_killed_does_not_run(bilet: Bilet, demo: Path) -> None:
    killed = demo.with_name("bilet-killed")
    ran = await bilet("lag", "--data", str(killed))
    assert (ran.code, ran.output) == (2, "")
    assert ran.complaint.startswith(f"The demo of {killed} does not run now")


def test_what_a_demo_leaves_is_for_its_owner_alone(demo: Path) -> None:
    assert stat.S_IMODE((demo / "environment").stat().st_mode) == 0o600


async def test_a_season_is_played_once_and_only_confirmed_afterwards(bilet: Bilet, tmp_path: Path) -> None:
    generated.drawn(tmp_path / "scenario", "after-all-stages", 1, Random(7))
    play = ("simulate", "--scenario", str(tmp_path / "scenario"))
    first = await bilet(*play)
    again, other = await asyncio.gather(bilet(*play), bilet(*play, "--seed", "1"))
    assert (first.code, again.code) == (0, 0), (first, again)
    assert "holds" not in first.output
    assert "events already; none is caused twice" in again.output
    assert (other.code, other.output) == (2, "")
    assert "Only the same can be played again" in other.complaint


def page(epoch: int, *numbers: int, watermark: int) -> dict[str, Any]:
    """A page of a feed."""
    events = [{"seq": number, "epoch": epoch} for number in numbers]
    return {"events": events, "next": f"{epoch}.{numbers[-1]}", "watermark": watermark}


@pytest_asyncio.fixture(loop_scope="session")
async def troubled() -> AsyncIterator[tuple[str, list[str]]]:
    """The URL of a gateway that breaks off in every way, and the cursors that it is asked for."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["after"])
        match len(asked):
            case 1:
                return web.json_response(page(1, 1, 2, watermark=3))
            case 2:
                return web.json_response({"type": "unavailable", "detail": "no database"}, status=503)
            case 3:
                return await _cut_short(request)
            case 4:
                return web.json_response({"type": "epoch-gone", "detail": "as epoch 2"}, status=410)
            case _:
                return web.json_response(page(2, 1, watermark=1))

    app = web.Application()
    app.add_routes([web.get("/analytics/regions/RU-ROS/feed", answer)])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
    yield f"http://127.0.0.1:{port}", asked
    await runner.cleanup()


async def _cut_short(request: web.Request) -> web.StreamResponse:
    """An answer that breaks off in the middle of its body."""
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(json.dumps(page(1, 3, watermark=3)).encode()[:20])
    assert request.transport is not None
    request.transport.close()
    return answer


async def test_breaks_and_a_new_epoch_lose_and_repeat_nothing(tmp_path: Path, troubled: tuple[str, list[str]]) -> None:
    url, asked = troubled
    ran = await Bilet(tmp_path)("feed", "tail", "RU-ROS", "--until-end", "--url", url, "--token", "any")
    assert ran.code == 0, ran
    assert ran.events == [(1, 1), (1, 2), (2, 1)]
    assert asked == ["0", "1.2", "1.2", "1.2", "0"]
    unavailable, cut, anew, cursor = ran.complaint.splitlines()
    assert "503: unavailable: no database" in unavailable
    assert unavailable.endswith("Asking again in 0.5 s, for what follows 1.2")
    assert cut.endswith("Asking again in 1 s, for what follows 1.2")
    assert anew.startswith("The feed was opened anew")
    assert cursor == "To go on from here: --after 2.1"
