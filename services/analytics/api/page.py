"""The first page: a region's season, live, in plain HTML with a small script."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response

from shared.base.errors import NotFound
from shared.http.assets import METHODS, NEVER_ASKED_AGAIN, Asset, version_of
from shared.http.routes import router_of

WEB = Path(__file__).parents[1] / "web"
PARTS = {path.name: Asset.read(path) for path in (WEB / "static").glob("*") if path.is_file()}
VERSION = version_of(PARTS)
"""Pages name their parts under it, so that what a browser keeps is never of another version."""
RENAMED = {'"/static/': f'"/static/{VERSION}/'}
INDEX, DOCUMENTS = (Asset.read(WEB / name, RENAMED) for name in ("index.html", "docs.html"))
ASYNCAPI = Asset.read(Path(str(files("shared.contracts"))) / "asyncapi.yaml")
ICON = "favicon.svg"


def routes() -> APIRouter:
    """Returns `/` and the parts that it loads; nothing on it is known before a token is given."""
    router = router_of("", include_in_schema=False)

    @router.api_route("/", methods=METHODS)
    async def index(request: Request) -> Response:
        return INDEX.answer(request)

    @router.api_route("/docs", methods=METHODS)
    async def documents(request: Request) -> Response:
        """The four OpenAPI documents, each with its page, and that of the events."""
        return DOCUMENTS.answer(request)

    @router.api_route("/docs/asyncapi.yaml", methods=METHODS)
    async def asyncapi(request: Request) -> Response:
        return ASYNCAPI.answer(request)

    @router.api_route("/favicon.ico", methods=METHODS)
    async def icon(request: Request) -> Response:
        """For those who ask for it without having seen a page."""
        return PARTS[ICON].answer(request)

    @router.api_route("/static/{name}", methods=METHODS)
    async def part(request: Request, name: str) -> Response:
        return _part(name).answer(request)

    @router.api_route("/static/{version}/{name}", methods=METHODS)
    async def kept_part(request: Request, version: str, name: str) -> Response:
        """Of another version, as during an update, it is answered too, but not to be kept under that name."""
        return _part(name).answer(request, *([NEVER_ASKED_AGAIN] if version == VERSION else []))

    return router


def _part(name: str) -> Asset:
    if name not in PARTS:
        raise NotFound(f"no file {name}")
    return PARTS[name]
