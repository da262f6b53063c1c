"""Files that are answered to be kept: workbooks, pages to be printed, and pictures."""

from typing import Any
from urllib.parse import quote

from fastapi import Response

from shared.http.openapi import Json, Slugs, problems


class Workbook(Response):
    """A workbook in Office Open XML."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Printout(Response):
    """Pages in PDF."""

    media_type = "application/pdf"


class Picture(Response):
    """A picture in PNG."""

    media_type = "image/png"


def named(kind: type[Response], content: bytes, name: str) -> Response:
    """Returns a file under a name."""
    return kind(content, headers=kept_as(name))


def kept_as(name: str) -> dict[str, str]:
    """Returns the header with the name, in any alphabet, that a browser keeps a file by (RFC 6266)."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}


def file_of(kind: type[Response], slugs: Slugs, *others: type[Response]) -> dict[int | str, Json]:
    """Returns the `responses` of a route that answers with a file, of one kind or of others, or refuses."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    media: dict[str, Any] = {str(one.media_type): binary for one in (kind, *others)}
    headers = {"Content-Disposition": {"description": "The file's name.", "schema": {"type": "string"}}}
    return {200: {"content": media, "headers": headers, "description": "The file."}, **problems(slugs)}
