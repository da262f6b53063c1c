"""The words of the operator's command line: commands, options, and what a wrong one is told."""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

from deploy import audit, commands, dlq, option_types
from deploy.page import VIEWERS
from deploy.version import ROOT, version
from shared.identity.grants import FAMILY, ROLES, Role, grant_of

Command = Callable[[argparse.Namespace], Awaitable[int]]

ROSTOV = Path(__file__).parent / "scenarios" / "rostov-2020"
ABOUT = "The operator's command line of Bilet. Each command has a help of its own: bilet feed tail --help"
WHERE = """\
status, open, lag, dlq, audit, token, feed and simulate are for a demo that runs on this machine, and say on standard
error for which one. Of several it is that of this code, else the newest; what writes then needs a name. A demo is named
by --data FOLDER; for feed and simulate also by --url; for status, lag, dlq and audit also by KAFKA_BOOTSTRAP_SERVERS
and MONGO_URL in the environment; the key that signs its tokens also by IDENTITY_KEY (a file) and OIDC_ISSUER.
Exit codes: 0 well, 1 a wrong result, 2 a wrong call or nothing to run on, 130 interrupted."""
MIGRATE = """\
Creates what is missing of topics, collections and indexes, brings the rows of an older release up to date, and fills
from Kafka what this release folds otherwise. It prints what it did and what is left to people; it may run at any time
and again. Needs the environment of the services: KAFKA_BOOTSTRAP_SERVERS and MONGO_URL; KAFKA_PARTITIONS (6) and
KAFKA_REPLICATION (1) count for new topics."""
SECRETS = """\
Prints a manifest of all Secrets that the installation on Kubernetes needs, with new random contents, for
    bilet secrets | kubectl create -f -
Never for `kubectl apply`: nothing that was written with other keys and passwords could be read any more."""
LAG = """\
How many records are accepted and not visible yet: in the outbox of a service (committed, not in Kafka yet), before a
group (in Kafka, not handled yet), in the feed of a region (numbered, not in its topic yet). Below the table is what
keeps a group from going on: a topic that is not the one that was handled, a batch that cannot be read. Exit code 0
when nothing waits, 1 when something does or is wrong."""
TOKEN = """\
Signs an access token with the key of the demo's identity provider and prints it; it is valid for an hour.
For instance: bilet token --grant regional-operator:RU-ROS"""
STATUS = """\
What runs here: each system's page, data folder and code, whether every part of it is ready, and how much is accepted
and not visible yet. Exit code 0 when all is ready, 1 when a part is not, 2 when nothing runs."""
OPEN = """\
Prints the address of a region's page with a token in it, and shows it in the browser of a graphical desktop.
For instance: bilet open RU-ROS --role municipal-operator:RU-ROS-001"""
TAIL = """\
Prints a region's numbered events, one JSON object a line, from the first one or from behind --after, and waits for
more. Breaks are waited out, with a word on standard error; within an epoch every number comes once and in order.
When the feed was opened anew (410), everything follows again from seq 1: the field epoch tells it from before.
The cursor for the next --after is said at the end. Exit codes: 0 at the end, or when nobody reads any more; 2 when
the feed is refused. For instance: bilet feed tail RU-ROS --until-end | jq -r .type | sort | uniq -c"""
SIMULATE = """\
Plays a season through the HTTP API of a running demo and compares every figure. The same scenario with the same scale
and seed may be played again: it only confirms. Any other needs pupils of its own, under the code of another region.
For instance: bilet simulate --scale 0.02 --region RU-TST
Exit codes: 0 when every figure is right, 1 when one differs or the play is refused."""


def parser() -> argparse.ArgumentParser:
    """Leaves in `run` the command to be run with the options."""
    bilet = argparse.ArgumentParser(prog="bilet", description=ABOUT, epilog=WHERE, formatter_class=_Form)
    bilet.add_argument("--version", action=_Version, nargs=0, help="print the version of this code, and where it is")
    verbs = bilet.add_subparsers(required=True, metavar="COMMAND", title="commands")
    _demo(_verb(verbs, "demo", "start everything here and play a season, as `make demo` does", commands.demo))
    _simulate(_verb(verbs, "simulate", "play a season through a running demo's HTTP API", commands.simulate, SIMULATE))
    _status(_verb(verbs, "status", "what runs here, and whether it is ready", commands.status, STATUS))
    _open(_verb(verbs, "open", "the address of a region's page with a token in it", commands.open_page, OPEN))
    _token(_verb(verbs, "token", "sign a token of the local identity provider", commands.token, TOKEN))
    words = "tail: follow a region's feed"
    feed = verbs.add_parser("feed", help=words, description="A region's numbered events", formatter_class=_Form)
    feeds = feed.add_subparsers(required=True, metavar="COMMAND")
    _tail(_verb(feeds, "tail", "print a region's events as they come", commands.tail, TAIL))
    _lag(_verb(verbs, "lag", "what is accepted and not visible yet", commands.lag, LAG))
    dlq.add(verbs, _Form)
    audit.add(verbs, _Form)
    move = _verb(verbs, "migrate", "bring topics and databases to this release", commands.migrate_all, MIGRATE)
    move.add_argument(
        "--wait", type=option_types.seconds, default=0, metavar="SECONDS", help="for servers that are starting"
    )
    keys = _verb(verbs, "secrets", "print new Secrets for an installation on Kubernetes", commands.secrets, SECRETS)
    keys.add_argument(
        "--namespace",
        type=option_types.namespace,
        default="bilet",
        metavar="NAME",
        help="where they belong; default: bilet",
    )
    return bilet


