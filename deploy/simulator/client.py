"""The platform's HTTP API as seen by its users: a token for each actor, retries of what may be retried."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import aiohttp

from deploy.simulator.command import Actor, Command, PlayError, Token

UNAVAILABLE = frozenset({408, 429, 502, 503, 504})
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
TOKEN_SECONDS = 240.0
"""A token is used so long; the issuer's lifetime is to be longer."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds between tries of a command."""


class Refused(PlayError):
    """A command that the platform refuses for good; the status is 200 for an item of an accepted batch.

    The `slug` is the problem's type, `told` the refusal without the command.
    """

    def __init__(self, command: Command, status: int, problem: Mapping[str, Any]) -> None:
        reason = problem.get("detail") or problem.get("title") or "no reason given"
        errors = "; ".join(f"{e.get('pointer')}: {e.get('detail')}" for e in problem.get("errors") or ())
        slug = problem.get("type", "no problem document")
        reason += f" ({errors})" if errors else ""
        super().__init__(f"{command.method} {command.path}: {status} {slug}: {reason}")
        self.status, self.slug, self.told = status, problem.get("type", ""), _told(status, problem)


class Unavailable(Exception):
    """An answer, or its absence, after which the same command may be sent again; `told` is all that it says."""

    def __init__(self, reason: str, told: str = "") -> None:
        super().__init__(reason)
        self.told = told or reason


def _told(status: int, problem: Mapping[str, Any]) -> str:
    return ": ".join(str(part) for part in (status, problem.get("type"), problem.get("detail")) if part)


@dataclass(slots=True)
class Traffic:
    """A count of what was sent: requests by route and role, retries by reason, entries accepted."""

    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    commands: int = 0


class Client:
    """Sends commands; safe for concurrent use. `patience` is how long, in seconds, a command is tried."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, token: Token, rng: Random, patience: float = 120.0
    ) -> None:
        self.traffic = Traffic()
        self._session, self._base_url = session, base_url.rstrip("/")
        self._token, self._tokens = token, dict[str, tuple[str, float]]()
        self._rng, self._patience = rng, patience

    async def perform(self, actor: Actor, command: Command) -> list[Mapping[str, Any]]:
        """Sends until every entry is accepted; returns the items of a batch, or the one answer.

        Raises `Refused`, or `PlayError` when patience ends.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._patience
        accepted: list[Mapping[str, Any]] = []
        for attempt in count(1):
            try:
                items, again = _settled(command, await self.once(actor, command))
                accepted += items
                if not again:
                    break
                command = command.only(again.keys())
                raise Unavailable(f"entry {next(iter(again.values()))}")
            except Unavailable as reason:
                self.traffic.retries[str(reason)] += 1
                pause = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** min(attempt - 1, 10)) * self._rng.uniform(0.5, 1)
                if clock() + pause > deadline:
                    waited = f"{attempt} tries in {self._patience:.0f} s"
                    raise PlayError(f"{command.method} {command.path}: {waited}, the last: {reason}") from None
                await asyncio.sleep(pause)
        self.traffic.commands += len(accepted)
        return accepted

    async def once(self, actor: Actor, command: Command) -> Any:
        """Sends once; returns the decoded answer, raises `Refused` or `Unavailable`."""
        self.traffic.requests[f"{command.method} {command.route}", actor.role] += 1
        headers, body = {"Authorization": f"Bearer {self._token_of(actor)}"}, None
        if command.body is not None:
            headers["Content-Type"] = "application/json"
            body = ENCODER.encode(command.body).encode()
        url = self._base_url + command.path
        try:
            async with self._session.request(command.method, url, data=body, headers=headers) as response:
                status, content = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(type(error).__name__) from None
        return _decoded(command, status, content)

    def _token_of(self, actor: Actor) -> str:
        now = asyncio.get_running_loop().time()
        token, issued = self._tokens.get(actor.subject, ("", -TOKEN_SECONDS))
        if now - issued >= TOKEN_SECONDS:
            token = self._token(actor.subject, actor.grants)
            self._tokens[actor.subject] = token, now
        return token


def _decoded(command: Command, status: int, content: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(content) if content else {}
    except ValueError:
        answer = None
    if status < 300:
        if not isinstance(answer, dict):
            raise PlayError(f"{command.method} {command.path}: {status}, but no JSON object: is this a gateway's URL?")
        return answer
    problem = answer if isinstance(answer, dict) else {}
    if status in UNAVAILABLE or problem.get("retryable"):
        raise Unavailable(f"{status} {problem.get('type', '')}".rstrip(), _told(status, problem))
    if problem.get("type") in command.done:
        return {"problem": problem}
    raise Refused(command, status, problem)


def _settled(command: Command, answer: Any) -> tuple[list[Mapping[str, Any]], dict[str, str]]:
    """The accepted items, and why each of the others is to be sent again; raises `Refused`, `PlayError`."""
    if command.batch is None:
        return [answer], {}
    accepted: dict[str, Mapping[str, Any]] = {}
    again: dict[str, str] = {}
    for item in answer.get("items", ()):
        name, problem = str(item.get(command.batch.key)), item.get("problem") or {}
        if item.get("status") != "rejected" or problem.get("type") in command.done:
            accepted[name] = item
        elif problem.get("retryable") or problem.get("type") in command.awaited:
            again[name] = str(problem.get("type"))
        else:
            raise Refused(command, 200, problem)
    silent = command.entries.keys() - accepted.keys() - again.keys()
    if silent:
        raise PlayError(f"{command.method} {command.path}: no answer for {len(silent)} entries, as {min(silent)}")
    return list(accepted.values()), again
