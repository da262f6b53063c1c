"""Work beside the loop: what is light is done at once, what is heavy lets the loop go on."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from shared.base.errors import BadInput
from shared.base.side_thread import LIGHT, aside

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
