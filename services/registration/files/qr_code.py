"""A QR code as its dark runs, for whatever draws them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import segno

QUIET = 4
"""Modules around a QR code that stay white."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A black rectangle, in millimetres."""

    left: float
    top: float
    width: float
    height: float


def bars(text: str, left: float, top: float, side: float) -> Iterator[Bar]:
    """Yields the dark runs of a text's code, row by row, in a square with its quiet zone."""
    rows = segno.make(text, error="m", micro=False).matrix
    module = side / (len(rows) + 2 * QUIET)
    left, top = left + QUIET * module, top + QUIET * module
    for y, row in enumerate(rows):
        begins = None
        for x, is_dark in enumerate([*row, 0]):
            if is_dark and begins is None:
                begins = x
            elif not is_dark and begins is not None:
                yield Bar(left + begins * module, top + y * module, (x - begins) * module, module)
                begins = None
