"""The HTTP face: whatever the framework answers has the one form of errors, and no path is redirected."""

import pytest
from fastapi import APIRouter

from shared.routes import Route
from tests.asking import Asked


@pytest.fixture(scope="module")
def asked() -> Asked:
    router = APIRouter(route_class=Route)

    @router.post("/taken")
    async def taken() -> int:
        return 1

    @router.post("/broken")
    async def broken() -> None:
        raise RuntimeError("a fault of ours")

    return Asked([router])


@pytest.mark.parametrize(("path", "status"), [("/taken", 200), ("/taken/", 404), ("/other", 404)])
async def test_a_path_is_answered_as_it_is_and_never_redirected(asked: Asked, path: str, status: int) -> None:
    assert (await asked.ask("POST", path)).status == status


@pytest.mark.parametrize(
    ("method", "path", "status", "type"),
    [
        ("POST", "/other", 404, "not-found"),
        ("GET", "/taken", 405, "method-not-allowed"),
        ("BREW", "/taken", 405, "method-not-allowed"),
        ("POST", "/taken?x=1", 422, "bad-input"),
        ("POST", "/broken", 500, "internal-error"),
    ],
)
async def test_errors_of_the_framework_have_the_one_form(
    asked: Asked, method: str, path: str, status: int, type: str
) -> None:
    answer = await asked.ask(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, answer.body["status"], answer.body["type"]) == (status, status, type)
    if status == 405:
        assert answer.headers["allow"] == "POST"
