"""The independent counter: it shares nothing with the platform, it notices what is broken, and it counts a family."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.chaos import counter, told
from tests.chaos.agreement import agreed
from tests.chaos.counter import FeedBroken
from tests.chaos.told import Record
from tests.e2e.conftest import Client
from tests.e2e.season import soon, world

ALLOWED = sys.stdlib_module_names | {"aiohttp", "aiokafka"}


@pytest.mark.parametrize("module", [counter, told])
def test_it_imports_nothing_of_the_platform(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {a.name for node in imports if isinstance(node, ast.Import) for a in node.names}
    names |= {"." * node.level + (node.module or "") for node in imports if isinstance(node, ast.ImportFrom)}
    assert names
    assert {name.split(".")[0] for name in names - {told.__name__}} - ALLOWED == set()


def record(seq: int, *, epoch: int = 1, id: str = "") -> Record:
    return Record(epoch, seq, id or f"e{seq}", "consent.given.v1", {"participant": "p"})


BROKEN: dict[str, Callable[[], list[Record]]] = {
    "a gap": lambda: [record(1), record(3)],
    "a late start": lambda: [record(2)],
    "a number given twice": lambda: [record(1), record(1, id="other")],
    "an event given twice": lambda: [record(1), record(2, id="e1")],
    "the wrong order": lambda: [record(2), record(1)],
    "two epochs": lambda: [record(1), record(2, epoch=2)],
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_it_notices_a_broken_feed(broken: Callable[[], list[Record]]) -> None:
    with pytest.raises(FeedBroken):
        counter.check(broken())


def test_of_a_topic_it_takes_the_newest_epoch_and_each_number_once() -> None:
    old, again = record(1, epoch=1), [record(n, epoch=2) for n in (1, 2, 1, 2, 3)]
    assert [r.seq for r in counter.newest([old, *again])] == [1, 2, 3]
    with pytest.raises(FeedBroken, match="two different records"):
        counter.newest([record(1), record(1, id="other")])


async def test_it_counts_what_the_api_counts(client: Client) -> None:
    place = await world(client)
    pupils = await place.register([place.pupil(1), place.pupil(2)])
    both = [pupil["participant"] for pupil in pupils]
    attempts = {"attempts": [place.attempt(participant, ref=participant) for participant in both]}
    await soon(client, "POST", "/trials/attempts/batch", attempts, by=place.navigator)
    slot = await place.slot("t1")
    bookings = {"participants": both, "occurred_at": "2020-09-21T10:00:00+03:00"}
    await client.ok("POST", f"/trials/slots/{slot}/bookings/batch", bookings, by=place.navigator)
    present = [{"participant": both[0], "source": "list", "occurred_at": "2020-10-05T16:30:00+03:00"}]
    await client.ok("POST", f"/trials/slots/{slot}/attendance", present, by=place.host)
    code = {"code": pupils[1]["link_code"]}
    await client.ok("POST", "/registration/links", code, by=("guardian",), subject=f"family-{both[1]}")
    found = (await agreed(client.system, place.region, place.season)).figures
    stages = {"registered": 3, "participated": 2, "tested": 2, "attended": 1, "completed": 1, "recommended": 1}
    assert found.funnel == {**stages, "guardians": 1}
    assert [(row["rank"], row["share"]) for row in found.ranking] == [(1, 0.5)]
    assert [(row["competency"], row["attended"], row["booked"]) for row in found.competencies] == [("gov", 1, 2)]
