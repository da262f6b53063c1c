"""What the gateway answered for a service, as its log tells it."""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.cluster.kubectl import Kubectl

END_SECONDS = 180.0
"""Between two seasons nobody asks for a while."""


@dataclass(slots=True)
class Answers:
    """Counts the answers 5xx under a path."""

    path: str
    until: float = math.inf
    """Nothing after this time counts."""
    failed: Counter[int] = field(default_factory=Counter)
    """By status."""

    async def count(self, lines: AsyncIterator[str]) -> None:
        """Returns at the first line after `until`; raises EOFError when the log ends before."""
        async for line in lines:
            said = json.loads(line)
            if said["ts"] > self.until:
                return
            # The reason for a 502 is a line of its own, with the same status, by another logger.
            is_answer = said.get("logger", "").startswith("http.log.access")
            if is_answer and said["status"] >= 500 and said["request"]["uri"].startswith(self.path):
                self.failed[said["status"]] += 1
        raise EOFError("the gateway's log ended before the restart did")


@asynccontextmanager
async def failures(kubectl: Kubectl, service: str) -> AsyncIterator[Counter[int]]:
    """Counts by status the answers 5xx for a service while the body runs; complete after it.

    The log is followed: what is read afterwards begins only where it was last rotated. Its clock has to be ours, and
    there has to be an answer after the body, as there is while a season goes on.
    """
    answers = Answers(f"/{service}/")
    since = datetime.now(UTC).isoformat(timespec="seconds")
    ask = ("logs", "--follow", "deployment/gateway", f"--since-time={since}")
    async with kubectl.lines(*ask) as lines, asyncio.TaskGroup() as group:
        counting = group.create_task(answers.count(lines))
        yield answers.failed
        answers.until = time.time()
        async with asyncio.timeout(END_SECONDS):
            await counting
