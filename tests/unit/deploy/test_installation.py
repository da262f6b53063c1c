"""Which system a command is for, where no demo runs: who signs, and how long one waits for what is starting."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiokafka.errors import KafkaConnectionError
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from pymongo.errors import OperationFailure

from deploy.cli import installation
from deploy.cli.installation import CallError
from deploy.cli.readiness import answering, once_there
from deploy.sidecars.issuer import load_key
from shared.contracts.topics import SERVICES

ISSUER = "http://identity:8000/issuer"


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ECKey:
    """Of an identity provider that the environment names."""
    made = load_key(tmp_path / "key.json")
    monkeypatch.setenv("IDENTITY_KEY", str(tmp_path / "key.json"))
    monkeypatch.setenv("OIDC_ISSUER", ISSUER)
    return made


def test_the_environment_says_who_signs(key: ECKey) -> None:
    token = installation.issuer(None).token("operator", [], time.time())
    claims = jwt.decode(token, KeySet([key]), algorithms=["ES256"]).claims
    assert (claims["iss"], claims["aud"]) == (ISSUER, "bilet")


@pytest.mark.usefixtures("key")
def test_a_key_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_KEY", str(tmp_path / "other.json"))
    with pytest.raises(CallError, match="IDENTITY_KEY"):
        installation.issuer(None)
    assert not (tmp_path / "other.json").exists()


@pytest.mark.usefixtures("key")
def test_a_key_without_its_issuer_signs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OIDC_ISSUER")
    with pytest.raises(CallError, match="OIDC_ISSUER"):
        installation.issuer(None)


def _failing(*errors: Exception) -> tuple[Callable[[], Awaitable[None]], list[Exception]]:
    left = list(errors)

    async def work() -> None:
        if left:
            raise left.pop(0)

    return work, left


async def test_work_is_repeated_until_its_servers_are_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.cli.readiness.PAUSE", 0)
    work, left = _failing(KafkaConnectionError(), KafkaConnectionError(), OperationFailure("not yet", 18))
    await once_there(work, 60)
    assert left == []
    assert capsys.readouterr().err == "waiting: KafkaConnectionError\nwaiting: OperationFailure\n"


async def test_work_is_not_repeated_behind_its_deadline_nor_after_a_mistake() -> None:
    for error, seconds in ((KafkaConnectionError(), 0), (ValueError(), 60)):
        work, left = _failing(error, RuntimeError("a second time"))
        with pytest.raises(type(error)):
            await once_there(work, seconds)
        assert len(left) == 1


async def test_a_system_answers_when_all_of_its_services_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.cli.readiness.PAUSE", 0)
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=502 if asked.count(request.path) == 1 else 200)

    app = web.Application()
    app.router.add_get("/{service}/openapi.json", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = "http://{}:{}".format(*runner.addresses[0])
        await answering(url, 60)
        assert asked == [f"/{service}/openapi.json" for service in SERVICES for _ in range(2)]
        asked.clear()
        with pytest.raises(CallError, match=r"does not answer within 0 s: .* says 502"):
            await answering(url, 0)
    finally:
        await runner.cleanup()
