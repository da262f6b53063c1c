"""Cursors and pages without a server: each item once, and whatever a cursor holds, the answer is right or a refusal."""

import json
from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base.errors import BadInput
from shared.http import cursors
from shared.http.paging import Listing, Paging

THINGS = Listing("things", {"at": datetime, "_id": str})
Thing = tuple[datetime, str]
START = datetime(2020, 7, 7, tzinfo=UTC)
LISTS = st.sets(st.tuples(st.integers(0, 3).map(lambda n: START + timedelta(days=n)), st.text(max_size=8)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
DAY = "2020-07-07T00:00:00+00:00"


def page(items: set[Thing], after: str, limit: int = 2, **asked: str) -> tuple[list[Thing], str | None]:
    return THINGS.cut(items, lambda item: item, Paging(after, limit), asked)


def forged(*parts: Any) -> str:
    return cursors.encode([cursors.mark("things", {}), *parts])


@given(LISTS, st.integers(1, 4))
def test_every_item_comes_once_and_in_order(items: set[Thing], limit: int) -> None:
    seen, after = page(items, "", limit)
    while after:
        more, after = page(items, after, limit)
        assert len(more) <= limit
        seen += more
    assert seen == sorted(items)


def test_what_is_added_meanwhile_shifts_no_page() -> None:
    items: set[Thing] = {(START, id) for id in "bdfh"}
    first, after = page(items, "")
    assert after is not None
    second, _ = page(items | {(START, "a"), (START, "e")}, after)
    assert [id for _, id in (*first, *second)] == ["b", "d", "e", "f"]


@given(st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).decode()) | JSON.map(json.dumps))
def test_any_text_is_refused_by_name(word: str) -> None:
    if word:
        with pytest.raises(BadInput) as refusal:
            page(set(), word)
        assert [error.pointer for error in refusal.value.errors] == ["after"]


@given(st.lists(JSON, max_size=3))
def test_whatever_is_inside_is_read_or_refused(parts: list[Any]) -> None:
    with suppress(BadInput):
        page({(START, "a")}, forged(*parts))


@pytest.mark.parametrize(
    "word",
    [
        forged(DAY),
        forged(DAY, "a", "b"),
        forged("a", DAY),
        forged(DAY, 7),
        forged("0001-01-01T00:00:00+14:00", "a"),
        forged("2020-07-07T00:00:00", "a"),
        cursors.encode(["x", DAY, "a"]),
        cursors.encode({"at": DAY}),
        urlsafe_b64encode(b"[" * 9_000).decode(),
        urlsafe_b64encode(b'["\\ud800"]').decode(),
        "W10" * cursors.LONGEST,
        f"{forged(DAY, 'a')}!",
        "\ud800",
    ],
)
def test_a_forged_cursor_is_refused(word: str) -> None:
    with pytest.raises(BadInput):
        page({(START, "a")}, word)


def test_a_cursor_holds_for_its_list_and_filter_alone_with_or_without_padding() -> None:
    items: set[Thing] = {(START, id) for id in "abcd"}
    _, after = page(items, "", season="2020")
    assert after is not None
    for same in (after, after + "=" * (-len(after) % 4)):
        assert page(items, same, season="2020") == ([(START, "c"), (START, "d")], None)
    with pytest.raises(BadInput):
        page(items, after, season="2021")
    with pytest.raises(BadInput):
        Listing("others", THINGS.order).cut(items, lambda item: item, Paging(after, 2), {"season": "2020"})


def test_a_cursor_with_anything_strewn_into_it_is_none() -> None:
    word = cursors.encode(["x", DAY])
    assert cursors.decode(word) == ["x", DAY]
    for strange in ("!", " ", "\n", "+", "/", "~"):
        assert cursors.decode(f"{word[:4]}{strange}{word[4:]}") is None, strange


def test_a_number_of_a_cursor_is_one_that_the_database_has() -> None:
    assert [cursors.is_number(n) for n in (0, 1, cursors.LARGEST)] == [True] * 3
    assert [cursors.is_number(n) for n in (-1, cursors.LARGEST + 1, True, 1.0, "1", None)] == [False] * 6
