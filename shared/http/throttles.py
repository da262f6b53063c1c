"""Dependencies of routes that keep answers open, or take codes which can be guessed: both are limited by account."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from fastapi import Request

from shared.http.limits import Limits
from shared.identity.acting import PRINCIPAL
from shared.identity.principal import Principal


def opened(request: Request) -> AbstractAsyncContextManager[None]:
    """Counts the answer to a request as open while the body runs."""
    limits, who = _parts(request)
    return limits.opened(who.account, (grant.role for grant in who.grants))


def guess(request: Request) -> AbstractAsyncContextManager[None]:
    """Counts the body as a try of a code, unless it succeeds."""
    limits, who = _parts(request)
    return limits.guess(request.scope, who.account)


async def open_answer(request: Request) -> AsyncIterator[None]:
    """A dependency of a stream's route: the stream is counted until its last byte is sent, or its reader has left."""
    async with opened(request):
        yield


def _parts(request: Request) -> tuple[Limits, Principal]:
    return request.app.state.limits, request.scope[PRINCIPAL]
