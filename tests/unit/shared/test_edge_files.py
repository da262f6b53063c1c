"""A route whose body is a file: its headers are judged first, and it is read piece by piece, within its bounds."""

import pytest
from fastapi import APIRouter, Request

from shared.http.authorisation import NationalOperator
from shared.http.openapi import file_body
from shared.http.routes import file_of, router_of
from tests.drivers.asking import Asked

TYPES, MOST = ("text/csv", "text/x-other"), 100


def routes() -> APIRouter:
    router = router_of("test")

    @router.post("/files", max_body_size=MOST, openapi_extra=file_body(TYPES, MOST))
    async def take(who: NationalOperator, sent: Request, name: str = "") -> list[int]:
        """The sizes of the pieces."""
        return [len(piece) async for piece in file_of(sent, MOST)]

    return router


@pytest.fixture
def asked() -> Asked:
    return Asked([routes()])


CSV = {"content-type": "text/csv; charset=windows-1251"}


async def test_a_file_is_read_in_any_charset(asked: Asked) -> None:
    answer = await asked.ask("POST", "/test/files", b"a" * MOST, headers=CSV)
    assert (answer.status, answer.body) == (200, [MOST])


@pytest.mark.parametrize(
    ("content_type", "size", "status"),
    [("application/json", 10, 415), ("text/html", 10, 415), ("text/csv", MOST + 1, 413), ("text/csv", 0, 422)],
)
async def test_a_file_is_judged_by_its_headers(asked: Asked, content_type: str, size: int, status: int) -> None:
    answer = await asked.ask("POST", "/test/files", b"a" * size, headers={"content-type": content_type})
    assert (answer.status, answer.read) == (status, 0)


async def test_a_file_of_unknown_size_is_read_no_further_than_its_bound(asked: Asked) -> None:
    answer = await asked.ask("POST", "/test/files", pieces=[b"a" * 60] * 9, headers=CSV)
    assert (answer.status, answer.read) == (413, 2)


async def test_a_file_that_does_not_come_is_not_waited_for(asked: Asked) -> None:
    asked.app.state.body_seconds = 0.02
    answer = await asked.ask("POST", "/test/files", pieces=[b"a"], headers=CSV)
    assert (answer.status, answer.body["type"]) == (408, "too-slow")


async def test_nobody_else_s_file_is_read(asked: Asked) -> None:
    answer = await asked.ask("POST", "/test/files", b"a", headers=CSV | {"authorization": None})
    assert (answer.status, answer.read) == (401, 0)


async def test_a_parameter_that_is_not_known_is_refused_before_the_file(asked: Asked) -> None:
    answer = await asked.ask("POST", "/test/files?other=1", b"a", headers=CSV)
    assert (answer.pointers, answer.read) == (["query:other"], 0)


async def test_the_document_names_the_types_the_size_and_the_refusals(asked: Asked) -> None:
    operation = asked.app.openapi()["paths"]["/test/files"]["post"]
    assert operation["requestBody"]["content"].keys() == set(TYPES)
    assert operation["requestBody"]["x-max-bytes"] == MOST
    assert {"400", "408", "413", "415"} <= operation["responses"].keys()
