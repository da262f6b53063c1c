"""What a body may hold: one form for what is no JSON, no type, too many or too long."""

import json
from typing import Any

import pytest

from shared.base.errors import LONGEST_WORDS, MOST_ERRORS
from shared.http.routes import LARGEST_BODY
from tests.builders.routes import routes
from tests.drivers.asking import Asked


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked([routes()])


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"nmae": "x"}, ["/nmae"]),
        ({"parts": [{"code": "x", "cod": "y"}]}, ["/parts/0/cod"]),
        ({"name": 5}, ["/name"]),
        ({"number": "5"}, ["/number"]),
        ({"number": 5.0}, ["/number"]),
        ({"number": True}, ["/number"]),
        ({"flag": 1}, ["/flag"]),
        ({"flag": "true"}, ["/flag"]),
        ({"day": 18519}, ["/day"]),
        ({"day": "18519"}, ["/day"]),
        ({"day": "2020-09-14T00:00:00"}, ["/day"]),
        ({"at": 1600000000}, ["/at"]),
        ({"at": "1600000000"}, ["/at"]),
        ({"at": "2020-09-14T10:00:00"}, ["/at"]),
        ({"at": "2020-09-14"}, ["/at"]),
        ({"parts": {}}, ["/parts"]),
        ({"words": []}, ["/words"]),
        ([], [""]),
        ("name", [""]),
        (None, [""]),
    ],
)
async def test_no_type_is_taken_for_another(asked: Asked, body: Any, pointers: list[str]) -> None:
    answer = await asked.ask("POST", "/things", json.dumps(body).encode())
    assert (answer.status, answer.pointers) == (422, pointers)


@pytest.mark.parametrize(
    ("text", "status", "pointers"),
    [
        (b"", 422, [""]),
        (b"{", 400, [""]),
        (b"{}{}", 400, [""]),
        (b"\xef\xbb\xbf{}", 400, [""]),
        ('{"name": "Ё"}'.encode("utf-16"), 400, [""]),
        (b'{"name": "\xff"}', 400, [""]),
        (b"\x1f\x8b\x08\x00", 400, [""]),
        (b'{"name": "\0"}', 400, [""]),
        (b'{"name": "\\ud800"}', 422, ["/name"]),
        (b'{"\\ud800": 1}', 422, [""]),
        (b'{"number": 1e400}', 422, ["/number"]),
        (b'{"number": NaN}', 422, ["/number"]),
        (b'{"number": -Infinity}', 422, ["/number"]),
        (b'{"number": 9223372036854775808}', 422, ["/number"]),
        (b'{"number": %s}' % (b"9" * 5000), 422, ["/number"]),
        (b"[" * 300 + b"]" * 300, 422, [""]),
        (b"[" * 5000 + b"]" * 5000, 422, [""]),
    ],
)
async def test_what_is_no_json_is_refused_and_nothing_else_breaks(
    asked: Asked, text: bytes, status: int, pointers: list[str]
) -> None:
    answer = await asked.ask("POST", "/things", text)
    assert (answer.status, answer.pointers) == (status, pointers), answer.body


async def test_of_two_members_of_one_name_the_last_counts(asked: Asked) -> None:
    assert (await asked.ask("POST", "/things", b'{"name": "a", "name": "b"}')).body == {"name": "b"}


TOO_MANY = [
    b"[0" + b",0" * 2500 + b"]",
    b'{"a": [' + b"[]," * 2500 + b"[]]}",
    b'["x"' + b',"x"' * 2500 + b"]",
    b'[","' + b',","' * 2500 + b"]",
    b'{"a,":"b"' + b',"a,":"b"' * 1200 + b',"c":[' + b"0," * 2000 + b"0]}",
]


@pytest.mark.parametrize("text", TOO_MANY)
async def test_a_body_of_many_values_is_refused_before_they_are_made(asked: Asked, text: bytes) -> None:
    answer = await asked.ask("POST", "/things", text)
    assert (answer.status, answer.pointers) == (422, [""])
    assert answer.body["detail"].endswith(f"holds more than {LARGEST_BODY // 8} values")


@pytest.mark.parametrize("filler", [",", "[", '\\"', "\\\\", '\\",', "{\\\\"])
async def test_marks_inside_texts_are_no_values(asked: Asked, filler: str) -> None:
    answer = await asked.ask("POST", "/things", b'{"name": "%s"}' % (filler * 4000).encode())
    assert (answer.status, answer.pointers) == (422, ["/name"])


@pytest.mark.parametrize("field", ["parts", "words"])
async def test_a_list_or_map_that_is_too_long_is_one_error(asked: Asked, field: str) -> None:
    many = {"parts": ["x"] * 101, "words": {str(n): n for n in range(101)}}
    answer = await asked.ask("POST", "/things", {field: many[field]})
    assert (answer.status, answer.pointers) == (422, [f"/{field}"])


async def test_many_fields_that_are_not_known_are_one_error(asked: Asked) -> None:
    answer = await asked.ask("POST", "/things", {f"x{n}": n for n in range(1000)})
    assert (answer.status, answer.pointers) == (422, [""])


async def test_of_many_errors_fifty_are_named_and_the_others_counted(asked: Asked) -> None:
    answer = await asked.ask("POST", "/things", {"parts": ["x"] * 90})
    assert answer.pointers == [f"/parts/{n}" for n in range(MOST_ERRORS)]
    assert answer.body["detail"].endswith("; and 40 more")


async def test_a_long_name_is_not_repeated_at_length(asked: Asked) -> None:
    answer = await asked.ask("POST", "/things", {"x" * 10_000: 1})
    assert [len(pointer) for pointer in answer.pointers] == [LONGEST_WORDS]
    assert len(answer.body["detail"]) < 1000
