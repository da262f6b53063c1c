"""The keys that an OpenID provider signs with: fetched when they are first needed, and again before they are old."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp
from joserfc.jwk import KeySet

from shared.errors import Unavailable
from shared.telemetry import logger

KEEP_SECONDS = 60.0
"""A key that the provider has withdrawn is believed for so long at most, while the provider answers."""
REFETCH_SECONDS = 10.0
"""At most so often are the keys fetched again for a key id that is not known."""


class IssuerKeys:
    """The provider's key set as last fetched; each set is a new object, so that what it proved can be told by it."""

    def __init__(self, fetch: Callable[[], Awaitable[KeySet]], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched = float("-inf")
        self._fetching = asyncio.Lock()

    async def get(self, anew: bool = False) -> KeySet:
        """The keys; `anew` asks for newer ones. Without an answer the old ones stay; raises Unavailable if none are."""
        if self._keys is not None and not anew and (self._age() < KEEP_SECONDS or self._fetching.locked()):
            return self._keys
        async with self._fetching:
            if self._keys is None or self._age() >= REFETCH_SECONDS:
                self._keys = await self._fetch_or_keep(self._keys)
                self._fetched = self._clock()
            return self._keys

    def _age(self) -> float:
        return self._clock() - self._fetched

    async def _fetch_or_keep(self, keys: KeySet | None) -> KeySet:
        try:
            return await self._fetch()
        except Unavailable as error:
            if keys is None:
                raise
            logger.warning("the identity provider's old keys stay", reason=str(error))
            return keys


async def published(issuer: str) -> KeySet:
    """The keys that the provider at this URL publishes; raises Unavailable."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5), raise_for_status=True) as http:
            async with http.get(f"{issuer}/.well-known/openid-configuration") as answer:
                where = (await answer.json())["jwks_uri"]
            async with http.get(where) as answer:
                return KeySet.import_key_set(await answer.json())
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
        raise Unavailable(f"the identity provider's keys cannot be had: {type(error).__name__}") from error
