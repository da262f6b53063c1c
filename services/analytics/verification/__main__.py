"""`python -m services.analytics.verification`: verifies the installation that the environment names, once."""

import asyncio
import sys

from aiokafka.errors import KafkaError
from pydantic import Field
from pymongo.errors import PyMongoError

from services.analytics.verification.command import options, run
from shared.base.settings import Settings, from_environment
from shared.messaging.failures import GroupEnds


class Servers(Settings):
    """The settings that it takes to read: the servers, and no secrets of those who write."""

    master_key: bytes = Field(default=b"", validate_default=False)
    oidc_issuer: str = ""


def main() -> int:
    """Returns the exit code; says in one line why nothing could be compared."""
    words = options(sys.argv[1:])
    try:
        return asyncio.run(run(from_environment(Servers), words.rate, json=words.json))
    except (GroupEnds, KafkaError, PyMongoError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1 if isinstance(error, GroupEnds) else 2


if __name__ == "__main__":
    raise SystemExit(main())
