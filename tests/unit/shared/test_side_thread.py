"""Work beside the loop: what is light is done at once, what is heavy lets the loop go on."""

import asyncio
import threading
import time
from contextvars import ContextVar
from itertools import pairwise

import pytest

from shared.base.errors import BadInput
from shared.base.side_thread import HEAVY, LIGHT, STRETCH_SECONDS, aside, paced

WHO: ContextVar[str] = ContextVar("who")


async def test_light_work_is_done_at_once() -> None:
    step = aside(threading.get_ident, LIGHT - 1).__await__()
    with pytest.raises(StopIteration) as done:
        next(step)
    assert done.value.value == threading.get_ident()


async def test_the_loop_goes_on_beside_heavy_work() -> None:
    went_on = threading.Event()
    asyncio.get_running_loop().call_soon(went_on.set)
    assert await aside(lambda: went_on.wait(10), LIGHT)


async def test_heavy_work_is_done_in_the_caller_s_context() -> None:
    WHO.set("me")
    assert await aside(WHO.get, LIGHT) == "me"


async def test_what_heavy_work_refuses_is_refused() -> None:
    def refuse() -> None:
        raise BadInput.field("/pupils", "no")

    with pytest.raises(BadInput, match="/pupils"):
        await aside(refuse, LIGHT)


@pytest.mark.parametrize("weight", [1, LIGHT, HEAVY + 1], ids=["on the loop", "beside it", "beside it, with rests"])
async def test_work_that_is_paced_gets_every_item_in_turn_and_its_errors_come_through(weight: int) -> None:
    def long(n: int) -> int:
        end = time.monotonic() + 2 * STRETCH_SECONDS
        while time.monotonic() < end:
            pass
        if n == 5:
            raise LookupError(n)
        return n

    assert await aside(lambda: [long(n) for n in paced(range(5))], weight) == [0, 1, 2, 3, 4]
    with pytest.raises(LookupError, match="5"):
        await aside(lambda: [long(n) for n in paced(range(10))], weight)


@pytest.mark.parametrize(("weight", "rests"), [(HEAVY + 1, False), (LIGHT, True)], ids=["of many objects", "as said"])
async def test_paced_work_rests_as_long_as_it_goes_on(weight: int, rests: bool) -> None:
    begun: list[float] = []

    def work() -> None:
        for _ in paced(range(4)):
            begun.append(time.monotonic())
            while time.monotonic() < begun[-1] + 2 * STRETCH_SECONDS:
                pass

    await aside(work, weight, rests=rests)
    assert all(after - before >= 4 * STRETCH_SECONDS for before, after in pairwise(begun))
