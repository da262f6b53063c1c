"""Files that are answered to be kept: workbooks, and pages to be printed."""

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


def named(kind: type[Response], content: bytes, name: str) -> Response:
    """Returns a file under a name, in any alphabet, that a browser keeps it by (RFC 6266)."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return kind(content, headers={"Content-Disposition": disposition})


def file_of(kind: type[Response], slugs: Slugs) -> dict[int | str, Json]:
    """Returns the `responses` of a route that answers with a file, or refuses with one of these types."""
    media: dict[str, Any] = {str(kind.media_type): {"schema": {"type": "string", "format": "binary"}}}
    headers = {"Content-Disposition": {"description": "The file's name.", "schema": {"type": "string"}}}
    return {200: {"content": media, "headers": headers, "description": "The file."}, **problems(slugs)}
