"""Runs one command of `bilet`; exit code 0 well, 1 a wrong result, 2 a wrong call or nothing to run on."""

import argparse
import asyncio
import io
import logging
import os
import signal
import sys
from collections.abc import Sequence

import aiohttp
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from deploy.cli.arguments import parser
from deploy.cli.installation import CallError
from deploy.programs.server import StackError
from deploy.simulator.command import PlayError
from deploy.simulator.scenario import ScenarioError
from shared.base.errors import ServiceError
from shared.messaging.failures import GroupEnds
from shared.operations.recovery import RecoveryError


def main(argv: Sequence[str] | None = None) -> None:
    """Ends with the exit code of the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what the coding of a terminal lacks is shown by its number
            stream.reconfigure(errors="backslashreplace")
    options = parser().parse_args(argv)
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
        code, complaint = complained(error)
        print(complaint, file=sys.stderr)
    raise SystemExit(code)


def complained(error: Exception) -> tuple[int, str]:
    """The exit code and the words for a failure of a known kind; raises any other, which is a mistake of our own.

    Of tasks that failed together the first is told, if all of them failed in known ways.
    """
    match error:
        case ExceptionGroup():
            told = [complained(each) for each in error.exceptions]
            return told[0]
        case CallError() | StackError() | ScenarioError() | RecoveryError():
            return 2, str(error)
        case PlayError() | ServiceError() | GroupEnds():
            return 1, str(error)
        case KafkaError():
            return 2, f"Kafka: {error}"
        case PyMongoError():
            return 2, f"MongoDB: {str(error).partition(' (configured timeouts')[0]}"
        case aiohttp.ClientError() | OSError():
            return 2, str(error) or type(error).__name__
        case _:
            raise error


async def _run(options: argparse.Namespace) -> int:
    """The command, cancelled by SIGINT and SIGTERM alike, so that what it started is ended and removed."""
    command = asyncio.ensure_future(options.run(options))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, command.cancel)
    code: int = await command
    return code


if __name__ == "__main__":
    main()
