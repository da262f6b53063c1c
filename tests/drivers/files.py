"""Files that a service answers with, as other programs read them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import openpyxl
from pypdf import PdfReader

from tests.drivers.service import Grants, ServiceProcess

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
BELOW_HEADER = 4
"""The first row of a sheet behind its title and its header."""


def text_of(media_type: str, content: bytes) -> str:
    """All that can be read in an answer."""
    if media_type == PDF:
        return "\n".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages)
    if media_type != WORKBOOK:
        return content.decode()
    sheets = openpyxl.load_workbook(BytesIO(content)).worksheets
    return "\n".join(str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row)


@dataclass(frozen=True)
class File:
    """What came back: a file, or a problem document."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The document of a refusal."""
        return dict(json.loads(self.content))

    @property
    def text(self) -> str:
        """All that can be read in it, a line a page."""
        return text_of(self.headers["Content-Type"], self.content)

    def rows(self, sheet: int = 0) -> list[dict[str, Any]]:
        """The rows of a workbook's sheet, by the titles of their columns."""
        opened = openpyxl.load_workbook(BytesIO(self.content)).worksheets[sheet]
        titles = [cell.value for cell in opened[BELOW_HEADER - 1]]
        rows = opened.iter_rows(min_row=BELOW_HEADER, values_only=True)
        return [dict(zip(titles, row, strict=True)) for row in rows]


async def posted(running: ServiceProcess, path: str, body: Any, grants: Grants, subject: str = "staff") -> File:
    """The answer to one POST below the service's prefix."""
    url = f"{running.base}/{running.service}{path}"
    async with running.http.post(url, json=body, headers=running.bearer(subject, grants)) as answer:
        return File(answer.status, answer.headers, await answer.read())


async def file(running: ServiceProcess, path: str, grants: Grants, subject: str = "staff") -> File:
    """The answer to one GET below the service's prefix."""
    url = f"{running.base}/{running.service}{path}"
    async with running.http.get(url, headers=running.bearer(subject, grants)) as answer:
        return File(answer.status, answer.headers, await answer.read())
