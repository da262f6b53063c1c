"""The values of a text are counted before they are made, a slice at a time."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base.errors import BadInput
from shared.http import received

TEXTS = st.text('a,[{"\\', max_size=6)
VALUES = st.recursive(
    st.none() | TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)


def marks(value: Any) -> int:
    """The brackets that open and the commas between."""
    if not isinstance(value, list | dict):
        return 0
    inner = value if isinstance(value, list) else value.values()
    return max(1, len(value)) + sum(map(marks, inner))


@given(VALUES, st.integers(1, 12))
def test_however_a_text_is_cut_its_values_are_counted_exactly(value: Any, size: int) -> None:
    text, most = json.dumps(value).encode(), marks(value)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(received, "SLICE", size)
        assert received.parse(text, most + 1) == value
        with pytest.raises(BadInput, match=f"more than {most} values"):
            received.parse(text, most)
