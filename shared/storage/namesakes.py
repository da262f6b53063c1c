"""Codes in a region's name: `RU-MOW-001` is of `RU-MOW`, and only that region's operator gives it away. Pure.

People take capitals and small letters for one, so `ru-mow-001` is of `RU-MOW` too: it would stand in the other's way.
"""

from collections.abc import Iterable

from shared.base.errors import BadInput
from shared.base.wording import worded
from shared.identity.grants import NATION


def namesakes(code: str) -> list[str]:
    """The codes of regions in whose name a code would be: `RU` and `RU-MOW` for `RU-MOW-001`, and the code itself."""
    return [code[:end] for end in (*(place for place, c in enumerate(code) if c == "-"), len(code))]


def must_be_own(code: str, region: str, regions: Iterable[str]) -> None:
    """Raises BadInput for a code in the name of another region, of a region that is still to come, or of the nation.

    `regions` are those known among the code's `namesakes`, in any case of their letters; a code that names no region is
    anybody's.
    """
    known = {other.lower() for other in regions}
    named = [other for other in namesakes(code.lower()) if other in known]
    nation = NATION.lower()
    foreign = named[-1] != region.lower() if named else nation in namesakes(code.lower())
    if foreign:
        raise BadInput.field("code", worded("must begin with {region}-: it names another region", region=region))
