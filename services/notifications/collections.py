"""Every collection of notifications with its indexes, and the fields of each that name a person."""

from pymongo import IndexModel

from shared.runtime.service import PLATFORM_COLLECTIONS
from shared.storage.collections import Collections, Kept

FAMILIES, NOTICES, CATALOGUE = "families", "notices", "catalogue"
"""One head a pupil: who may read, with whom it was merged, and the last number given; notices; names for texts."""
ORGANISATIONS = "organisations"
"""The places in which organisations lie."""
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
    ORGANISATIONS: Kept(),
}
