"""Removes a container when the process that started this one is gone, however it ended: `reaper.py CONTAINER`.

A program of its own: a killed process cannot tidy up, but the kernel closes its end of the pipe that is read here.
"""

import sys
import time

from docker.errors import DockerException, NotFound  # type: ignore[import-untyped]
from testcontainers.core.docker_client import DockerClient

UNDER_WAY_SECONDS = 10

if __name__ == "__main__":
    sys.stdin.buffer.read()
    containers, deadline = DockerClient().client.containers, time.monotonic() + UNDER_WAY_SECONDS
    while time.monotonic() < deadline:
        try:
            containers.get(sys.argv[1]).remove(force=True, v=True)
            break
        except NotFound:
            time.sleep(0.5)  # the request to create it may be under way
        except DockerException as error:
            sys.exit(f"the container {sys.argv[1]} is left behind: {error}")
