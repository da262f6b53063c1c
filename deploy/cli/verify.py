"""`bilet verify`: every figure, counted again from the topics."""

import argparse

from deploy.cli import installation
from deploy.cli.options import Verb, Verbs, limit
from services.analytics.verification.words import JSON, RATE, TEXT


def add(verbs: Verbs) -> None:
    """Adds the command."""
    verb = Verb(verbs, "verify", run, "count every figure again, and compare every cell", TEXT)
    verb.option("--rate", RATE, "N", type=limit)
    verb.flag("--json", JSON)
    verb.data()


async def run(options: argparse.Namespace) -> int:
    """Verifies the figures; 1 where a cell differs."""
    from services.analytics.verification import command  # every other command starts without the services

    return await command.run(installation.servers(options.data), options.rate, json=options.json)
