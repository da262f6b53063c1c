"""`bilet token`: an access token of the local identity provider."""

import argparse
import sys
import time
from collections.abc import Mapping
from typing import cast

from deploy.cli import installation
from deploy.cli.options import Verb, Verbs
from shared.identity.grants import FAMILY, ROLES, Role, grant_of

TEXT = """\
Signs an access token with the key of the demo's identity provider and prints it; it is valid for an hour.
For instance: bilet token --grant regional-operator:RU-ROS"""


def add(verbs: Verbs) -> None:
    """Adds the command."""
    token, roles = (
        Verb(verbs, "token", run, "sign a token of the local identity provider", TEXT),
        ", ".join(sorted(ROLES)),
    )
    words = (
        f"may be given several times. ROLE: one of {roles}. ORG: RU, a region, a municipality, a school or a venue; "
        "guardian and pupil have none"
    )
    token.option("--grant", words, "ROLE:ORG", type=_grant, action="append", default=[])
    token.option("--subject", "who acts; default: operator", "ID", default="operator")
    token.data()


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


async def run(options: argparse.Namespace) -> int:
    """Prints the token."""
    issuer = installation.issuer(options.data)
    if not options.grant:
        print("No --grant is given: the token says who, and opens nothing", file=sys.stderr)
    print(issuer.token(options.subject, options.grant, time.time()))
    return 0
