"""Every collection of notifications with its indexes, and the fields of each that name a person."""

from pymongo import IndexModel

from shared.runtime.service import PLATFORM_COLLECTIONS
from shared.storage.collections import CHANGED, Collections, Kept
from shared.storage.wrapped_keys import BY_WRAPPING

FAMILIES, NOTICES, CATALOGUE = "families", "notices", "catalogue"
"""One head a pupil: who may read, with whom it was merged, and the last number given; notices; names for texts."""
CONTACTS, PLACES = "contacts", "places"
"""Responsible persons of organisations, sealed: the only rows that Kafka could not bring back; and where pupils are."""
ORGANISATIONS = "organisations"
"""The places in which organisations lie."""
BY_KIND = IndexModel("kind")
COLLECTIONS: Collections = {
    **PLATFORM_COLLECTIONS,
    FAMILIES: Kept(
        [IndexModel("accounts.account")],
        persons=[
            "_id",
            "accounts.account",
            "accounts.guardian",
            "closed.account",
            "closed.guardian",
            "mergings.other",
            "erased",
        ],
    ),
    NOTICES: Kept([IndexModel(["participant", "number"], unique=True)], persons=["_id", "participant"]),
    CATALOGUE: Kept(),
    CONTACTS: Kept(
        [
            IndexModel([("organisation", 1), ("ref", 1)], unique=True),
            IndexModel([("organisation", 1), ("role", 1), ("_id", 1)]),
            BY_WRAPPING,
        ],
        persons=["_id", CHANGED],
    ),
    PLACES: Kept(persons=["_id"]),
    ORGANISATIONS: Kept([BY_KIND]),
}
