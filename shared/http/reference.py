"""The pages that browse a service's OpenAPI document, by Swagger UI; the service itself serves every byte of them."""

import json
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response

from shared.base.errors import NotFound
from shared.http.assets import METHODS, Asset
from shared.http.routes import router_of

WEB = Path(__file__).parents[1] / "web"
SWAGGER_UI = Path(str(files("fastapi_offline"))) / "static"
PAGE = Asset.read(WEB / "reference.html")
PARTS = {
    path.name: Asset.read(path)
    for path in (WEB / "reference.js", SWAGGER_UI / "swagger-ui-bundle.js", SWAGGER_UI / "swagger-ui.css")
}


def routes(service: str) -> APIRouter:
    """`/<service>/docs` and what it loads; a token is given in the page, and nothing can be called without one."""
    router = router_of(service, include_in_schema=False)
    documents: list[Asset] = []

    @router.api_route("/openapi.json", methods=METHODS)
    async def document(request: Request) -> Response:
        """Made when it is first asked for, and kept: it is large, and anybody may ask."""
        if not documents:
            documents.append(Asset(json.dumps(request.app.openapi(), ensure_ascii=False).encode(), "application/json"))
        return documents[0].answer(request)

    @router.api_route("/docs", methods=METHODS)
    async def page(request: Request) -> Response:
        return PAGE.answer(request)

    @router.api_route("/docs/{name}", methods=METHODS)
    async def part(request: Request, name: str) -> Response:
        if name not in PARTS:
            raise NotFound(f"no file {name}")
        return PARTS[name].answer(request)

    return router
