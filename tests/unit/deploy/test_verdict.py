"""How a fault test fails: in one line that names the fault or the invariant, also out of tasks within tasks."""

import asyncio

import pytest

from tests.verdict import Broken, one_failure, same


def test_equal_is_no_verdict() -> None:
    same("figures", {"a": [1]}, {"a": [1]})


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}, "b: 2 where 3 is due; c: None where 4 is due"),
        ([1, 2, 3], [1, 5, 3], "1: 2 where 5 is due"),
        ([1], [1, 2], "[1] where [1, 2] is due"),
        ({n: 0 for n in range(5)}, {n: 1 for n in range(5)}, "2: 0 where 1 is due; and 2 more"),
    ],
)
def test_an_invariant_is_named_with_its_first_differences(found: object, expected: object, told: str) -> None:
    with pytest.raises(Broken) as broken:
        same("nothing is lost", found, expected)
    assert str(broken.value).startswith("invariant broken: nothing is lost: ")
    assert str(broken.value).endswith(told)


async def test_tasks_within_tasks_fail_in_one_line() -> None:
    async def fail(error: Exception) -> None:
        raise error

    async def all_fail(*errors: Exception) -> None:
        with one_failure("the season"):
            async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
                outer.create_task(asyncio.sleep(60))
                for error in errors:
                    inner.create_task(fail(error))

    with pytest.raises(Broken, match=r"^fault not survived: trials\.api$"):
        await all_fail(KeyError("x"), Broken("fault not survived: trials.api"))
    with pytest.raises(Broken, match=r"^the season: TimeoutError: nothing came$"):
        await all_fail(TimeoutError("nothing\ncame"))
