"""How a reader asks the broker: for full answers while records come, and seldom in quiet hours."""

import time
from types import SimpleNamespace
from typing import Any, cast

from shared.messaging.reader import FULL_BYTES, QUIET_SECONDS, QUIET_WAIT_MS, Owner, Reader

LINGER_MS = 50


async def test_polls_are_filled_while_records_come_and_a_quiet_broker_answers_with_the_first() -> None:
    reader = Reader(cast(Owner, SimpleNamespace(linger_ms=LINGER_MS)), bootstrap_servers="127.0.0.1:1")
    asked: Any = SimpleNamespace()
    reader._fetcher = asked
    reader._pace(found=False)
    assert (asked._fetch_min_bytes, asked._fetch_max_wait_ms) == (1, QUIET_WAIT_MS), "nothing was found yet"
    for found in (True, False):
        reader._pace(found)
        assert (asked._fetch_min_bytes, asked._fetch_max_wait_ms) == (FULL_BYTES, LINGER_MS)
    reader._found_at = time.monotonic() - QUIET_SECONDS - 1
    reader._pace(found=False)
    assert (asked._fetch_min_bytes, asked._fetch_max_wait_ms) == (1, QUIET_WAIT_MS)
    reader._fetcher = None  # it never began
    await reader.stop()
