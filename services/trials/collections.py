"""The collections of trials, each with its indexes."""

from pymongo import IndexModel

from shared.runtime.service import PLATFORM_INDEXES, Indexes
from shared.storage.code_twins import BY_CODE, FENCES

PARTICIPANTS = "participants_2"
"""The pupils with all changes of their consent; the release before kept the last one's sequence alone."""
WITH_REF = {"$type": "string"}
"""Said by a query too: without that, MongoDB does not take the index that has but those rows."""
INDEXES: Indexes = {
    **PLATFORM_INDEXES,
    "organisations": [BY_CODE],
    PARTICIPANTS: [],
    "seasons": [BY_CODE],
    "instruments": [BY_CODE],
    "competencies": [BY_CODE],
    "venues": [
        BY_CODE,
        IndexModel([("region", 1), ("_id", 1)]),
        IndexModel([("municipality", 1), ("_id", 1)]),
        IndexModel([("organisation", 1), ("_id", 1)]),
    ],
    "slots": [
        IndexModel([("season", 1), ("starts", 1), ("_id", 1)]),
        IndexModel([("season", 1), ("region", 1), ("starts", 1), ("_id", 1)]),
        IndexModel([("season", 1), ("competency", 1), ("starts", 1), ("_id", 1)]),
        IndexModel([("venue", 1), ("starts", 1), ("_id", 1)]),
        IndexModel([("venue", 1), ("ref", 1)], unique=True, partialFilterExpression={"ref": WITH_REF}),
    ],
    FENCES: [],
    "attempts": [],
    "paths": [IndexModel("bookings.id", sparse=True), IndexModel("attendances.id", sparse=True)],
}
