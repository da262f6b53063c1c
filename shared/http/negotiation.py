"""The media type of an answer that can have several, as the request's `Accept` has it (RFC 9110, 12.5.1)."""

from collections.abc import Sequence

from shared.base.errors import NotAcceptable
from shared.base.preferences import weighed


def best_media(accept: str, offered: Sequence[str]) -> str:
    """Returns the media type that is liked best; of several, and where nothing is said, the first that is offered.

    Raises NotAcceptable where none of them is taken.
    """
    ranges = dict(weighed(accept)) or {"*/*": 1.0}
    liked = [(_weight(media, ranges), media) for media in offered]
    weight, media = max(liked, key=lambda one: one[0])
    if weight == 0:
        raise NotAcceptable(f"Accept takes none of {', '.join(offered)}")
    return media


def _weight(media: str, ranges: dict[str, float]) -> float:
    """Returns the weight of the narrowest range that holds a media type."""
    kind = media.partition("/")[0]
    return next((ranges[name] for name in (media, f"{kind}/*", "*/*") if name in ranges), 0.0)
