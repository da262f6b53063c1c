"""The route by which operators read what was published of facts, of which a restored database lacks a part."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from shared.base.models import Answer
from shared.http.authorisation import Operator
from shared.http.paging import Listing, Page, Paged
from shared.http.routes import router_of
from shared.identity.acting import about
from shared.identity.grants import FITS, NATION
from shared.identity.principal import Principal
from shared.storage.losses import COLLECTION
from shared.storage.mongo import Document, Mongo

OF_SCOPE = Listing("losses", {"_id": str})
KINDS = {"region", "municipality", "school"}
"""The kinds of organisations that a loss names."""


class LossView(Answer):
    """An event that was published, and the part that no event tells and a backup did not have."""

    event: str
    """Id of the event."""
    type: str
    """Its type, for instance `participant.registered.v1`."""
    time: AwareDatetime
    """The time of what it tells."""
    lacking: str
    """The part that is lacking: `entry` for all that leads to a pupil, `external_ref` for the next school's own key of
    one who went there, `giver` of a consent, `guardian` for the name of one; `answers` of a diagnostic, `ref` of a
    slot, `words` of its calling off, `contact` of a venue, `link` of an online programme, `reason` of a revocation or
    of a venue's withdrawal, `slot` of a booking."""
    participant: str | None
    """Id of the pupil; null for a slot."""
    region: str | None
    """Code of the region."""
    municipality: str | None
    """Code of the municipality."""
    school: str | None
    """Code of the school; null for a slot."""
    school_class: Annotated[str | None, Field(serialization_alias="class")]
    """The class as the school writes it; null for a slot."""

    @classmethod
    def of(cls, row: Document) -> "LossView":
        """The loss of a stored row."""
        return cls(event=row["_id"], **{name: row.get(name) for name in cls.model_fields if name != "event"})


class LossPage(Page[LossView]):
    """A page of losses, in order of the events' ids: those of one pupil stand together."""


def routes(service: str, mongo: Mongo) -> APIRouter:
    """Returns the route of a service's losses."""
    router = router_of(service)

    @router.get("/losses")
    async def list_losses(who: Operator, paging: Paged) -> LossPage:
        """The facts that are published but not here, of all places in the scope, after a database was put back.

        A pupil whose `entry` is lacking is entered again by the school, and the two are merged; the id of before is the
        duplicate then.
        """
        rows, onward = await OF_SCOPE.page(mongo[COLLECTION], _within(who), paging)
        about({row["participant"] for row in rows if row["participant"]})
        return LossPage(items=[LossView.of(row) for row in rows], next=onward)

    return router


def _within(who: Principal) -> Document:
    """Matches what lies in a place that a grant covers; what lies in none is the nation's."""
    reached = [(kind, grant.org) for grant in who.grants for kind in FITS[grant.role]]
    if ("nation", NATION) in reached:
        return {}
    return {"$or": [{kind: org} for kind, org in reached if kind in KINDS] or [{"_id": {"$in": []}}]}
