"""Routes by which the catalogue is read: for everyone who has a token, page by page, with entity tags."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from services.trials.reads.catalogue import Entries, ListedEntries
from shared.contracts.codes import Code, OrganisationCode
from shared.http.authorisation import Anyone
from shared.http.entity_tags import Known
from shared.http.openapi import problems
from shared.http.paging import NO_FILTER, Filter, Paged

InCode = Annotated[Code, Path(description="The entry's own code in the catalogue; it never changes.")]
InRegion = Annotated[OrganisationCode | None, Query(description="what lies in this region alone")]
OfGrade = Annotated[int | None, Query(ge=1, le=11, description="what takes in this grade alone")]
UNKNOWN = problems({404: ["not-found"]})


async def _all() -> Filter:
    return NO_FILTER


def add_list(
    router: APIRouter,
    name: str,
    entries: ListedEntries[Any, Any],
    description: str,
    narrowed_by: Callable[..., Awaitable[Filter]] = _all,
) -> None:
    """Adds the route of a list; the parameters of `narrowed_by` are those by which it is narrowed."""

    @router.get(f"/{name}", name=name, description=description, response_model=entries.page_model)
    async def listed(
        who: Anyone, paging: Paged, known: Known, asked: Annotated[Filter, Depends(narrowed_by)]
    ) -> Response:
        return known.answer(await entries.page(paging, asked))


def add_entry(router: APIRouter, listed: str, name: str, entries: Entries[Any, Any], description: str) -> None:
    """Adds the route of one entry of a list."""

    @router.get(
        f"/{listed}/{{code}}", name=name, description=description, response_model=entries.view, responses=UNKNOWN
    )
    async def single(who: Anyone, code: InCode, known: Known) -> Response:
        return known.answer(await entries.one(code))
