"""The name of a cell, the same for the recount and for what is live. Pure."""

Row = tuple[str, ...]
"""A table, season, region, municipality, place, and the path of what is counted there, without its day."""


def cell(row: Row, day: str) -> str:
    """Returns the name of a row's cell of a day: what it says is by how many the row changes on that day."""
    return "\t".join((*row, day))


def shown(name: str) -> str:
    """Returns a cell's name for people."""
    return " ".join(part or "-" for part in name.split("\t"))
