"""All that registration writes, in the steps of one transaction; persons are shown by `reads`."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

from pymongo.errors import DuplicateKeyError

from services.registration.acts import Acts
from services.registration.balances import Balances
from services.registration.cabinets import Cabinets
from services.registration.codes import Codes
from services.registration.collections import CONSENT_DOCUMENTS, LEFT, OF_SEVERAL, SCHOOL_YEARS, TARGETS
from services.registration.copies.store import Copies
from services.registration.dismissals import Dismissals
from services.registration.domain.identities import Identities
from services.registration.domain.links import LinkBatch
from services.registration.domain.participants import FIRST_KEY, Key, Participant, former_key
from services.registration.domain.rosters import Intake
from services.registration.domain.school_keys import Guardians
from services.registration.domain.school_years import SchoolYear
from services.registration.domain.targets import Target
from services.registration.file_vault import FileVault
from services.registration.guardian_register import GuardianRegister
from services.registration.imports import Imports
from services.registration.organisations import Organisations
from services.registration.pupils import Pupils
from services.registration.requests import Requests
from services.registration.residents import Residents
from services.registration.retention import Retention
from services.registration.sealed import SealedIdentities
from services.registration.staff import Staff
from services.registration.surroundings import Register
from services.registration.templates import TemplateRows
from services.registration.transfers import Transfers
from services.registration.words import Words
from shared.base.side_thread import aside
from shared.identity.acting import acting, changed
from shared.programme.texts import ref_key
from shared.storage.clocks import ClockReader
from shared.storage.decision import Decisions
from shared.storage.losses import Losses
from shared.storage.mongo import Document, Mongo, Transaction
from shared.storage.outbox import Outbox
from shared.storage.repository import Repository as Aggregates

T = TypeVar("T")


class Persons(Protocol):
    """Pupils and guardians as they were decided."""

    @property
    def pupils(self) -> Decisions[Participant]:
        """The decisions about pupils."""

    @property
    def guardians(self) -> Guardians:
        """Guardians, among them those who were entered."""

    @property
    def identities(self) -> Identities:
        """Their names and birth dates."""


class Repository:
    """Organisations, participants, guardians, the vault, and consent documents, as use cases load and save them."""

    def __init__(
        self,
        mongo: Mongo,
        outbox: Outbox,
        sealed: SealedIdentities,
        codes: Codes,
        requests: Requests,
        files: FileVault,
    ) -> None:
        self.clocks = clocks = ClockReader(mongo)
        self.organisations = Organisations(mongo, outbox, clocks)
        self.participants = Pupils(mongo, outbox, clocks)
        self.school_years = Aggregates(mongo, outbox, SCHOOL_YEARS, SchoolYear)
        self.targets = Aggregates(mongo, outbox, TARGETS, Target)
        self.acts = Acts(mongo)
        self.cabinets = Cabinets(mongo)
        self.guardian_register = GuardianRegister(mongo)
        self.transfers = Transfers(mongo)
        self.dismissals = Dismissals(mongo)
        self.residents = Residents(mongo)
        self.retention = Retention(mongo)
        self.register = Register(mongo, clocks)
        self.staff = Staff(mongo, outbox)
        self.requests = requests
        self.imports = Imports(mongo, files)
        self.balances = Balances(mongo)
        self.copies = Copies(mongo)
        self.templates = TemplateRows(mongo, self.copies)
        self.losses, self.words = Losses(mongo), Words(mongo)
        self.codes = codes
        self._mongo = mongo
        self.sealed = sealed

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Runs `body` in one transaction, again after a write conflict."""
        return await self._mongo.transact(body)

    async def add_document(self, version: str, document: Document) -> Document:
        """Stores a consent document unless its version is there; the row of the version as it is by now."""
        rows = self._mongo[CONSENT_DOCUMENTS]
        with suppress(DuplicateKeyError):  # the caller compares the row with what it wanted
            await rows.insert_one({"_id": version, **document, **changed(acting())})
        row: Document | None = await rows.find_one({"_id": version})
        assert row is not None
        return row

    async def is_published(self, version: str) -> bool:
        """True where a consent document has this version."""
        return await self._mongo[CONSENT_DOCUMENTS].find_one({"_id": version}, {"_id": 1}) is not None

    # Rosters.

    async def pupils(self, keys: Iterable[Key], tx: Transaction) -> list[Participant]:
        """The pupils whom the schools know by these keys, in this spelling or another, also those who have left."""
        asked = list(keys)
        if not asked:
            return []
        query = await aside(partial(_pupils_known_by, asked), len(asked))
        found = await self._mongo["participants"].find(query, session=tx).to_list(None)
        rows = [row for row in found if row.get("erased_at") is None]
        return await self.participants.on_clocks(await aside(lambda: list(map(Participant.of, rows)), len(rows)))

    async def pupils_in(self, school: str, after: str, most: int, tx: Transaction) -> list[Participant]:
        """The pupils of a school who are not in the archive, those with the next ids after one."""
        query = {"place.school": school, "_id": {"$gt": after}, "archived": None, "erased_at": None, "merged": None}
        rows = await self._mongo["participants"].find(query, session=tx).sort("_id", 1).limit(most).to_list(None)
        return await self.participants.on_clocks(await aside(lambda: list(map(Participant.of, rows)), len(rows)))

    async def guardians(self, keys: Iterable[Key], tx: Transaction) -> dict[Key, str]:
        """The ids of the guardians whom the schools know by these keys, by this spelling rather than by another."""
        asked = list(dict.fromkeys(keys))
        if not asked:
            return {}
        query = await aside(partial(_known_by, asked, "school", "ref"), len(asked))
        rows = await self._mongo["guardians"].find(query, session=tx).to_list(None)
        written = {(row["school"], row["ref"]): row.get("same", row["_id"]) for row in rows}
        folded = {(row["school"], row.get("ref_key")): row.get("same", row["_id"]) for row in rows}
        found = {key: written.get(key) or folded.get((key[0], ref_key(key[1]))) for key in asked}
        return {key: id for key, id in found.items() if id is not None}

    async def guardian_refs(
        self, ids: Collection[str], schools: Collection[str], tx: Transaction
    ) -> dict[tuple[str, str], list[str]]:
        """The keys by which schools know guardians, by school and id."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        if ids:
            same = {"same": {"$in": list(ids), **OF_SEVERAL["same"]}}
            known = {"school": {"$in": list(schools)}, "ref": {"$gte": FIRST_KEY}}
            query = {"$or": [{"_id": {"$in": list(ids)}}, same], **known}
            for row in await self._mongo["guardians"].find(query, session=tx).to_list(None):
                found[row["school"], row.get("same") or row["_id"]].append(row["ref"])
        return found

    async def children(
        self, intakes: Iterable[Intake], guardians: Mapping[Key, str], tx: Transaction
    ) -> list[Participant]:
        """Children of these guardians in the classes to which the senders of rosters are narrowed."""
        narrowed = [intake for intake in intakes if intake.classes is not None]
        named = {guardians[key] for intake in narrowed for key in intake.guardians if key in guardians}
        if not named:
            return []
        classes = ((intake.place.school, name) for intake in narrowed for name in intake.classes or ())
        within = _any_of(dict.fromkeys(classes), "place.school", "place.school_class")
        query = {"$and": [within, {"guardians": {"$in": sorted(named)}}]}
        rows = await self._mongo["participants"].find(query, session=tx).to_list(None)
        return await self.participants.on_clocks([Participant.of(row) for row in rows])

    async def save_persons(self, batch: Persons, tx: Transaction) -> None:
        """Stores pupils and guardians who were entered or changed, and seals their identities meanwhile."""
        regions = {made.state.id: made.state.place.region for made in batch.pupils.made}
        guardians = await aside(partial(_rows, batch.guardians), len(batch.guardians.entered))
        entered = {guardian.id for guardian in batch.guardians.entered.values()}
        kept = {guardian for made in batch.pupils.made for guardian in made.state.guardians} - entered
        await self.cabinets.hold(kept, tx)
        sealing = asyncio.create_task(self.sealed.rows(batch.identities.entered, regions))
        try:
            await self.participants.save(batch.pupils.made, tx)
            await self.templates.mark_used(batch.pupils.made, tx)
            if guardians:
                await self._mongo["guardians"].insert_many(guardians, ordered=False, session=tx)
        finally:
            sealed = await sealing
        await self.sealed.add(sealed, tx)
        if batch.identities.corrected:
            await self.sealed.correct(batch.identities, tx)

    # Links.

    async def pupils_with(self, digests: Iterable[bytes], tx: Transaction) -> list[Participant]:
        """The pupils to whom one-time codes lead, their own or a guardian's."""
        found = self._mongo["participants"].find({"codes.digest": {"$in": list(dict.fromkeys(digests))}}, session=tx)
        return await self.participants.on_clocks([Participant.of(row) for row in await found.to_list(None)])

    async def save_links(self, batch: LinkBatch, tx: Transaction) -> None:
        """Stores the links, and the accounts of the guardians who have them."""
        await self.cabinets.bind(batch.bound, tx)
        await self.participants.save(batch.pupils.made, tx)


