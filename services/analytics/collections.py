"""Every collection of analytics with its indexes, and the fields of each that name a person."""

from pymongo import IndexModel

from services.analytics.figures.registry import FOLD
from shared.runtime.service import PLATFORM_COLLECTIONS
from shared.storage.collections import Collections, Kept

HEADS, PAGES, MERGED, CELLS, GUARDIANS = (
    f"{name}_{FOLD}" for name in ("heads", "pages", "merged", "cells", "guardians")
)
"""The collections of this version of the fold: the journal's two, entries that were ever merged, and the figures."""
BOOKERS, RESERVATIONS = "bookers", "reservations"
"""The bookings of pupils as quotas count them, and the cells of these."""
GIVEN = "quota_entries"
"""The units that were given on or came back, by the ledger of trials."""
ORGANISATIONS, SEASONS, COMPETENCIES = "organisations", "seasons", "competencies"
"""Copies of the catalogue."""
FEED, FEED_HEADS, FEED_PUBLISHED = "feed", "feed_heads", "feed_published"
"""The regions' logs, the last number of each, and the last one in its topic."""
RELEASES = "releases"
"""What the public was told last of each region's season."""
FEED_CATALOGUE, FEED_FENCE = "feed_catalogue", "feed_fence"
"""The national events, for logs that open later, and the document by which these and the openings conflict."""

COLLECTIONS: Collections = {
    **PLATFORM_COLLECTIONS,
    HEADS: Kept(),
    PAGES: Kept(persons=["ids", "states"]),
    MERGED: Kept(persons=["_id", "others", "state"]),
    CELLS: Kept([IndexModel([("table", 1), ("season", 1), ("region", 1)])]),
    GUARDIANS: Kept(
        [IndexModel([("season", 1), ("links.municipality", 1)])], persons=["_id", "guardian", "links.participant"]
    ),
    BOOKERS: Kept(persons=["_id", "others"]),
    RESERVATIONS: Kept([IndexModel([("table", 1), ("season", 1), ("region", 1)])]),
    GIVEN: Kept([IndexModel([("season", 1), ("region", 1)])]),
    ORGANISATIONS: Kept([IndexModel("kind"), IndexModel([("region", 1), ("kind", 1)])]),
    SEASONS: Kept(),
    COMPETENCIES: Kept(),
    RELEASES: Kept(),
    FEED: Kept([IndexModel([("event", 1), ("region", 1), ("epoch", 1)], unique=True)], persons=["event"]),
    FEED_HEADS: Kept(),
    FEED_PUBLISHED: Kept(),
    FEED_CATALOGUE: Kept(),
    FEED_FENCE: Kept(),
}
