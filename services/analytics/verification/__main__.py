"""`python -m services.analytics.verification`: verifies the installation that the environment names, once."""

import asyncio
import sys

from services.analytics.verification.command import options, run
from shared.base.settings import Settings, from_environment

if __name__ == "__main__":
    words = options(sys.argv[1:])
    raise SystemExit(asyncio.run(run(from_environment(Settings), words.rate, json=words.json)))
