"""The languages in which people are told something, and the choice between them."""

from typing import Literal

Language = Literal["ru", "en"]


def best_of(accepted: str | None) -> Language:
    """Returns the best of our languages for an `Accept-Language` header (RFC 9110, 12.5.4).

    That is Russian, unless English is liked better.
    """
    liking = {"ru": 0.0, "en": 0.0}
    for part in (accepted or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in liking:
            liking[primary] = max(liking[primary], _quality(parameter))
    return "en" if liking["en"] > liking["ru"] else "ru"


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
