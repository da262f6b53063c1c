"""`bilet keys`: the keys that wrap those of persons in the vault."""

import argparse

from deploy.cli.installation import Servers
from deploy.cli.options import Form, Verb, Verbs
from shared.base.settings import from_environment

ROTATE = """\
Wraps persons' keys anew by the first key of VAULT_KEYS, beside the processes that use them: no name is sealed anew.
It may be interrupted and run again. It tells what other keys have wrapped still, and which of them may leave the ring.
Needs the environment of registration: MONGO_URL, KAFKA_BOOTSTRAP_SERVERS, MASTER_KEY and VAULT_KEYS. Exit code 0 when
the first key has wrapped all, 1 when keys are left. The order of the steps: deploy/README.md, "Change a key"."""


class RingOwner(Servers):
    """The settings that open the vault."""

    master_key: bytes


def add(verbs: Verbs) -> None:
    """Adds the command and its verb."""
    words = "rotate: wrap persons' keys anew by the first key of VAULT_KEYS"
    keys = verbs.add_parser("keys", help=words, formatter_class=Form).add_subparsers(required=True, metavar="COMMAND")
    Verb(keys, "rotate", rotate, "wrap persons' keys anew", ROTATE)


async def rotate(_: argparse.Namespace) -> int:
    """Rotates the keys of the installation that the environment names; 1 while keys are left."""
    from services.registration import rotation  # every other command starts without the services

    return 0 if await rotation.rotate(from_environment(RingOwner), lambda line: print(line, flush=True)) else 1
