"""Makes a mongod elsewhere a replica set of one, once it answers: `python -m deploy.local.replica_set HOST:PORT`."""

import asyncio
import sys

from deploy.local import mongo
from deploy.local.server import StackError, first_answer, never_dies


def main(member: str) -> None:
    """Returns when `member`, by which its clients reach it too, is primary; may run at any time and again."""
    url = f"mongodb://{member}/?directConnection=true"
    try:
        asyncio.run(
            first_answer("MongoDB", lambda: mongo.become_primary(url, member), never_dies(), mongo.START_SECONDS)
        )
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