class _Version(argparse.Action):
    """Prints the version; found out only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"bilet {version()} ({ROOT})")
        parser.exit()


class _Form(argparse.RawDescriptionHelpFormatter):
    """Texts above are laid out already."""


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str, run: Command, more: str = ""
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text, description=more or f"{text[0].upper()}{text[1:]}", formatter_class=_Form)
    verb.set_defaults(run=run)
    return verb


def _demo(demo: argparse.ArgumentParser) -> None:
    _scenario(demo)
    demo.add_argument("--keep", metavar="FOLDER", help="data survives in this folder, for the same scenario and scale")
    demo.add_argument(
        "--port", type=option_types.port, help="of the gateway; default 8080, or a free one when that is busy"
    )
    demo.add_argument("--exit", action="store_true", help="stop after the report; 1 if a figure differs")


def _simulate(simulate: argparse.ArgumentParser) -> None:
    _scenario(simulate)
    simulate.add_argument("--region", metavar="CODE", help="play it in this region instead of the scenario's")
    simulate.add_argument("--url", type=option_types.url, help="the gateway; default: the demo's")
    simulate.add_argument(
        "--wait", type=option_types.seconds, default=0, metavar="SECONDS", help="for services that are starting"
    )
    _json(simulate)
    _data(simulate)


def _scenario(command: argparse.ArgumentParser) -> None:
    command.add_argument("--scenario", type=Path, default=ROSTOV, metavar="FOLDER", help="default: rostov-2020")
    command.add_argument(
        "--scale", type=option_types.scale, default=1.0, help="play a part of the scenario, for instance 0.1"
    )
    command.add_argument(
        "--seed", type=option_types.seed, default=2020, help="of everything that is made up; default 2020"
    )


def _token(token: argparse.ArgumentParser) -> None:
    roles = ", ".join(sorted(ROLES))
    token.add_argument(
        "--grant",
        type=_grant,
        action="append",
        default=[],
        metavar="ROLE:ORG",
        help=f"may be given several times. ROLE: one of {roles}. ORG: RU, a region, a municipality, a school or a "
        "venue; guardian and pupil have none",
    )
    token.add_argument("--subject", default="operator", metavar="ID", help="who acts; default: operator")
    _data(token)


def _status(status: argparse.ArgumentParser) -> None:
    _json(status)
    _data(status)


def _open(page: argparse.ArgumentParser) -> None:
    page.add_argument("region", type=option_types.region, metavar="REGION", help="its code, for instance RU-ROS")
    page.add_argument(
        "--role",
        default=VIEWERS[0],
        metavar="ROLE[:ORG]",
        help=f"who looks: one of {', '.join(VIEWERS)}; default: {VIEWERS[0]}",
    )
    page.add_argument("--season", metavar="CODE", help="default: the one that was played in the region")
    _data(page)


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="as one line of JSON, for scripts")


def _lag(lag: argparse.ArgumentParser) -> None:
    how = lag.add_mutually_exclusive_group()
    how.add_argument(
        "--wait", type=option_types.seconds, default=0, metavar="SECONDS", help="until nothing waits, at most so long"
    )
    how.add_argument(
        "--every", type=option_types.seconds, default=0, metavar="SECONDS", help="again and again, each a line of JSON"
    )
    _json(lag)
    _data(lag)


def _tail(tail: argparse.ArgumentParser) -> None:
    tail.add_argument("region", type=option_types.region, metavar="REGION", help="its code, for instance RU-ROS")
    tail.add_argument("--after", default="0", metavar="CURSOR", help="go on behind it; default: from the first event")
    tail.add_argument(
        "--until-end", action="store_true", help="stop when nothing is behind instead of waiting for more"
    )
    tail.add_argument("--url", type=option_types.url, help="the gateway; default: the demo's")
    tail.add_argument("--token", help="of an operator of the region; default: one of the demo's identity provider")
    _data(tail)


def _data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", metavar="FOLDER", help="data folder of the demo that is meant")


def _grant(text: str) -> Mapping[str, str]:
    role, _, org = text.partition(":")
    if role not in ROLES:
        raise argparse.ArgumentTypeError(f"{role!r} is no role; roles are {', '.join(sorted(ROLES))}")
    if not org and role not in FAMILY:
        raise argparse.ArgumentTypeError(f"{role} of which organisation? For instance {role}:RU-ROS")
    granted = grant_of(cast(Role, role), org or None)
    if isinstance(granted, str):
        raise argparse.ArgumentTypeError(granted)
    return {"role": role, "org": org} if org else {"role": role}
