"""The languages in which people are told something, and the choice between them."""

from typing import Literal

from shared.base.preferences import weighed

Language = Literal["ru", "en"]


def best_of(accepted: str | None) -> Language:
    """Returns the best of our languages for an `Accept-Language` header (RFC 9110, 12.5.4).

    That is Russian, unless English is liked better.
    """
    liking = {"ru": 0.0, "en": 0.0}
    for tag, weight in weighed(accepted or ""):
        primary = tag.partition("-")[0]
        if primary in liking:
            liking[primary] = max(liking[primary], weight)
    return "en" if liking["en"] > liking["ru"] else "ru"
