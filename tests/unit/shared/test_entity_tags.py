"""Entity tags as RFC 9110 has them: compared weakly, in lists; what is no tag counts for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.entity_tags import Conditional, holds, tag_of

TAG = '"abc"'


@pytest.mark.parametrize(
    "sent", [TAG, 'W/"abc"', '"x", W/"abc"', "*", " * ", '"a,b" , "abc"', 'junk, "abc"', ',,"abc",,', '"a"b, "abc"']
)
def test_a_tag_that_is_named_is_known(sent: str) -> None:
    assert holds(sent, TAG)
    assert holds(sent, f"W/{TAG}")


@pytest.mark.parametrize(
    "sent", ["", "abc", '"abc', 'x"abc"', '"abc"x', 'w/"abc"', '"abc" "abc"', '*, "x"', '"ab\tc"', '"ABC"', '""']
)
def test_any_other_is_not(sent: str) -> None:
    assert not holds(sent, TAG)


@given(st.text())
def test_no_text_breaks_it(sent: str) -> None:
    holds(sent, TAG)


def test_an_answer_that_is_known_has_the_headers_of_the_other() -> None:
    full = Conditional("").answer(b'{"a":1}')
    none = Conditional(full.headers["etag"]).answer(b'{"a":1}')
    assert (full.status_code, full.body, none.status_code, none.body) == (200, b'{"a":1}', 304, b"")
    for name in ("etag", "cache-control"):
        assert none.headers[name] == full.headers[name]
    assert full.headers["etag"] == tag_of(b'{"a":1}') != tag_of(b'{"a":2}')
    assert Conditional(full.headers["etag"]).answer(b'{"a":2}').status_code == 200
