"""The first page: a region's season, live, in plain HTML with a small script."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from shared.errors import NotFound
from shared.reference import HEADERS
from shared.routes import Route

WEB = Path(__file__).parent / "web"
ASYNCAPI = Path(str(files("shared.contracts"))) / "asyncapi.yaml"
FILES = {path.name: path for path in (WEB / "static").glob("*") if path.is_file()}


def routes() -> APIRouter:
    """`/` and what it loads; nothing on it is known before a token is given."""
    router = APIRouter(route_class=Route)

    @router.get("/", include_in_schema=False)
    async def index() -> FileResponse:
        return FileResponse(WEB / "index.html", headers=HEADERS)

    @router.get("/docs", include_in_schema=False)
    async def documents() -> FileResponse:
        """The four OpenAPI documents, each with its page, and that of the events."""
        return FileResponse(WEB / "docs.html", headers=HEADERS)

    @router.get("/docs/asyncapi.yaml", include_in_schema=False)
    async def asyncapi() -> FileResponse:
        return FileResponse(ASYNCAPI, media_type="application/yaml", headers=HEADERS)

    @router.get("/static/{name}", include_in_schema=False)
    async def static(name: str) -> FileResponse:
        if name not in FILES:
            raise NotFound(f"no file {name}")
        return FileResponse(FILES[name], headers=HEADERS)

    return router
