"""`bilet keys`: the keys that wrap those of persons in the vaults."""

import argparse
from importlib import import_module

from deploy.cli.installation import Servers
from deploy.cli.options import Form, Verb, Verbs
from shared.base.settings import from_environment

ROTATE = """\
Wraps persons' keys anew by the first key of VAULT_KEYS, beside the processes that use them: no name is sealed anew.
It may be interrupted and run again. It tells what other keys have wrapped still (1 is then the exit code), and which of
them may leave the ring. Needs the service's environment: MONGO_URL, KAFKA_BOOTSTRAP_SERVERS, MASTER_KEY and VAULT_KEYS.
The order of the steps: deploy/README.md, "Change a key"."""


class RingOwner(Servers):
    """The settings that open a vault."""

    master_key: bytes


def add(verbs: Verbs) -> None:
    """Adds the command and its verb."""
    words = "rotate: wrap persons' keys anew by the first key of VAULT_KEYS"
    keys = verbs.add_parser("keys", help=words, formatter_class=Form).add_subparsers(required=True, metavar="COMMAND")
    verb = Verb(keys, "rotate", rotate, "wrap persons' keys anew", ROTATE)
    verb.option("--service", "whose keys", "NAME", choices=["registration", "notifications"], default="registration")


async def rotate(options: argparse.Namespace) -> int:
    """Rotates the keys of the installation that the environment names; 1 while keys are left."""
    service = import_module(f"services.{options.service}.rotation")  # every other command starts without the services
    return 0 if await service.rotate(from_environment(RingOwner), lambda line: print(line, flush=True)) else 1
