"""The gates of large bodies: who is inside, in which order, and that nobody is forgotten who gives up."""

import asyncio

import pytest

from shared.http.large_bodies import LONGEST_REST, Gate, Turns, is_large


class Visitors:
    """Those who have come to a gate, each inside until it is told to leave."""

    def __init__(self, gate: Gate) -> None:
        self.inside: list[str] = []
        self._gate = gate
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._leave: dict[str, asyncio.Event] = {}

    async def come(self, name: str, size: int, whose: str | None = None) -> None:
        """Comes, and is inside or waits."""
        self._leave[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._visit(name, size, whose))
        await _settled()

    async def leave(self, name: str) -> None:
        """Goes out, and lets others in."""
        await self.leave_at_once(name)
        await _settled()

    async def leave_at_once(self, name: str) -> None:
        """Goes out; whoever is called in has not moved yet."""
        self._leave[name].set()
        await self._tasks[name]

    async def give_up(self, name: str) -> None:
        """Is cancelled, wherever it is."""
        self._tasks[name].cancel()
        await _settled()
        assert self._tasks[name].cancelled()

    async def _visit(self, name: str, size: int, whose: str | None) -> None:
        async with self._gate.passed(size, whose):
            self.inside.append(name)
            try:
                await self._leave[name].wait()
            finally:
                self.inside.remove(name)


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def visitors() -> Visitors:
    return Visitors(Gate(10))


async def test_as_many_bytes_are_inside_as_fit(visitors: Visitors) -> None:
    for name in "abc":
        await visitors.come(name, 4)
    assert visitors.inside == ["a", "b"]
    await visitors.leave("a")
    assert visitors.inside == ["b", "c"]


async def test_a_small_one_does_not_overtake_a_large_one(visitors: Visitors) -> None:
    for name, size in (("a", 6), ("large", 9), ("small", 1)):
        await visitors.come(name, size)
    assert visitors.inside == ["a"]
    await visitors.leave("a")
    assert visitors.inside == ["large", "small"]


async def test_one_account_is_inside_once_and_does_not_keep_others_out(visitors: Visitors) -> None:
    for name in ("slow", "slower", "slowest"):
        await visitors.come(name, 4, "its")
    await visitors.come("another", 6, "other")
    assert visitors.inside == ["slow", "another"]
    await visitors.give_up("slower")
    await visitors.leave("slow")
    assert visitors.inside == ["another", "slowest"]
    await visitors.leave("another")
    await visitors.leave("slowest")
    await visitors.come("slow again", 9, "its")
    assert visitors.inside == ["slow again"]


async def test_who_has_more_than_the_gate_lets_in_goes_alone(visitors: Visitors) -> None:
    await visitors.come("huge", 99)
    await visitors.come("small", 1)
    assert visitors.inside == ["huge"]
    await visitors.come("huge again", 99)
    await visitors.leave("huge")
    assert visitors.inside == ["small"]
    await visitors.leave("small")
    assert visitors.inside == ["huge again"]


async def test_who_gives_up_while_it_waits_lets_those_behind_it_in(visitors: Visitors) -> None:
    for name, size in (("a", 6), ("large", 9), ("small", 1)):
        await visitors.come(name, size)
    await visitors.give_up("large")
    assert visitors.inside == ["a", "small"]
    await visitors.come("another", 9)  # it took no room along
    assert visitors.inside == ["a", "small"]


async def test_who_gives_up_inside_makes_room(visitors: Visitors) -> None:
    await visitors.come("a", 9)
    await visitors.come("b", 9)
    await visitors.give_up("a")
    assert visitors.inside == ["b"]


async def test_who_is_called_in_and_gives_up_at_once_makes_room(visitors: Visitors) -> None:
    for name in "abc":
        await visitors.come(name, 9)
    await visitors.leave_at_once("a")
    await visitors.give_up("b")
    assert visitors.inside == ["c"]


async def test_turns_are_one_at_a_time_in_the_order_of_coming() -> None:
    turns, had = Turns(), list[str]()

    async def visit(name: str) -> None:
        async with turns.taken():
            had.append(f"{name} in")
            await asyncio.sleep(0)
            had.append(f"{name} out")

    await asyncio.gather(*map(visit, "abc"))
    assert had == ["a in", "a out", "b in", "b out", "c in", "c out"]


async def test_who_gives_up_while_it_waits_for_its_turn_keeps_nobody() -> None:
    turns = Turns()
    async with turns.taken():
        waits = asyncio.create_task(_has_turn(turns))
        await _settled()
        waits.cancel()
        await _settled()
    assert waits.cancelled()
    async with asyncio.timeout(5):
        await _has_turn(turns)


async def test_after_a_turn_nobody_s_comes_for_as_long_as_it_took() -> None:
    loop, turns = asyncio.get_running_loop(), Turns()
    began = loop.time()
    async with turns.taken():
        await asyncio.sleep(0.02)
    left = loop.time()
    await _has_turn(turns)
    assert loop.time() - left >= 0.9 * min(left - began, LONGEST_REST)


async def test_after_a_long_turn_the_rest_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, now, rests = asyncio.get_running_loop(), [0.0], list[float]()
    monkeypatch.setattr(loop, "time", lambda: now[0])
    monkeypatch.setattr(loop, "call_later", lambda seconds, _: rests.append(seconds))
    async with Turns().taken():
        now[0] = 100 * LONGEST_REST
    monkeypatch.undo()
    assert rests == [LONGEST_REST]


async def _has_turn(turns: Turns) -> None:
    async with turns.taken():
        pass


@pytest.mark.parametrize(
    ("size", "most", "waits"),
    [
        (65_536, 3_000_000, False),
        (65_537, 3_000_000, True),
        (32_768, 262_144, False),
        (32_769, 262_144, True),
        (4_096, 16_384, False),
        (4_097, 16_384, True),
    ],
)
def test_a_body_is_large_by_itself_or_for_its_route(size: int, most: int, waits: bool) -> None:
    assert is_large(size, most) is waits
