"""Reads of the names that a venue needs at its door: of its own slots alone, near their time, and on record."""

from collections.abc import Sequence
from datetime import datetime

from services.registration.answers.checkins import CheckInPage, Expected
from services.registration.copies.slots import Slot
from services.registration.copies.steps import Steps
from services.registration.reads.participants import ScopedReads, as_in_a_register
from shared.base.errors import Conflict, NotFound
from shared.http.paging import Listing, Paging

EXPECTED = Listing("expected pupils", {"_id": str})


class UnknownSlot(NotFound):
    """Not there, or another venue's; one that was opened just now is known here a moment later."""

    retryable = True


class CheckIns(ScopedReads):
    """The pupils of slots that a principal's grants speak for."""

    async def expected(self, id: str, paging: Paging, now: datetime) -> CheckInPage:
        """A page of those who have a seat; raises UnknownSlot, or Conflict where the slot is not near."""
        slot = await self._slot(id)
        begins, ends = slot.shown
        if not begins <= now <= ends:
            detail = f"names are shown from {begins.isoformat()} to {ends.isoformat()}"
            raise Conflict(detail, slug="slot-not-near")
        seated = [row["_id"].partition("/")[0] for row in await self._copies.seated(id) if Steps.of(row).has_seat(id)]
        pupils = await self._pupils(seated)
        page, onward = EXPECTED.cut(pupils, lambda participant: [participant], paging, {"slot": id})
        return CheckInPage(items=await self._named(page), next=onward)

    async def _slot(self, id: str) -> Slot:
        found = await self._copies.slot(id)
        if found is None or not self._who.scope.covers(found[0].region, hosts=found[1]):
            raise UnknownSlot("no such slot of your venue; one that was opened just now is known here in a moment")
        return found[0]

    async def _pupils(self, seated: Sequence[str]) -> set[str]:
        """The pupils of entries, who are not erased; a duplicate is its survivor."""
        fields = {"merged.into": 1, "erased_at": 1}
        rows = await self._mongo["participants"].find({"_id": {"$in": seated}}, fields).to_list(None)
        there = [row for row in rows if row.get("erased_at") is None]
        return {str(row["merged"]["into"] if row.get("merged") else row["_id"]) for row in there}

    async def _named(self, pupils: Sequence[str]) -> list[Expected]:
        """Pupils by name; one whose name was destroyed since is left out."""
        names = await self._names(pupils, pupils)
        items = [Expected(participant=id, name=names[id]["name"]) for id in pupils if id in names]
        return sorted(items, key=lambda expected: (as_in_a_register(expected.name), expected.participant))
