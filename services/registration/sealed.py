"""Identities in the database: sealed, read for a decision, corrected with a trace that tells nothing by itself."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from pymongo import UpdateOne

from services.registration.birthdays import Birthdays
from services.registration.collections import MARKED
from services.registration.domain.identities import Correction, Identities, child_of
from services.registration.domain.organisations import NATION
from services.registration.name_index import Child, NameIndex
from services.registration.person_keys import PersonKeys
from shared.base.settings import Settings
from shared.base.side_thread import aside
from shared.http.audit import CORRECTIONS
from shared.identity.acting import changed
from shared.identity.vault import Identity, Vault
from shared.storage.mongo import Document, Mongo, Transaction, by_ids
from shared.storage.outbox import Clock


class SealedIdentities:
    """The vault's rows, and what was corrected in them."""

    def __init__(self, mongo: Mongo, vault: Vault, index: NameIndex, clock: Clock, settings: Settings) -> None:
        """Corrections are forgotten when the audit log's retention is over."""
        self._rows = mongo["vault"]
        self._keys = PersonKeys(mongo)
        self._corrections = mongo[CORRECTIONS]
        self._vault = vault
        self._index = index
        self._clock = clock
        self.birthdays = Birthdays(mongo, vault, index, clock)
        self._retention = timedelta(days=settings.audit_days)
        self._key_backup_days = settings.key_backup_days

    async def rows(self, identities: Mapping[str, Identity], regions: Mapping[str, str]) -> list[Document]:
        """The sealed rows of new persons with their keys, of children with the marks by which they are found."""
        seal, today = self._vault.seal, self._clock().date()

        def row(person: str, said: Identity) -> Document:
            of_day = {"majority": self.birthdays.mark_of(said, since=today)}
            return seal(person, said) | self._marked(regions.get(person), said) | of_day

        return await aside(lambda: [row(*identity) for identity in identities.items()], len(identities))

    async def add(self, rows: Sequence[Document], tx: Transaction) -> None:
        """Stores sealed rows of new persons, and their keys."""
        if rows:
            await self._rows.insert_many(await self._keys.parted(rows, tx), ordered=False, session=tx)

    async def namesakes(self, region: str, children: Iterable[Child], tx: Transaction) -> dict[Child, list[str]]:
        """The persons whom a region knows by name and birth date."""
        asked = list(children)
        marks = await aside(lambda: {self._index.mark(region, child): child for child in asked}, len(asked))
        found: dict[Child, list[str]] = defaultdict(list)
        if marks:
            query = {"region": region, "child": {"$in": list(marks), **MARKED["child"]}}
            for row in await self._rows.find(query, {"child": 1}, session=tx).to_list(None):
                found[marks[row["child"]]].append(row["_id"])
        return found

    async def are_namesakes(self, persons: Iterable[str], tx: Transaction) -> bool:
        """Tells that persons have one name and birth date, as the nation or one region finds them."""
        rows = await by_ids(self._rows, persons, tx)
        national = {row.get("nation") for row in rows}
        regional = {(row["region"], row["child"]) if "child" in row else None for row in rows}
        return any(len(marks) == 1 and None not in marks for marks in (national, regional))

    def child_mark(self, place: str, said: Identity) -> bytes:
        """The mark of a child in a region, or in a school."""
        return self._index.mark(place, child_of(said))

    async def relocate(self, person: str, region: str, tx: Transaction) -> None:
        """Lets another region find a child who has moved there."""
        for row in (await self._of([person], tx)).values():
            await self._rows.update_one(
                {"_id": person}, {"$set": self._marked(region, self._vault.open(row))}, session=tx
            )

    def _marked(self, region: str | None, said: Identity) -> Document:
        """The marks by which a region and the nation find a child, in fields of the row; none of a guardian."""
        if region is None or "birth_date" not in said:
            return {}
        child = child_of(said)
        return {"region": region, "child": self._index.mark(region, child), "nation": self._index.mark(NATION, child)}

    async def keeping(self, tx: Transaction) -> Document:
        """The part of an act about backups: whether the vault's hold keys, and how long those of keys are kept."""
        return {"keys_apart": await self._keys.are_apart(tx), "key_backup_days": self._key_backup_days}

    async def read(self, persons: Iterable[str], tx: Transaction) -> dict[str, Identity]:
        """The identities of the persons among these whom the vault has."""
        rows = await self._of(persons, tx)
        return await aside(lambda: {person: self._vault.open(row) for person, row in rows.items()}, len(rows))

    async def mark(self, regions: Mapping[str, str], tx: Transaction) -> None:
        """Marks children whom an earlier release sealed without a mark, by the regions in which they are."""
        unmarked = {"_id": {"$in": list(regions)}, "nation": None}
        rows = await self._rows.find(unmarked, session=tx).to_list(None) if regions else []
        for row in await self._keys.joined(rows, tx):
            told = self._marked(regions[row["_id"]], self._vault.open(row))
            await self._rows.update_one({"_id": row["_id"]}, {"$set": told}, session=tx)

    async def correct(self, identities: Identities, tx: Transaction) -> None:
        """Seals corrected identities anew, and writes each correction down by marks that die with the person's key."""
        rows = await self._of(identities.corrected, tx)
        sealed, traces = await aside(lambda: self._corrected(identities, rows), len(identities.corrected))
        await self._rows.bulk_write(sealed, session=tx)
        if traces:
            await self._corrections.insert_many(traces, session=tx)

    def _corrected(
        self, identities: Identities, rows: Mapping[str, Document]
    ) -> tuple[list[UpdateOne], list[Document]]:
        """The writes, which leave keys where they are, and the traces."""
        writes = []
        for person, said in identities.corrected.items():
            row = rows[person]
            again = {"data": self._vault.seal_again(row, said)["data"], **self._marked(row.get("region"), said)}
            writes.append(UpdateOne({"_id": person}, {"$set": again | self._day_again(person, said, identities)}))
        return writes, [self._trace(correction, rows[correction.person]) for correction in identities.corrections]

    def _day_again(self, person: str, said: Identity, identities: Identities) -> Document:
        """The mark of a birth date that was corrected, in a field of the row.

        Who was of age by the date before it, and is by this one, stays as the row has it.
        """
        today = self._clock().date()
        corrected = [one for one in identities.corrections if one.person == person and one.field == "birth_date"]
        was_minor = any(self.birthdays.mark_of({"birth_date": one.old}, today) for one in corrected)
        mark = self.birthdays.mark_of(said, since=date.min if was_minor else today)
        return {"majority": mark} if corrected and mark else {}

    async def _of(self, persons: Iterable[str], tx: Transaction) -> dict[str, Document]:
        return {row["_id"]: row for row in await self._keys.joined(await by_ids(self._rows, persons, tx), tx)}

    def _trace(self, correction: Correction, row: Document) -> Document:
        now = self._clock()
        return {
            "person": correction.person,
            "participant": correction.participant,
            "field": correction.field,
            "old": self._vault.mark(row, correction.field, correction.old),
            "new": self._vault.mark(row, correction.field, correction.new),
            "at": now,
            "expires": now + self._retention,
            "said_at": correction.time.isoformat(),
            **changed(correction.by),
        }
