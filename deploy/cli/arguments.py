"""The words of the operator's command line: its commands, and what is said of all of them."""

import argparse
from importlib import import_module

from deploy.cli.options import Form
from deploy.cli.version import ROOT, version

ABOUT = "The operator's command line of Bilet. Each command has a help of its own: bilet feed tail --help"
WHERE = """\
status, open, lag, dlq, audit, verify, token, feed and simulate are for a demo that runs on this machine, and say on
standard error for which one. Of several it is that of this code, else the newest; what writes then needs a name. A demo
is named by --data FOLDER; for feed and simulate also by --url; for status, lag, dlq, audit and verify also by
KAFKA_BOOTSTRAP_SERVERS and MONGO_URL in the environment; the key of its tokens also by IDENTITY_KEY (a file) and
OIDC_ISSUER.
Exit codes: 0 well, 1 a wrong result, 2 a wrong call or nothing to run on, 130 interrupted."""


COMMANDS = [
    *("demo", "simulate", "status", "open", "token", "feed", "lag", "dlq", "audit", "verify", "migrate"),
    *("secrets", "keys"),
]
"""Each is a module of its name; but `open` is a function of Python's own."""


def parser(called: str = "") -> argparse.ArgumentParser:
    """Leaves in `run` the command to be run with the options; loads the called one alone, if there is such a one."""
    bilet = argparse.ArgumentParser(prog="bilet", description=ABOUT, epilog=WHERE, formatter_class=Form)
    own = f"bilet {version()} ({ROOT})" if called.startswith("--v") else ""  # git is asked for it
    bilet.add_argument(
        "--version", action="version", version=own, help="print the version of this code, and where it is"
    )
    verbs = bilet.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in [called] if called in COMMANDS else COMMANDS:
        import_module(f"deploy.cli.{'open_page' if command == 'open' else command}").add(verbs)
    return bilet
