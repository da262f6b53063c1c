"""The routes of tables for other programs, and the format in which a figure is answered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Literal

from fastapi import Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from services.analytics.exports.files import MEDIA, Format, written
from services.analytics.exports.table import Table
from shared.http.downloads import kept_as
from shared.http.entity_tags import CACHED
from shared.http.negotiation import best_media
from shared.http.openapi import Json, Slugs, problems

JSON = "application/json"
CHUNK = 262_144
VARY = {"Vary": "Accept"}
OF_MEDIA: dict[str, Format] = {media: format for format, media in MEDIA.items()}


@dataclass(frozen=True, slots=True)
class Form:
    """The form in which an answer is wanted."""

    format: Format | None
    """None for JSON."""


async def _form(
    format: Annotated[
        Literal["json", "csv", "xlsx", "parquet"] | None,
        Query(description="the form of the answer, before what `Accept` says"),
    ] = None,
    accept: Annotated[list[str] | None, Header(include_in_schema=False)] = None,
) -> Form:
    if format is not None:
        return Form(None if format == "json" else format)
    return Form(OF_MEDIA.get(best_media(", ".join(accept or ()), [JSON, *OF_MEDIA])))


InForm = Annotated[Form, Depends(_form)]
"""A route's parameter: the form of a figure's answer, JSON where nothing is said."""


async def _file(
    format: Annotated[Format | None, Query(description="the form of the file, before what `Accept` says")] = None,
    accept: Annotated[list[str] | None, Header(include_in_schema=False)] = None,
) -> Format:
    return format or OF_MEDIA[best_media(", ".join(accept or ()), list(OF_MEDIA))]


InFile = Annotated[Format, Depends(_file)]
"""A route's parameter: the form of a file, CSV where nothing is said."""


class FileAnswer(StreamingResponse):
    """A file that is gone when it has been sent, or the client has left."""

    def __init__(self, file: BinaryIO, media_type: str, headers: dict[str, str]) -> None:
        self._file = file
        super().__init__(_pieces(file), media_type=media_type, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        with self._file:
            await super().__call__(scope, receive, send)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


def in_forms(slugs: Slugs) -> dict[int | str, Json]:
    """Returns the `responses` of a route that answers in these forms, and in JSON where its model says so."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": dict.fromkeys(MEDIA.values(), binary)}, **problems({**slugs, 406: ["not-acceptable"]})}


async def answered(table: Table, format: Format, tag: str) -> Response:
    """Returns a table as a file to be kept."""
    headers = {"ETag": tag, **CACHED, **VARY, **kept_as(f"{table.name}.{format}")}
    return FileAnswer(await written(table, format), MEDIA[format], headers)
