"""Limits by account of routes that keep answers open, take codes which can be guessed, or look for children by name."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Look:
    """A caller who looks for children by their names."""

    limits: Limits
    account: str

    def found(self, children: int) -> None:
        """Counts those whom the answer tells to be there."""
        self.limits.found(self.account, children)


@asynccontextmanager
async def looking(request: Request) -> AsyncIterator[Look]:
    """Lets the body look for children by their names; raises QuotaExceeded for who has found too many."""
    limits, who = _parts(request)
    await limits.may_look(who.account)
    yield Look(limits, who.account)


async def asking(request: Request) -> None:
    """Counts the request as one for a child's place; raises QuotaExceeded for who has made too many."""
    limits, who = _parts(request)
    await limits.ask(who.account)


async def trying(request: Request) -> None:
    """Counts the request's file as one that is only judged; raises QuotaExceeded for who has sent too many."""
    limits, who = _parts(request)
    await limits.try_file(who.account, (grant.role for grant in who.grants))


async def open_answer(request: Request) -> AsyncIterator[None]:
    """A dependency of a stream's route: the stream is counted until its last byte is sent, or its reader has left."""
    async with opened(request):
        yield


def _parts(request: Request) -> tuple[Limits, Principal]:
    return request.app.state.limits, request.scope[PRINCIPAL]
