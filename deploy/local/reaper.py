"""Removes a container when the process that started this one is gone, however it ended: `reaper.py CONTAINER`.

A program of its own: a killed process cannot tidy up, but the kernel closes its end of the pipe that is read here.
"""

import sys
import time

from docker.errors import DockerException, NotFound  # type: ignore[import-untyped]
from testcontainers.core.docker_client import DockerClient

UNDER_WAY_SECONDS = 10


def main(name: str) -> None:
    """Waits for the end of standard input, then removes the container and its anonymous volumes."""
    sys.stdin.buffer.read()
    containers = DockerClient().client.containers
    deadline = time.monotonic() + UNDER_WAY_SECONDS
    while time.monotonic() < deadline:
        try:
            return containers.get(name).remove(force=True, v=True)  # type: ignore[no-any-return]
        except NotFound:
            time.sleep(0.5)  # the request to create it may be under way
        except DockerException as error:
            sys.exit(f"the container {name} is left behind: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
