"""The route that says what every figure is."""

from fastapi import APIRouter

from services.analytics.figures.registry import FIGURES
from shared.base.models import Answer
from shared.http.authorisation import Anyone
from shared.http.routes import router_of
from shared.http.spoken import Spoken


class MethodView(Answer):
    """A figure, and the way in which it is counted."""

    figure: str
    """The end of its route, for instance `funnel`."""
    method: str
    """Name and version of the way it is counted, as answers have it: `funnel/1`."""
    title: str
    """Its name for people."""
    definition: str
    """The thing that is counted."""
    numerator: str
    """The number that is told, or the upper part of a share."""
    denominator: str | None
    """The lower part of a share; null where the figure is a number."""
    source: str
    """The events that it follows from."""


class Methods(Answer):
    """All figures that there are."""

    figures: list[MethodView]
    """In the order in which they build on each other."""


def routes() -> APIRouter:
    """Returns the route of the methods."""
    router = router_of("analytics")

    @router.get("/figures", response_model=Methods)
    async def methods(who: Anyone, language: Spoken) -> Methods:
        """Every figure with its definition, numerator, denominator and source, in Russian or English."""
        found = [
            MethodView(figure=figure.name, method=figure.method, **figure.words[language]._asdict())
            for figure in FIGURES
        ]
        return Methods(figures=found)

    return router
