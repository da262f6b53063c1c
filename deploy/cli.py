"""The operator's command line: `bilet <command>`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from deploy import commands
from deploy.local.server import NoInfrastructure, StackError
from deploy.simulator.command import PlayError
from deploy.simulator.tables import ScenarioError
from shared.contracts.topics import GROUPS
from shared.errors import ServiceError

Command = Callable[[argparse.Namespace], Awaitable[int]]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one command; exit code 0 well, 1 a wrong result, 2 a wrong call or nothing to run on."""
    options = _parser().parse_args(argv)
    try:
        raise SystemExit(asyncio.run(_run(options)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise SystemExit(130) from None
    except (NoInfrastructure, StackError, ScenarioError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except (PlayError, ServiceError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    except (KafkaError, PyMongoError, OSError) as error:
        print(f"Kafka, MongoDB or the network: {type(error).__name__}: {error}", file=sys.stderr)
        raise SystemExit(2) from None


async def _run(options: argparse.Namespace) -> int:
    """The command, cancelled by SIGINT and SIGTERM alike, so that what it started is ended and removed."""
    command = asyncio.ensure_future(options.run(options))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, command.cancel)
    code: int = await command
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bilet", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="command")
    _verb(verbs, "migrate", commands.migrate_all, "create topics, collections and indexes; may run again")
    lag = _verb(verbs, "lag", commands.lag, "what is accepted but not visible yet, by outbox, group and region")
    lag.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="until nothing is, at most this long")
    token = _verb(verbs, "token", commands.token, "sign a token of the local identity provider")
    token.add_argument("--grant", action="append", default=[], metavar="ROLE:ORG", help="may be given several times")
    token.add_argument("--subject", default="operator", metavar="ID")
    token.add_argument("--data", metavar="FOLDER", help="the demo's data folder (KEEP); default: the running demo's")
    demo = _verb(verbs, "demo", commands.demo, "start everything here and play a season (see `make demo`)")
    demo.add_argument("--scenario", default=None, metavar="FOLDER", help="default: rostov-2020")
    demo.add_argument("--scale", type=float, default=1.0, help="play a part of the scenario, for instance 0.1")
    demo.add_argument("--keep", metavar="FOLDER", help="data survives in this folder")
    demo.add_argument("--port", type=int, help="of the gateway; default 8080, or a free one when that is busy")
    demo.add_argument("--exit", action="store_true", help="stop after the report; 1 if a figure differs")
    demo.add_argument("--seed", type=int, default=2020)
    simulate = _verb(verbs, "simulate", commands.simulate_remote, "play a season through a running system's HTTP API")
    simulate.add_argument("--url", required=True, help="the gateway")
    simulate.add_argument("--scenario", default=None, metavar="FOLDER")
    simulate.add_argument("--scale", type=float, default=1.0)
    simulate.add_argument("--seed", type=int, default=2020)
    simulate.add_argument("--data", metavar="FOLDER", help="where the local identity provider's key is")
    letters = _verb(verbs, "dlq", commands.letters, "list what a group could not read")
    letters.add_argument("action", choices=["list"])
    letters.add_argument("--group", choices=sorted(GROUPS), help="default: all")
    feed = _verb(verbs, "feed", commands.tail, "follow a region's feed over HTTP")
    feed.add_argument("action", choices=["tail"])
    feed.add_argument("region")
    feed.add_argument("--url", required=True, help="the gateway")
    feed.add_argument("--token", required=True)
    feed.add_argument("--after", default="0", metavar="CURSOR")
    return parser


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Command, text: str
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text, description=text)
    verb.set_defaults(run=run)
    return verb


if __name__ == "__main__":
    main()
