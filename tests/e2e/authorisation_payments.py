"""An act for payment, and valid requests of the rows that are about such acts."""

from typing import TYPE_CHECKING, Any

from tests.e2e.authorisation_request import Request, Requests
from tests.e2e.conftest import Client
from tests.e2e.season import World

if TYPE_CHECKING:
    from tests.e2e.authorisation_scene import Scene

PERIOD = {"begins": "2020-10-05", "ends": "2020-10-06"}
SUM = 130_007


def rate(here: World) -> dict[str, Any]:
    return {"season": here.season, "region": here.region, "since": "2020-09-01", "kopecks": SUM}


def signing(here: World) -> dict[str, Any]:
    """The signing of the days on one of which a pupil was at the venue."""
    return {"ref": "act", "season": here.season, **PERIOD, "kopecks": SUM, "lines": 1}


async def signed_act(client: Client, here: World, subject: str = "x") -> str:
    """The id of the act of these days."""
    by: dict[str, Any] = {"by": here.operator, "subject": subject}
    await client.ok("POST", "/trials/rates", rate(here), **by)
    path = f"/trials/venues/{here.venue}/payment-acts"
    return str((await client.ok("POST", path, signing(here), **by))["act"])


def requests(scene: "Scene") -> Requests:
    """By row."""
    here, act, name = scene.here, scene.payment_act, scene.line("own")["name"]
    of_venue, below = "/trials/venues/{code}/payment-acts", f"/trials/venues/{here.venue}/payment-acts"
    one, files = f"/trials/payment-acts/{act}", "/registration/payment-acts"
    query = "&".join(f"{name}={day}" for name, day in PERIOD.items())
    return {
        "POST /trials/rates": Request("/trials/rates", rate(here), str(SUM)),
        "GET /trials/rates": Request(f"/trials/rates?season={here.season}"),
        f"GET {of_venue}/draft": Request(f"{below}/draft?season={here.season}&{query}", sign='"unpriced"'),
        f"POST {of_venue}": Request(below, signing(here), act),
        f"GET {of_venue}": Request(below, sign=act),
        "GET /trials/payment-acts": Request(f"/trials/payment-acts?region={here.region}", sign=act),
        "GET /trials/payment-acts/{act}": Request(one, sign='"signed_at"'),
        "GET /trials/payment-acts/{act}/lines": Request(f"{one}/lines", sign=scene.attendance),
        "POST /trials/payment-acts/{act}/payment": Request(f"{one}/payment", {}, '"paid_at"'),
        f"GET {files}/{{act}}/workbook": Request(f"{files}/{act}/workbook", sign=name, tells=(name,)),
        f"GET {files}/{{act}}/printout": Request(f"{files}/{act}/printout", sign=name, tells=(name,)),
    }