def _rows(guardians: Guardians) -> list[Document]:
    """The rows of those who are new, under the keys by which their schools know them."""
    return [
        {
            **({"same": entered.id} if entered.is_known else {"_id": entered.id}),
            **{"school": school, "ref": ref, "ref_key": ref_key(ref), **changed(entered.by)},
        }
        for (school, ref), entered in guardians.entered.items()
    ]


def _pupils_known_by(keys: Sequence[Key]) -> Document:
    """Matches pupils whom a school knows by one of its own keys, or knew before they left it, also erased ones.

    It is nothing but alternatives: MongoDB finds an index for each of them then, and else may read a whole school.
    """
    former = sorted({former_key(school, ref_key(own)) for school, own in keys})
    known = _known_by(keys, "place.school", "external_ref")["$or"]
    return {"$or": [*known, {"former": {"$in": former, **LEFT["former"]}}]}


def _known_by(keys: Sequence[Key], school: str, ref: str) -> Document:
    """Matches persons whom a school knows by one of its own keys, as written or by its fold."""
    folded = _any_of(((code, ref_key(own)) for code, own in keys), school, "ref_key")
    return {"$or": _any_of(keys, school, ref)["$or"] + folded["$or"]}


def _any_of(keys: Iterable[Key], school: str, ref: str) -> Document:
    """Matches rows that belong to a school under one of its own keys, in fields of these names.

    It says what `FOLDED` says too: without that, MongoDB takes no index that has but those rows, and reads the school.
    """
    refs = defaultdict[str, list[str]](list)
    for code, own in keys:
        refs[code].append(own)
    return {"$or": [{school: code, ref: {"$in": own, "$type": "string"}} for code, own in refs.items()]}
