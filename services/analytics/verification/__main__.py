"""`python -m services.analytics.verification`: verifies the installation that the environment names, once."""

import asyncio
import sys

from pydantic import Field

from services.analytics.verification.command import options, run
from shared.base.settings import Settings, from_environment


class Servers(Settings):
    """The settings that it takes to read: the servers, and no secrets of those who write."""

    master_key: bytes = Field(default=b"", validate_default=False)
    oidc_issuer: str = ""


if __name__ == "__main__":
    words = options(sys.argv[1:])
    raise SystemExit(asyncio.run(run(from_environment(Servers), words.rate, json=words.json)))
