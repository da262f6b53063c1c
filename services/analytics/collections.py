"""Every collection of analytics with its indexes, and the fields of each that name a person."""

from collections.abc import Mapping

from pymongo import IndexModel

from services.analytics.figures.registry import FOLD
from shared.runtime.service import Indexes

PUPILS, CELLS, GUARDIANS = (f"{name}_{FOLD}" for name in ("pupils", "cells", "guardians"))
"""The collections of this version of the fold."""
ORGANISATIONS, SEASONS, COMPETENCIES = "organisations", "seasons", "competencies"
"""Copies of the catalogue."""
FEED, FEED_HEADS, FEED_PUBLISHED = "feed", "feed_heads", "feed_published"
"""The regions' logs, the last number of each, and the last one in its topic."""
FEED_CATALOGUE, FEED_FENCE = "feed_catalogue", "feed_fence"
"""The national events, for logs that open later, and the document by which these and the openings conflict."""

INDEXES: Indexes = {
    PUPILS: [IndexModel([("seasons.code", 1)])],
    CELLS: [IndexModel([("table", 1), ("season", 1), ("region", 1)])],
    GUARDIANS: [IndexModel([("season", 1), ("links.municipality", 1)])],
    ORGANISATIONS: [IndexModel("kind")],
    SEASONS: [],
    COMPETENCIES: [],
    FEED: [IndexModel([("event", 1), ("region", 1), ("epoch", 1)], unique=True)],
    FEED_HEADS: [],
    FEED_PUBLISHED: [],
    FEED_CATALOGUE: [],
    FEED_FENCE: [],
}
PERSONAL: Mapping[str, tuple[str, ...]] = {
    PUPILS: ("_id", "guardians"),
    GUARDIANS: ("guardian", "links.participant"),
    FEED: ("event",),
}
"""Collection → the fields that name a person by an id or an account; `event` begins with the participant's id."""
