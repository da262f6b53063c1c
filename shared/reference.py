"""The pages that browse a service's OpenAPI document, by Swagger UI; the service itself serves every byte of them."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from shared.errors import NotFound
from shared.routes import Route

POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
"""Of every page: what it shows is its own, but for pictures that Swagger UI holds in its styles."""
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
WEB = Path(__file__).parent / "web"
SWAGGER_UI = Path(str(files("fastapi_offline"))) / "static"
FILES = {
    "reference.js": WEB / "reference.js",
    "swagger-ui-bundle.js": SWAGGER_UI / "swagger-ui-bundle.js",
    "swagger-ui.css": SWAGGER_UI / "swagger-ui.css",
}


def routes(service: str) -> APIRouter:
    """`/<service>/docs` and what it loads; a token is given in the page, and nothing can be called without one."""
    router = APIRouter(prefix=f"/{service}/docs", route_class=Route, include_in_schema=False)

    @router.get("")
    async def page() -> FileResponse:
        return FileResponse(WEB / "reference.html", headers=HEADERS)

    @router.get("/{name}")
    async def part(name: str) -> FileResponse:
        if name not in FILES:
            raise NotFound(f"no file {name}")
        return FileResponse(FILES[name], headers=HEADERS)

    return router
