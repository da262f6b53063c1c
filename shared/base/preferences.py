"""The weights of what a header prefers, as RFC 9110 writes them: `Accept` and `Accept-Language`."""

from collections.abc import Iterator


def weighed(header: str) -> Iterator[tuple[str, float]]:
    """Yields each entry in small letters with its weight, 1 where none is said; a weight that is no number counts 0.

    Other parameters than the weight tell nothing apart here.
    """
    for part in header.split(","):
        entry, *parameters = (piece.strip() for piece in part.split(";"))
        if entry:
            yield entry.lower(), next((_number(p[2:]) for p in parameters if p.lower().startswith("q=")), 1.0)


def _number(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
