"""Trials over HTTP: the pictures of instruments, which a page's `img` loads without a token."""

from fastapi import APIRouter, Request, Response

from services.trials.api.reading import InCode
from services.trials.pictures import PICTURES
from shared.base.errors import NotFound
from shared.http.openapi import problems
from shared.http.routes import router_of

KEPT = "public, max-age=86400"
"""A browser asks again after a day: a picture may be drawn better."""


class Drawing(Response):
    """A picture in SVG."""

    media_type = "image/svg+xml"


def routes() -> APIRouter:
    """Returns the route of pictures; they tell nothing of anybody."""
    router = router_of("trials")

    @router.get(
        "/pictures/{code}",
        response_class=Drawing,
        responses={304: {"description": "It is as it was."}, **problems({404: ["not-found"]})},
    )
    async def item_picture(code: InCode, request: Request) -> Response:
        """The picture of an item in SVG, without a token; a browser keeps it for a day."""
        if code not in PICTURES:
            raise NotFound.about("code", "no such picture")
        return PICTURES[code].answer(request, KEPT)

    return router
