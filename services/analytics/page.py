"""The first page: a region's season, live, in plain HTML with a small script."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from shared.errors import NotFound
from shared.routes import Route

WEB = Path(__file__).parent / "web"
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
FILES = {path.name: path for path in (WEB / "static").glob("*") if path.is_file()}


def routes() -> APIRouter:
    """`/` and what it loads; nothing on it is known before a token is given."""
    router = APIRouter(route_class=Route)

    @router.get("/", include_in_schema=False)
    async def index() -> FileResponse:
        return FileResponse(WEB / "index.html", headers=HEADERS)

    @router.get("/static/{name}", include_in_schema=False)
    async def static(name: str) -> FileResponse:
        if name not in FILES:
            raise NotFound(f"no file {name}")
        return FileResponse(FILES[name], headers=HEADERS)

    return router
