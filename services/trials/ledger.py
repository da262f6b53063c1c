"""The ledger of quotas in the database: a row for each holder, changed by adding, and the entries that led there."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from pymongo import UpdateOne

from services.trials.attempts import below
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.money.quotas import Balance, Holder, QuotaEntry
from services.trials.domain.path.claims import Allowance, Changes, Pair, settle
from services.trials.domain.path.paths import Path
from shared.base.side_thread import aside
from shared.messaging.lease import COLLECTION as LEASES
from shared.storage.decision import Decision
from shared.storage.mongo import Document, Mongo, Transaction, by_ids
from shared.storage.outbox import Outbox
from shared.storage.repository import Repository as Aggregates

Seasons = Callable[[Iterable[str], Transaction], Awaitable[Mapping[str, Season]]]
"""Loads the rules of seasons by their codes."""
AT_ONCE = 1_000
"""Rows that are corrected in one transaction."""
COUNTED = "quotas counted again"
"""The row that all who count again write, beside the leases: one at a time adds what it found missing."""
BOOKED = {"bookings.0": {"$exists": True}}
HOLDS = {"bookings.holds": {"$in": ["reserved", "completed"]}}
HELD: list[Document] = [
    {"$match": HOLDS},
    {"$unwind": "$bookings"},
    {"$match": HOLDS},
    {
        "$group": {
            "_id": {
                "season": "$season",
                "school": "$bookings.school",
                "venue": "$bookings.venue",
                "claim": "$bookings.holds",
            },
            "units": {"$sum": 1},
        }
    },
]
"""The units that bookings hold, by season, pair and claim."""


class Ledger:
    """Quotas of all seasons. Two who change one row at once conflict, so that nothing is given or booked twice."""

    def __init__(self, mongo: Mongo, outbox: Outbox, seasons: Seasons) -> None:
        self.entries = Aggregates(mongo, outbox, "quota_entries", QuotaEntry)
        self._mongo, self._rows = mongo, mongo["quotas"]
        self._paths, self._counts = mongo["paths"], mongo[LEASES]
        self._seasons = seasons

    async def balances(self, season: str, holders: Iterable[Holder], tx: Transaction) -> dict[Holder, Balance]:
        """Returns what holders have, nothing where they were never given any."""
        found = {holder: Balance(season=season, **holder._asdict()) for holder in holders}
        rows = await by_ids(self._rows, (holder.key(season) for holder in found), tx)
        known = (Balance.model_validate(row) for row in rows)
        return found | {balance.holder: balance for balance in known}

    async def enter(self, decision: Decision[QuotaEntry], tx: Transaction) -> None:
        """Stores an entry, and moves its units."""
        await self.entries.save([decision], tx)
        await self._move([decision.state], tx)

    async def restore(self, entries: list[QuotaEntry], tx: Transaction) -> None:
        """Stores entries that events of before have told, and moves their units once more."""
        await self.entries.restore(entries, tx)
        await self._move(entries, tx)

    async def settled(self, decisions: Sequence[Decision[Path]], tx: Transaction) -> list[Decision[Path]]:
        """Returns decisions with what their paths hold by now; what changes hands is counted."""
        seasons = await self._seasons((decision.state.season for decision in decisions), tx)
        counted = defaultdict[str, Changes](Changes)

        def settled(decision: Decision[Path]) -> Decision[Path]:
            season = seasons.get(decision.state.season)
            path, changes = (decision.state, None) if season is None else settle(decision.state, season)
            if not changes:
                return decision
            counted[path.season].update(changes)
            return replace(decision, state=path, quiet=True)

        found = await aside(lambda: list(map(settled, decisions)), len(decisions))
        await self._count(counted, tx)
        return found

    async def allowance(self, wanted: Iterable[tuple[str, Pair]], tx: Transaction) -> Allowance:
        """Returns the units that are free, by season and pair."""
        keys = {Holder(*pair).key(season): (season, pair) for season, pair in wanted}
        rows = await by_ids(self._rows, keys, tx)
        return Allowance({keys[row["_id"]]: Balance.model_validate(row).free for row in rows})

    async def mark_erased(self, id: str, tx: Transaction) -> None:
        """Notes in the paths of an entry on which something was booked that its pupil was erased."""
        booked = {"_id": below(id), **BOOKED}
        await self._paths.update_many(booked, {"$set": {"erased": True}}, session=tx)

    async def booked_after(self, id: str, most: int) -> list[tuple[str, str]]:
        """Returns the participants and seasons of the next paths with bookings, in the order of their ids."""
        found = (
            self._paths.find({"_id": {"$gt": id}, **BOOKED}, {"participant": 1, "season": 1}).sort("_id", 1).limit(most)
        )
        return [(row["participant"], row["season"]) for row in await found.to_list(most)]

    async def count_again(self) -> int:
        """Brings what is reserved and completed to what bookings hold; returns for how many holders it was otherwise.

        Both are read at one instant, and a booking is counted in the transaction that changes it: so the difference
        stays the same, whatever is booked meanwhile. Of two that count at once one begins again, or both would add it.
        """
        await self._counts.update_one({"_id": COUNTED}, {"$setOnInsert": {"times": 0}}, upsert=True)
        corrected = 0
        while True:
            times, writes = await self._differences()
            part = writes[:AT_ONCE]
            is_added = await self._mongo.transact(partial(self._correct, times, part))
            corrected += len(part) if is_added else 0
            if is_added and len(part) == len(writes):
                return corrected

    async def _differences(self) -> tuple[int, list[UpdateOne]]:
        """Returns how often it was counted again before, and what is to be added to the rows."""
        differs = defaultdict[tuple[str, Holder], Counter[str]](Counter)
        async with self._mongo.snapshot() as session:
            before: Document | None = await self._counts.find_one({"_id": COUNTED}, session=session)
            async for row in self._paths.aggregate(HELD, session=session):
                season, school, venue, claim = (row["_id"][name] for name in ("season", "school", "venue", "claim"))
                differs[season, Holder(school, venue)][claim] += row["units"]
            async for row in self._rows.find({"venue": {"$ne": None}}, session=session):
                balance = Balance.model_validate(row)
                counted = {"reserved": balance.reserved, "completed": balance.completed}
                differs[balance.season, balance.holder].subtract(counted)
        wrong = {key: {claim: n for claim, n in units.items() if n} for key, units in differs.items()}
        writes = [_added(season, holder, units) for (season, holder), units in wrong.items() if units]
        return before["times"] if before else 0, writes

    async def _correct(self, times: int, writes: Sequence[UpdateOne], tx: Transaction) -> bool:
        """Adds what was missing; False where somebody else did so since it was counted."""
        once_more = {"$inc": {"times": 1}}
        counted = await self._counts.update_one({"_id": COUNTED, "times": times}, once_more, session=tx)
        if counted.modified_count and writes:
            await self._rows.bulk_write(writes, ordered=False, session=tx)
        return bool(counted.modified_count)

    async def _count(self, changes: Mapping[str, Changes], tx: Transaction) -> None:
        """Counts the units that bookings of seasons reserve, complete or return."""
        writes = []
        for season, changed in changes.items():
            for pair in {pair for pair, _ in changed}:
                counts = {claim: changed[pair, claim] for claim in ("reserved", "completed") if changed[pair, claim]}
                writes += [_added(season, Holder(*pair), counts)] if counts else []
        if writes:
            await self._rows.bulk_write(writes, ordered=False, session=tx)

    async def _move(self, entries: Iterable[QuotaEntry], tx: Transaction) -> None:
        writes = []
        for entry in entries:
            for holder, units in entry.moves.items():
                issued = {"issued": units} if entry.giver is None else {}
                writes.append(_added(entry.season, holder, {"value": units, **issued}))
        if writes:
            await self._rows.bulk_write(writes, session=tx)


def _added(season: str, holder: Holder, counts: Mapping[str, int]) -> UpdateOne:
    row = {"season": season, **holder._asdict()}
    return UpdateOne({"_id": holder.key(season)}, {"$inc": dict(counts), "$setOnInsert": row}, upsert=True)
