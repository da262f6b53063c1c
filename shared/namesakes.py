"""Codes in a region's name: `RU-MOW-001` is of `RU-MOW`, and only that region's operator gives it away. Pure."""

from collections.abc import Container

from shared.errors import BadInput
from shared.grants import NATION


def namesakes(code: str) -> list[str]:
    """The codes of regions in whose name a code would be: `RU` and `RU-MOW` for `RU-MOW-001`, and the code itself."""
    return [code[:end] for end in (*(place for place, c in enumerate(code) if c == "-"), len(code))]


def must_be_own(code: str, region: str, regions: Container[str]) -> None:
    """Raises BadInput for a code in the name of another region, or of a region that is still to come.

    `regions` are those known among the code's `namesakes`; a code that names no region is anybody's.
    """
    named = [other for other in namesakes(code) if other in regions]
    foreign = named[-1] != region if named else code.startswith(f"{NATION}-")
    if foreign:
        raise BadInput.field("code", f"must begin with {region}-: it names another region")
