"""Quotas of the scene, down to its school for the venue: each caller asks for what is there already."""

from collections.abc import Sequence
from typing import Any

from tests.e2e.authorisation_request import Request, Requests
from tests.e2e.conftest import Client
from tests.e2e.season import NATION, World, soon

UNITS = {"value": 90}
"""The number of the season's units."""


def transfers(here: World) -> Sequence[dict[str, Any]]:
    """Transfers of units from each level to the one below."""
    holders = ({"organisation": here.region}, {"organisation": here.municipality})
    school = {"organisation": here.school, "venue": here.venue}
    given = zip((30, 20, 10), (*holders, school), strict=True)
    return [{"ref": "e2e", "amount": amount, **holder} for amount, holder in given]


async def give_quotas(client: Client, here: World) -> None:
    """The nation sets the number of units and gives some of them down to the school."""
    path = f"/trials/quotas/{here.season}"
    await client.ok("PUT", path, UNITS, by=NATION)
    for transfer in transfers(here):
        await soon(client, "POST", f"{path}/transfers", transfer, by=NATION)


def quotas(here: World) -> Requests:
    """Of the ledger, by row."""
    path, row, own = f"/trials/quotas/{here.season}", "/trials/quotas/{season}", f"?organisation={here.school}"
    return {
        f"PUT {row}": Request(path, UNITS, '"issued"'),
        f"POST {row}/transfers": Request(f"{path}/transfers", transfers(here)[-1], '"amount"'),
        f"GET {row} organisation": Request(path + own, sign='"reserved"'),
        f"GET {row} venue": Request(f"{path}?venue={here.venue}", sign='"reserved"'),
        f"GET {row}/entries": Request(f"{path}/entries{own}", sign='"ref"'),
    }
