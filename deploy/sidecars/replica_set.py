"""Makes a mongod a replica set of one, once it answers: `python -m deploy.sidecars.replica_set HOST:PORT`."""

import asyncio
import sys
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

REPLICA_SET = "bilet"
START_SECONDS = 120
NOT_YET_INITIALISED = 94


def client(url: str, **options: Any) -> AsyncMongoClient[dict[str, Any]]:
    """A client for a look or two.

    By polling there is one monitor, connected before the first answer; the second one of streaming may still be
    connecting when the client closes, and pymongo then forgets its socket.
    """
    options |= {"serverSelectionTimeoutMS": 3000, "connectTimeoutMS": 3000}
    return AsyncMongoClient(url, serverMonitoringMode="poll", **options)


async def become_primary(url: str, member: str) -> None:
    """Makes the server at `url` the primary of a replica set whose only member is `member` (`host:port`).

    Raises OSError while it is not there or not primary yet: to be repeated.
    """
    try:
        async with client(url) as server:
            await _configure(server, member)
            hello = await server.admin.command("hello")
    except PyMongoError as error:
        raise ConnectionError(f"MongoDB at {url} refuses: {error}") from error
    if not hello.get("isWritablePrimary"):
        raise ConnectionError(f"MongoDB at {url} is not primary yet")


async def _configure(server: AsyncMongoClient[dict[str, Any]], member: str) -> None:
    try:
        config = (await server.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as failure:
        if failure.code != NOT_YET_INITIALISED:
            raise
        config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]}
        await server.admin.command("replSetInitiate", config)
        return
    # Kept data remembers the port of its last run; with another one the server does not find itself in its own set.
    if config["members"][0]["host"] != member:
        config["members"][0]["host"] = member
        config["version"] += 1
        await server.admin.command("replSetReconfig", config, force=True)


async def main(member: str) -> None:
    """Returns when `member`, by which its clients reach it too, is primary; may run at any time and again."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    return await become_primary(f"mongodb://{member}/?directConnection=true", member)
                except OSError:
                    await asyncio.sleep(0.1)
    except TimeoutError:
        sys.exit(f"MongoDB did not answer within {START_SECONDS} seconds")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
