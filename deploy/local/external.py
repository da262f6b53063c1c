"""Kafka and MongoDB that somebody else runs, named by two variables of the environment."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from deploy.local import kafka, mongo
from deploy.local.server import Say, Server, StackError, never_dies

KAFKA_VARIABLE, MONGO_VARIABLE = "KAFKA_BOOTSTRAP_SERVERS", "MONGO_URL"
ANSWER_SECONDS = 10


def why_not(environ: Mapping[str, str]) -> str | None:
    """Why external servers cannot be used, in words; None when both variables are set.

    Raises StackError when only one of them is: half an intention is more likely a mistake.
    """
    given = [name for name in (KAFKA_VARIABLE, MONGO_VARIABLE) if environ.get(name)]
    if len(given) == 1:
        raise StackError(f"{given[0]} is set alone: set both {KAFKA_VARIABLE} and {MONGO_VARIABLE}, or neither")
    return None if given else f"{KAFKA_VARIABLE} and {MONGO_VARIABLE} are not set"


async def servers(environ: Mapping[str, str], say: Say) -> tuple[Server, Server]:
    """Kafka and MongoDB as the variables name them, after both have answered; raises StackError when one does not."""
    bootstrap_servers, url = environ[KAFKA_VARIABLE], environ[MONGO_VARIABLE]
    await _answers(KAFKA_VARIABLE, lambda: kafka.probe(bootstrap_servers))
    await _answers(MONGO_VARIABLE, lambda: mongo.probe(url))
    seconds = await mongo.transaction_seconds(url)
    if seconds not in (None, mongo.TRANSACTION_SECONDS):
        say(
            f"Warning: this MongoDB lets a dead client's transaction live {seconds} s; "
            f"set transactionLifetimeLimitSeconds to {mongo.TRANSACTION_SECONDS}"
        )
    return Server(bootstrap_servers, None, never_dies), Server(url, None, never_dies)


async def _answers(variable: str, probe: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await probe()
    except TimeoutError:
        raise StackError(f"what {variable} names did not answer within {ANSWER_SECONDS} seconds") from None
    except (OSError, ValueError) as error:
        raise StackError(f"what {variable} names cannot be used: {error}") from error
