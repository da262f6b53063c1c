"""The collections of trials, each with its indexes."""

from pymongo import IndexModel

from shared.runtime.service import PLATFORM_COLLECTIONS
from shared.storage.code_twins import BY_CODE, FENCES
from shared.storage.collections import CHANGED, Collections, Kept

PARTICIPANTS = "participants_2"
"""The pupils with all changes of their consent; the release before kept the last one's sequence alone."""
APPLICATIONS = "venue_applications"
NEEDS = "needs"
"""Of a pupil, in codes: in no event, and in no other collection."""
REVIEWS = "reviews"
"""The words of pupils of what they attended: in no event, and in no other collection."""
RATES, PAYMENT_ACTS, PAYMENT_LINES = "payment_rates", "payment_acts", "payment_lines"
HALF_CORRECTIONS = "half_corrections"
IS_TEXT, IS_DATE = {"$type": "string"}, {"$type": "date"}
"""Said by a query too: without that, MongoDB does not take the index that has but those rows."""
COLLECTIONS: Collections = {
    **PLATFORM_COLLECTIONS,
    "organisations": Kept([BY_CODE, IndexModel("region"), IndexModel("municipality")]),
    PARTICIPANTS: Kept(
        [IndexModel([("school", 1), ("school_class", 1)])],
        persons=[
            "_id",
            "accounts.account",
            "link_changes.account",
            "link_changes.guardian",
            "mergings.other",
            "guardians_erased",
        ],
    ),
    "seasons": Kept([BY_CODE], persons=[CHANGED]),
    "instruments": Kept([BY_CODE], persons=[CHANGED]),
    "advice": Kept(persons=[CHANGED]),
    "education": Kept(persons=[CHANGED]),
    "competencies": Kept([BY_CODE], persons=[CHANGED]),
    "venues": Kept(
        [
            BY_CODE,
            IndexModel([("region", 1), ("_id", 1)]),
            IndexModel([("municipality", 1), ("_id", 1)]),
            IndexModel([("organisation", 1), ("_id", 1)]),
        ],
        persons=[CHANGED],
    ),
    APPLICATIONS: Kept(
        [
            IndexModel([("venue", 1), ("_id", 1)]),
            IndexModel([("region", 1), ("_id", 1)]),
            IndexModel([("organisation", 1), ("state", 1)]),
        ],
        persons=["history.account"],
    ),
    "programmes": Kept(
        [
            BY_CODE,
            IndexModel([("region", 1), ("_id", 1)]),
            IndexModel([("organisation", 1), ("_id", 1)]),
            IndexModel([("competency", 1), ("_id", 1)]),
        ],
        persons=[CHANGED],
    ),
    "slots": Kept(
        [
            IndexModel([("season", 1), ("starts", 1), ("_id", 1)]),
            IndexModel([("season", 1), ("region", 1), ("starts", 1), ("_id", 1)]),
            IndexModel([("season", 1), ("competency", 1), ("starts", 1), ("_id", 1)]),
            IndexModel([("venue", 1), ("starts", 1), ("_id", 1)]),
            IndexModel([("programme", 1), ("starts", 1), ("_id", 1)]),
            IndexModel([("region", 1), ("starts", 1), ("_id", 1)]),
            IndexModel("waiting", partialFilterExpression={"waiting": {"$gt": 0}}),
            IndexModel("following", partialFilterExpression={"following": IS_TEXT}),
            IndexModel([("venue", 1), ("ref", 1)], unique=True, partialFilterExpression={"ref": IS_TEXT}),
        ],
        persons=[CHANGED],
    ),
    FENCES: Kept(),
    "attempts": Kept([IndexModel("path"), IndexModel("id")], persons=["_id", "path", CHANGED]),
    "drafts": Kept([IndexModel("path")], persons=["_id", "path", CHANGED]),
    "repeats": Kept([IndexModel("path")], persons=["_id", "path", CHANGED]),
    REVIEWS: Kept([IndexModel("path")], persons=["path"]),
    NEEDS: Kept(persons=["_id", CHANGED]),
    "waiting": Kept(
        [
            IndexModel([("slot", 1), ("ended", 1), ("number", 1)]),
            IndexModel("path"),
            IndexModel("until", partialFilterExpression={"until": IS_DATE}),
        ],
        persons=["_id", "path"],
    ),
    RATES: Kept([IndexModel([("season", 1), ("_id", 1)])], persons=[CHANGED]),
    PAYMENT_ACTS: Kept(
        [
            IndexModel([("venue", 1), ("signed", -1), ("_id", -1)]),
            IndexModel([("region", 1), ("signed", -1), ("_id", -1)]),
            IndexModel([("venue", 1), ("season", 1), ("number", 1)], unique=True),
            IndexModel([("venue", 1), ("ref", 1)], unique=True, partialFilterExpression={"ref": IS_TEXT}),
        ],
        persons=[CHANGED],
    ),
    PAYMENT_LINES: Kept([IndexModel([("act", 1), ("_id", 1)]), IndexModel([("venue", 1), ("season", 1)])]),
    "quotas": Kept(
        [
            IndexModel([("season", 1), ("_id", 1)]),
            IndexModel([("season", 1), ("organisation", 1), ("_id", 1)]),
            IndexModel([("season", 1), ("venue", 1), ("_id", 1)]),
        ]
    ),
    "quota_entries": Kept(
        [
            IndexModel([("season", 1), ("organisation", 1), ("at", -1), ("_id", -1)]),
            IndexModel([("season", 1), ("giver", 1), ("at", -1), ("_id", -1)]),
        ],
        persons=[CHANGED],
    ),
    HALF_CORRECTIONS: Kept(),
    "paths": Kept(
        [
            IndexModel("bookings.id", sparse=True),
            IndexModel(
                [("bookings.slot", 1), ("_id", 1)], partialFilterExpression={"bookings.slot": {"$exists": True}}
            ),
            IndexModel("attendances.id", sparse=True),
            IndexModel("attendances.slot", sparse=True),
            IndexModel("lessons.id", sparse=True),
            IndexModel("lessons.lesson", sparse=True),
            IndexModel("recommendation.id", sparse=True),
        ],
        persons=["_id", "participant", CHANGED],
    ),
}
