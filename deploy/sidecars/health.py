"""The health check of the images: exit code 0 when the process beside it answers 200 at the path given."""

import os
import sys
from http.client import HTTPConnection


def main(path: str) -> None:
    """Asks at HTTP_PORT of this container; any other answer or none ends with exit code 1."""
    asking = HTTPConnection("127.0.0.1", int(os.environ["HTTP_PORT"]), timeout=4)
    try:
        asking.request("GET", path)
        answer = asking.getresponse()
        complaint = None if answer.status == 200 else f"{answer.status} {answer.read(500).decode(errors='replace')}"
    except OSError as error:
        complaint = str(error)
    sys.exit(complaint)


if __name__ == "__main__":
    main(sys.argv[1])
