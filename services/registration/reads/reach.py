"""The part of a place's rows that a principal's grants reach, as a query."""

from services.registration.domain.organisations import Organisation
from shared.identity.grants import Scope
from shared.storage.mongo import Document


def in_reach(scope: Scope, place: Organisation, field: str = "place") -> Document:
    """Returns what matches rows whose `field` lies in a place, of a school in the classes of the grants.

    It narrows, and refuses nothing: whether a grant covers the place was asked before.
    """
    kind = place.kind if place.kind in ("region", "municipality") else "school"
    classes = scope.classes(*place.place)
    narrowed = {} if classes is None else {f"{field}.school_class": {"$in": sorted(classes)}}
    return {f"{field}.{kind}": place.id, **narrowed}
