"""The keys that an OpenID provider signs with: fetched when they are first needed, and again before they are old."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from joserfc.jwk import JWKRegistry, Key, KeySet

from shared.base.errors import Unavailable
from shared.base.telemetry import Trouble

KEEP_SECONDS = 60.0
"""A key that the provider has withdrawn is believed for so long at most, while the provider answers."""
REFETCH_SECONDS = 10.0
"""At most so often are the keys fetched again for a key id that is not known."""
COLD_SECONDS = 1.0
"""At most so often are the keys fetched while there are none."""
FETCH_SECONDS = 5.0
LARGEST_DOCUMENT = 256 * 1024
"""Bytes of a document that the provider publishes."""
MOST_KEYS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """A provider's publication: its name as `iss` has it, and the keys that can be used."""

    issuer: str
    keys: KeySet


class IssuerKeys:
    """The provider's last publication; each is a new object, so that whatever its keys proved can be told by it."""

    def __init__(self, fetch: Callable[[], Awaitable[Published]], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._known: Published | None = None
        self._fetched = float("-inf")
        self._fetching = asyncio.Lock()
        self._trouble = Trouble("the identity provider's keys cannot be had")

    async def get(self, anew: bool = False) -> Published:
        """The keys; `anew` asks for newer ones. Without an answer the old ones stay; raises Unavailable if none are."""
        if self._known is not None and not anew and (self._age() < KEEP_SECONDS or self._fetching.locked()):
            return self._known
        async with self._fetching:
            if self._age() >= (COLD_SECONDS if self._known is None else REFETCH_SECONDS):
                await self._renew()
            if self._known is None:
                raise Unavailable(f"the identity provider's keys cannot be had: {self._trouble.reason}")
            return self._known

    def _age(self) -> float:
        return self._clock() - self._fetched

    async def _renew(self) -> None:
        try:
            self._known = await self._fetch()
            self._trouble.over()
        except Unavailable as error:
            self._trouble.met(error.detail)
        self._fetched = self._clock()


async def published(issuer: str) -> Published:
    """Fetches the provider's publication below this URL, whether that ends in a slash or not; raises Unavailable."""
    below = issuer.rstrip("/")
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS)) as http:
            about = await _document(http, f"{below}/.well-known/openid-configuration")
            named, where = about.get("issuer"), about.get("jwks_uri")
            if not isinstance(named, str) or named.rstrip("/") != below:
                raise Unavailable("its discovery document is of another issuer")
            if not isinstance(where, str):
                raise Unavailable("its discovery document names no keys")
            keys = usable((await _document(http, where)).get("keys"))
    except (aiohttp.ClientError, OSError, ValueError, RecursionError) as error:
        raise Unavailable(type(error).__name__) from error
    if not keys:
        raise Unavailable("it publishes no key of a kind that is known here")
    return Published(named, keys)


async def _document(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """The JSON object at a URL, whatever type it is said to be of; raises Unavailable, ClientError or ValueError."""
    async with http.get(url, max_redirects=3) as answer:
        if answer.status != 200:
            raise Unavailable(f"it answers {answer.status}")
        text = bytearray()
        async for part in answer.content.iter_any():
            text += part
            if len(text) > LARGEST_DOCUMENT:
                raise Unavailable(f"it sends more than {LARGEST_DOCUMENT} bytes")
    document = json.loads(text)
    if not isinstance(document, dict):
        raise Unavailable("it sends no JSON object")
    return document


def usable(published: object) -> KeySet:
    """The keys of a set that verify signatures; those of another kind, or broken, are passed over."""
    entries = published[:MOST_KEYS] if isinstance(published, list) else []
    return KeySet([key for key in map(_key, entries) if key is not None])


def _key(entry: Any) -> Key | None:
    try:
        if entry["kty"] == "oct" or entry.get("use", "sig") != "sig":
            return None
        key = JWKRegistry.import_key(entry)
        key.get_op_key("verify")  # the numbers are only looked at now
        key.ensure_kid()
    except Exception:  # whatever is wrong with one key, the others are good
        return None
    return key
