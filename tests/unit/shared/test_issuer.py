"""A provider's keys: the good ones are used whatever else it publishes, and the old ones whatever it answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from structlog.testing import capture_logs

from deploy.programs.ports import free_port
from shared.base.errors import Unavailable
from shared.identity import issuer as module
from shared.identity.issuer import COLD_SECONDS, LARGEST_DOCUMENT, REFETCH_SECONDS, IssuerKeys, published, usable

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
GOOD = ECKey.generate_key("P-256").as_dict(private=False, kid="good")
OF_NO_USE: list[Any] = [
    None,
    "key",
    [],
    {},
    {"kty": None},
    {"kty": ["EC"]},
    {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AAAA", "kid": "quantum"},
    {"kty": "oct", "k": "AAAA", "kid": "good"},
    {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
    {"kty": "EC", "crv": "P-999", "x": "AAAA", "y": "AAAA"},
    {"kty": "RSA", "n": "", "e": 7},
    {"kty": "OKP", "crv": "X25519"},
    {**GOOD, "use": "enc"},
    {**GOOD, "kid": {"a": 1}, "x": 5},
]


class Provider:
    """A provider on a port of its own; each of its two documents is a JSON value, or is answered otherwise."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.discovery: Any = {"issuer": url, "jwks_uri": f"{url}/jwks"}
        self.jwks: Any = {"keys": [GOOD]}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        document = self.jwks if request.path.endswith("/jwks") else self.discovery
        if callable(document):
            answered: web.StreamResponse = await document(request)
            return answered
        return web.json_response(document)


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    port = free_port()
    running = Provider(f"http://127.0.0.1:{port}/realms/school")
    app = web.Application()
    app.add_routes([web.get("/{path:.*}", running.answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield running
    await runner.cleanup()


def text(body: str | bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return answer


async def redirect(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(request.path + "/more")


async def slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(10)
    return web.Response()


async def broken_off(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    assert request.transport is not None
    request.transport.close()
    return answer


WRONG: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "a list": [],
    "no members": {},
    "HTML": text("<html></html>", 200),
    "an error": text("{}", 500),
    "gone": text("{}", 404),
    "nothing": text(""),
    "bytes": text(b"\xff\xfe{"),
    "half": text('{"keys": ['),
    "deep": text("[" * 200_000),
    "large": text(json.dumps({"keys": [], "more": "x" * LARGEST_DOCUMENT})),
    "packed wrongly": text("{}", 200, **{"Content-Encoding": "gzip"}),
    "redirects for ever": redirect,
    "slow": slow,
    "broken off": broken_off,
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("where", ["discovery", "jwks"])
async def test_whatever_a_provider_answers_is_survived(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, wrong: str, where: str
) -> None:
    monkeypatch.setattr(module, "FETCH_SECONDS", 0.5)
    setattr(provider, where, WRONG[wrong])
    with pytest.raises(Unavailable):
        await published(provider.url)


@pytest.mark.parametrize(
    "keys", [None, [], {}, "keys", [None], OF_NO_USE], ids=["null", "none", "a map", "a text", "one null", "useless"]
)
async def test_a_set_without_a_key_of_use_is_as_no_answer(provider: Provider, keys: Any) -> None:
    provider.jwks = {"keys": keys}
    with pytest.raises(Unavailable, match="no key of a kind"):
        await published(provider.url)


@pytest.mark.parametrize("said", [{"issuer": "http://elsewhere"}, {"issuer": None}, {"jwks_uri": 5}, {"jwks_uri": "x"}])
async def test_a_discovery_document_must_be_the_issuer_s(provider: Provider, said: dict[str, Any]) -> None:
    provider.discovery |= said
    with pytest.raises(Unavailable):
        await published(provider.url)


@pytest.mark.parametrize(("written", "named"), [("", ""), ("", "/"), ("/", ""), ("/", "/")])
async def test_an_issuer_is_found_with_and_without_a_slash_at_its_end(
    provider: Provider, written: str, named: str
) -> None:
    provider.discovery["issuer"] = provider.url + named
    assert (await published(provider.url + written)).issuer == provider.url + named


async def test_keys_are_read_whatever_type_the_document_is_said_to_be_of(provider: Provider) -> None:
    provider.jwks = text(json.dumps({"keys": [GOOD]}), 200, **{"Content-Type": "text/plain"})
    assert [key.kid for key in (await published(provider.url)).keys] == ["good"]


def test_good_keys_are_used_among_others() -> None:
    known: list[Key] = [ECKey.generate_key("P-256"), RSAKey.generate_key(2048), OKPKey.generate_key("Ed25519")]
    entries = [key.as_dict(private=False) for key in known]
    assert usable([*OF_NO_USE, *entries, *OF_NO_USE]).as_dict()["keys"] == [
        key.as_dict(private=False, kid=key.thumbprint()) for key in known
    ]


async def test_old_keys_serve_on_and_the_reason_is_logged_once(provider: Provider) -> None:
    now = 0.0
    keys = IssuerKeys(lambda: published(provider.url), lambda: now)
    first = await keys.get()
    provider.jwks = {"keys": []}
    with capture_logs() as logs:
        for _ in range(3):
            now += REFETCH_SECONDS
            assert await keys.get(anew=True) is first
        provider.jwks = {"keys": [GOOD]}
        now += REFETCH_SECONDS
        assert await keys.get(anew=True) is not first
    reason = "it publishes no key of a kind that is known here"
    assert [log.get("reason", log.get("over")) for log in logs] == [reason, reason]


async def test_who_asks_before_there_are_keys_does_not_wait_for_a_provider_that_is_down() -> None:
    now, asked = 0.0, 0

    async def fetch() -> module.Published:
        nonlocal asked
        asked += 1
        raise Unavailable("down")

    keys = IssuerKeys(fetch, lambda: now)
    for _ in range(5):
        with pytest.raises(Unavailable, match="down"):
            await keys.get()
    assert asked == 1
    now += COLD_SECONDS
    with pytest.raises(Unavailable, match="down"):
        await keys.get()
    assert asked == 2
