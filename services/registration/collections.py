"""Every collection of registration's database, with its indexes."""

from pymongo import IndexModel

from shared.http.audit import CORRECTIONS
from shared.runtime.service import PLATFORM_COLLECTIONS
from shared.storage.code_twins import BY_CODE, FENCES
from shared.storage.collections import CHANGED, Collections, Kept
from shared.storage.mongo import Document
from shared.storage.wrapped_keys import BY_WRAPPING

IMPORTS, IMPORT_PIECES, REFUSED = "imports", "import_pieces", "import_refused"
CONSENT_DOCUMENTS, ACTS, TRANSFERS, KEYS = "consent_documents", "acts", "transfers", "vault_keys"
CONSENT_TEMPLATES = "consent_templates"
SCHOOL_YEARS, TARGETS, WORDS = "school_years", "targets", "half_merges"
GIVEN: Document = {"$gt": ""}
"""Of a legal entity's number: organisations without one are in no index of it."""
REQUESTS = "place_requests"
DISMISSALS = "dismissals"
TRIPS = "trips"
STAFF, EXCLUDED = "staff", "staff_exclusions"
"""Accounts that acted for organisations, and those that were put out; `exclusions` is the copy of all services."""
RETENTION, RETENTION_LIST, RETENTION_RUNS = "retention", "retention_list", "retention_runs"
"""The terms of regions, those whom staff see before they are erased, and the day of each region's last run."""
GONE: Document = {"archived.reason": "left"}
WITHDRAWN: Document = {"consents.withdrawn_at": {"$type": "date"}}
"""Pupils who may be due to be erased: in the archive as gone, or with a consent that was ever withdrawn."""
BALANCES, TRIED = "opening_balances", "import_tried"
FOLDED, UNFOLDED = {"ref_key": {"$type": "string"}}, {"ref_key": None}
"""Rows whose key is folded, and the others, which are few: those of an older release, and second spellings."""
OF_SEVERAL = {"same": {"$gt": ""}}
"""Rows by which one more school knows a guardian of another one."""
ASKED = {"state": "asked"}
"""Transfers, and requests for a place, that nobody has answered."""
MARKED = {"child": {"$type": "binData"}}
"""Rows of children whom a region finds by name and birth date; an earlier release marked none."""
NATIONAL = {"nation": {"$type": "binData"}}
"""The same rows, as the nation finds them."""
UNDER_WAY: Document = {"state": {"$in": ["waiting", "running"]}}
"""Matches imports that are to be worked on."""
UNAGED: Document = {"majority": None}
"""Rows of an earlier release, of which nobody has marked when the child comes of age."""
WITH_ACCOUNT = {"account": {"$gt": ""}}
LEFT: Document = {"former": {"$gt": ""}}
"""Matches pupils who have left a school."""
PLACED: Document = {"placements.place.school": {"$gt": ""}}
"""Matches pupils of whom several placements are kept; the place of all others is the only one."""
LINKED: Document = {"linked": {"$gt": {}}}
"""Matches pupils whom a cabinet shows: they alone are found by their guardians, so that a roster fills no index."""
OPEN: Document = {"closed_at": None, "erased_at": {"$exists": True}}
"""Matches acts that a service has not answered."""
_PERSONAL = (
    "account",
    "guardians",
    "linked",
    "linked.*",
    "kept",
    "codes.guardian",
    "consents.guardian",
    "issued",
    "revoked",
)
"""Of a pupil, and of an entry as it was before it was merged."""
COLLECTIONS: Collections = {
    **PLATFORM_COLLECTIONS,
    "organisations": Kept(
        [
            BY_CODE,
            IndexModel([("region", 1), ("_id", 1)]),
            IndexModel([("parent", 1), ("_id", 1)]),
            IndexModel([("kind", 1), ("_id", 1)]),
            IndexModel("inn", unique=True, partialFilterExpression={"inn": GIVEN}),
            IndexModel("ogrn", unique=True, partialFilterExpression={"ogrn": GIVEN}),
        ],
        persons=[CHANGED],
    ),
    "participants": Kept(
        [
            IndexModel([("place.school", 1), ("external_ref", 1)], unique=True),
            IndexModel([("place.school", 1), ("ref_key", 1)], unique=True, partialFilterExpression=FOLDED),
            IndexModel("ref_key", name="unfolded", partialFilterExpression=UNFOLDED),
            IndexModel([("place.school", 1), ("place.school_class", 1), ("_id", 1)]),
            IndexModel("former", partialFilterExpression=LEFT),
            IndexModel("placements.place.school", partialFilterExpression=PLACED),
            IndexModel("codes.digest", unique=True, sparse=True),
            IndexModel("guardians", partialFilterExpression=LINKED),
            IndexModel("account", partialFilterExpression=WITH_ACCOUNT),
            IndexModel([("place.region", 1), ("_id", 1)], name="gone", partialFilterExpression=GONE),
            IndexModel([("place.region", 1), ("_id", 1)], name="withdrawn", partialFilterExpression=WITHDRAWN),
        ],
        persons=[
            "_id",
            "external_ref",  # of a row without a key, which stands under its own id
            *_PERSONAL,
            "duplicates",
            *(
                f"duplicates.*.{name}"
                for name in ("account", "cabinets", "cabinets.*", "consent.guardian", "guardians")
            ),
            *(f"merged.{name}" for name in ("into", "before.id", *(f"before.{name}" for name in _PERSONAL))),
            CHANGED,
        ],
    ),
    "guardians": Kept(
        [
            IndexModel([("school", 1), ("ref", 1)], unique=True),
            IndexModel([("school", 1), ("ref_key", 1)], unique=True, partialFilterExpression=FOLDED),
            IndexModel("ref_key", name="unfolded", partialFilterExpression=UNFOLDED),
            IndexModel("account", partialFilterExpression=WITH_ACCOUNT),
            IndexModel("same", partialFilterExpression=OF_SEVERAL),
        ],
        persons=["_id", "account", "same", CHANGED],
    ),
    "vault": Kept(
        [
            IndexModel([("region", 1), ("child", 1)], partialFilterExpression=MARKED),
            IndexModel("nation", partialFilterExpression=NATIONAL),
            IndexModel("majority"),
            BY_WRAPPING,
        ],
        persons=["_id"],
    ),
    KEYS: Kept([BY_WRAPPING, IndexModel("expires", expireAfterSeconds=0, sparse=True)], persons=["_id"]),
    CORRECTIONS: Kept(
        [
            IndexModel([("participant", 1), ("at", 1)]),
            IndexModel("person"),
            IndexModel("at"),
            IndexModel("expires", expireAfterSeconds=0),
        ],
        persons=["person", "participant", CHANGED],
    ),
    CONSENT_DOCUMENTS: Kept(persons=[CHANGED]),
    CONSENT_TEMPLATES: Kept([IndexModel([("season", 1), ("region", 1)])], persons=[CHANGED]),
    ACTS: Kept(
        [
            IndexModel("participant", unique=True, partialFilterExpression={"participant": {"$gt": ""}}),
            IndexModel("guardian", unique=True, partialFilterExpression={"guardian": {"$gt": ""}}),
            *(IndexModel([(f"place.{kind}", 1), ("_id", 1)]) for kind in ("school", "municipality", "region")),
            IndexModel("erased_at", name="open", partialFilterExpression=OPEN),
        ],
        persons=["participant", "guardian", "children", "answered_for.*", CHANGED],
    ),
    RETENTION: Kept(persons=[CHANGED]),
    RETENTION_LIST: Kept([IndexModel([("region", 1), ("since", 1)])], persons=["_id"]),
    RETENTION_RUNS: Kept(),
    TRANSFERS: Kept(
        [
            IndexModel([("participant", 1), ("joined.school", 1)], unique=True, partialFilterExpression=ASKED),
            *(
                IndexModel([(f"{side}.{kind}", 1), ("_id", 1)])
                for side in ("left", "joined")
                for kind in ("school", "municipality", "region")
            ),
        ],
        persons=["participant", CHANGED],
    ),
    SCHOOL_YEARS: Kept([IndexModel([("organisation", 1), ("_id", 1)])], persons=[CHANGED]),
    TARGETS: Kept([IndexModel([("organisation", 1), ("_id", 1)])], persons=[CHANGED]),
    REQUESTS: Kept(
        [
            IndexModel([("account", 1), ("place.school", 1), ("child", 1)], unique=True, partialFilterExpression=ASKED),
            IndexModel([("account", 1), ("_id", 1)]),
            *(IndexModel([(f"place.{kind}", 1), ("_id", 1)]) for kind in ("school", "municipality", "region")),
            IndexModel("child", sparse=True),
            IndexModel("participant", sparse=True),
            IndexModel("expires", expireAfterSeconds=0),
            BY_WRAPPING,
        ],
        persons=["account", "participant", CHANGED],
    ),
    IMPORTS: Kept(
        [
            IndexModel([("is_large", 1), ("sent_at", 1)], partialFilterExpression=UNDER_WAY),
            IndexModel([("sent_at", -1), ("_id", -1)]),
            IndexModel(CHANGED),
            IndexModel("expires", expireAfterSeconds=0),
        ],
        persons=[CHANGED],
    ),
    IMPORT_PIECES: Kept([IndexModel("import"), IndexModel("expires", expireAfterSeconds=0)]),
    REFUSED: Kept(
        [
            IndexModel([("import", 1), ("line", 1)]),
            IndexModel("keys"),
            IndexModel("child", partialFilterExpression=MARKED),
            IndexModel("expires", expireAfterSeconds=0),
        ]
    ),
    TRIPS: Kept(
        [IndexModel("school"), IndexModel("expires", expireAfterSeconds=0), BY_WRAPPING],
        persons=["account", CHANGED],
    ),
    DISMISSALS: Kept([IndexModel("participants")], persons=["participants", CHANGED]),
    STAFF: Kept(
        [
            IndexModel([("organisation", 1), ("_id", 1)]),
            IndexModel("account"),
            IndexModel("expires", expireAfterSeconds=0),
        ],
        persons=["_id", "account"],
    ),
    EXCLUDED: Kept(
        [IndexModel([("organisation", 1), ("_id", 1)]), IndexModel("account")], persons=["account", CHANGED]
    ),
    TRIED: Kept(
        [
            IndexModel([("import", 1), ("first", 1)]),
            IndexModel("keys"),
            IndexModel("child", partialFilterExpression=MARKED),
            IndexModel("expires", expireAfterSeconds=0),
        ]
    ),
    BALANCES: Kept([IndexModel([("participant", 1), ("year", 1)])], persons=["_id", "participant", CHANGED]),
    FENCES: Kept(),
    WORDS: Kept(persons=["_id", "other"]),
    "rules": Kept(),
    "steps": Kept([IndexModel("booked.slot", sparse=True)], persons=["_id"]),
    "slots": Kept([IndexModel([("venue", 1), ("starts", 1)]), IndexModel("expires", expireAfterSeconds=0)]),
    "venues": Kept(),
    "competencies": Kept(),
    "payment_acts": Kept(),
}
