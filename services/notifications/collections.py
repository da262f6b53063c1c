"""Every collection of notifications with its indexes, and the fields of each that name a person."""

from collections.abc import Mapping

from pymongo import IndexModel

from shared.runtime.service import Indexes

FAMILIES, NOTICES, CATALOGUE = "families", "notices", "catalogue"
"""One head a pupil: who may read, and the last number given; the notices; the names that texts use."""
INDEXES: Indexes = {
    FAMILIES: [IndexModel("accounts.account")],
    NOTICES: [IndexModel(["participant", "number"], unique=True)],
    CATALOGUE: [],
}
PERSONAL: Mapping[str, tuple[str, ...]] = {
    FAMILIES: ("_id", "accounts.account", "accounts.guardian"),
    NOTICES: ("_id", "participant"),
}
"""Collection → the fields that name a person by an id or an account; a notice's `_id` begins with the pupil's id."""
