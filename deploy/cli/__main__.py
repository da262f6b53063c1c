"""Runs one command of `bilet`; exit code 0 well, 1 a wrong result, 2 a wrong call or nothing to run on."""

import argparse
import asyncio
import io
import logging
import os
import signal
import sys
from collections.abc import Sequence

from deploy.cli.arguments import parser


def main(argv: Sequence[str] | None = None) -> None:
    """Ends with the exit code of the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what the coding of a terminal lacks is shown by its number
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if argv is None else argv
    options = parser(*words[:1]).parse_args(words)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it logs is raised as well
    try:
        code = asyncio.run(_run(options))
        if sys.stdout:  # None where it was closed
            sys.stdout.flush()
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = 130
    except BrokenPipeError:
        code = 0  # nobody reads any more; what is left in the buffer goes nowhere instead of failing at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        from deploy.cli.complaints import (
            complained,  # it loads whatever may fail, which takes longer than many commands
        )

        code, complaint = complained(error)
        print(complaint, file=sys.stderr)
    raise SystemExit(code)


async def _run(options: argparse.Namespace) -> int:
    """The command, cancelled by SIGINT and SIGTERM alike, so that what it started is ended and removed."""
    command = asyncio.ensure_future(options.run(options))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, command.cancel)
    code: int = await command
    return code


if __name__ == "__main__":
    main()
