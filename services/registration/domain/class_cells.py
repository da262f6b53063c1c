"""The class of a row, which files write in one cell or in two. Pure."""

import re
from collections.abc import Mapping


def class_of(values: Mapping[str, str]) -> str | None:
    """The class as the school writes it: in one cell, or its year and its letter in two."""
    name, letter = values.get("class"), values.get("letter", "")
    if name is None and (year := values.get("grade")) is not None:
        name = year
    if name is None:
        return None
    bare = re.sub(r"\s*(класс|кл\.?)\s*$", "", name.strip(), flags=re.IGNORECASE)
    return f"{bare}{letter}" if bare.isdecimal() else bare
