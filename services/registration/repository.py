"""All that registration stores, in the steps of one transaction; what is shown of persons is read in `readings`."""

from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from pymongo import IndexModel, ReplaceOne, UpdateOne

from services.registration.admission import Admission
from services.registration.codes import Codes
from services.registration.documents import COLLECTION as CONSENT_DOCUMENTS
from services.registration.documents import ConsentDocuments
from services.registration.domain import Participant, Season
from services.registration.links import Binding
from services.registration.organisation_reads import OrganisationReads
from services.registration.organisations import Organisation
from services.registration.pupils import Key
from services.registration.readings import LINKED, Within, stored
from services.registration.roster import Lines
from services.registration.vault import Identity, Vault
from shared.base.side_thread import aside
from shared.contracts.trials import SeasonDefined
from shared.identity.acting import changed
from shared.identity.principal import Principal
from shared.programme.texts import ref_key
from shared.runtime.service import Indexes
from shared.storage import code_twins
from shared.storage.code_twins import BY_CODE, FENCES
from shared.storage.mongo import Document, Mongo, Transaction
from shared.storage.namesakes import namesakes
from shared.storage.repository import Repository

FOLDED, UNFOLDED = {"ref_key": {"$type": "string"}}, {"ref_key": None}
"""Rows whose key is folded, and the others, which are few: those of an older release, and second spellings."""
WITH_ACCOUNT = {"account": {"$gt": ""}}
INDEXES: Indexes = {
    "organisations": [
        BY_CODE,
        IndexModel([("region", 1), ("_id", 1)]),
        IndexModel([("parent", 1), ("_id", 1)]),
        IndexModel([("kind", 1), ("_id", 1)]),
    ],
    "participants": [
        IndexModel([("place.school", 1), ("external_ref", 1)], unique=True),
        IndexModel([("place.school", 1), ("ref_key", 1)], unique=True, partialFilterExpression=FOLDED),
        IndexModel("ref_key", name="unfolded", partialFilterExpression=UNFOLDED),
        IndexModel([("place.school", 1), ("place.school_class", 1), ("_id", 1)]),
        IndexModel("codes.digest", unique=True, sparse=True),
        IndexModel("guardians", partialFilterExpression=LINKED),
        IndexModel("account", partialFilterExpression=WITH_ACCOUNT),
    ],
    "guardians": [
        IndexModel([("school", 1), ("ref", 1)], unique=True),
        IndexModel([("school", 1), ("ref_key", 1)], unique=True, partialFilterExpression=FOLDED),
        IndexModel("ref_key", name="unfolded", partialFilterExpression=UNFOLDED),
        IndexModel("account", partialFilterExpression=WITH_ACCOUNT),
    ],
    "vault": [],
    CONSENT_DOCUMENTS: [],
    FENCES: [],
    "rules": [],
    "steps": [],
}

T = TypeVar("T")


class Register:
    """Organisations, participants, guardians, the vault, and the local copies of what trials published."""

    def __init__(
        self,
        mongo: Mongo,
        organisations: Repository[Organisation],
        participants: Repository[Participant],
        vault: Vault,
        codes: Codes,
    ) -> None:
        self.organisations = organisations
        self.participants = participants
        self.codes = codes
        self.documents = ConsentDocuments(mongo)
        self._mongo = mongo
        self._vault = vault

    @property
    def reads(self) -> OrganisationReads:
        """Reads of organisations."""
        return OrganisationReads(self._mongo)

    def within(self, who: Principal) -> Within:
        """The only way to read persons."""
        return Within(self._mongo, self._vault, who)

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Runs `body` in one transaction, again after a write conflict."""
        return await self._mongo.transact(body)

    async def organisation(self, code: str) -> Organisation | None:
        """One entry of the register."""
        return (await self.organisations.load([code])).get(code)

    async def must_be_alone(self, code: str, tx: Transaction) -> None:
        """Raises Conflict where a code is new to the register and differs from another by case alone."""
        await code_twins.must_be_alone(self._mongo, "organisations", code, tx)

    async def regions_named(self, code: str) -> set[str]:
        """The regions in whose name a code is, however it is spelt."""
        found = await code_twins.spelt(self._mongo, "organisations", namesakes(code))
        return {row["_id"] for row in found if row["kind"] == "region"}

    async def seasons(self, codes: Iterable[str]) -> dict[str, Season]:
        """The seasons that trials has defined among `codes`."""
        rows = await self._mongo["rules"].find({"_id": {"$in": list(dict.fromkeys(codes))}}).to_list(None)
        return {row["_id"]: Season.of(row) for row in rows}

    # What rosters read and write.

    async def pupils(self, keys: Iterable[Key], tx: Transaction) -> list[Participant]:
        """The pupils whom the schools know by these keys, in this spelling or another."""
        query = _known_by(keys, "place.school", "external_ref")
        if query is None:
            return []
        rows = await self._mongo["participants"].find(query, session=tx).to_list(None)
        return await aside(lambda: list(map(stored, rows)), len(rows))

    async def guardians(self, keys: Iterable[Key], tx: Transaction) -> dict[Key, str]:
        """The ids of the guardians whom the schools know by these keys, by this spelling rather than by another."""
        asked = list(dict.fromkeys(keys))
        query = _known_by(asked, "school", "ref")
        if query is None:
            return {}
        rows = await self._mongo["guardians"].find(query, session=tx).to_list(None)
        written = {(row["school"], row["ref"]): row["_id"] for row in rows}
        folded = {(row["school"], row.get("ref_key")): row["_id"] for row in rows}
        found = {key: written.get(key) or folded.get((key[0], ref_key(key[1]))) for key in asked}
        return {key: id for key, id in found.items() if id is not None}

    async def children(
        self, rosters: Iterable[Lines], guardians: Mapping[Key, str], tx: Transaction
    ) -> list[Participant]:
        """Children of these guardians in the classes to which the senders of the rosters are narrowed."""
        narrowed = [roster for roster in rosters if roster.setting.classes is not None]
        named = {guardians[key] for roster in narrowed for key in roster.guardians if key in guardians}
        if not named:
            return []
        classes = ((roster.setting.place.school, name) for roster in narrowed for name in roster.setting.classes or ())
        within = _any_of(dict.fromkeys(classes), "place.school", "place.school_class")
        query = {"$and": [within, {"guardians": {"$in": sorted(named)}}]}
        return [stored(row) for row in await self._mongo["participants"].find(query, session=tx).to_list(None)]

    async def add(self, admission: Admission, tx: Transaction) -> None:
        """Stores what rosters entered."""
        new: Mapping[str, list[Document]] = {
            "guardians": [
                {"_id": id, "school": school, "ref": ref, "ref_key": ref_key(ref), **changed(admission.entered_by[id])}
                for (school, ref), id in admission.guardians.items()
            ],
            "vault": await aside(partial(self._sealed, admission.identities), len(admission.identities)),
        }
        await self.participants.save(admission.pupils.decisions, tx)
        for collection, documents in new.items():
            if documents:
                await self._mongo[collection].insert_many(documents, ordered=False, session=tx)

    def _sealed(self, identities: Mapping[str, Identity]) -> list[Document]:
        return [self._vault.seal(person, identity) for person, identity in identities.items()]

    # What links read and write.

    async def pupils_with(self, digests: Iterable[bytes], tx: Transaction) -> list[Participant]:
        """The pupils to whom one-time codes lead, their own or a guardian's."""
        query = {"codes.digest": {"$in": list(dict.fromkeys(digests))}}
        return [stored(row) for row in await self._mongo["participants"].find(query, session=tx).to_list(None)]

    async def accounts(self, guardians: Iterable[str], tx: Transaction) -> dict[str, str]:
        """The accounts of those guardians who have one."""
        wanted = list(dict.fromkeys(guardians))
        if not wanted:
            return {}
        query = {"_id": {"$in": wanted}, "account": {"$ne": None}}
        rows = await self._mongo["guardians"].find(query, {"account": 1}, session=tx).to_list(None)
        return {row["_id"]: row["account"] for row in rows}

    async def bind(self, bound: Mapping[str, Binding], tx: Transaction) -> None:
        """Gives an account to guardians who were read without one in this transaction; it runs again, as after every
        write conflict, where another process has done so since.
        """
        writes = [
            UpdateOne({"_id": guardian, "account": None}, {"$set": {"account": binding.account, **changed(binding.by)}})
            for guardian, binding in bound.items()
        ]
        if not writes:
            return
        result = await self._mongo["guardians"].bulk_write(writes, ordered=False, session=tx)
        if result.matched_count < len(writes):
            raise RuntimeError("a guardian who was read without an account is not there, or has one")

    # Copies of what trials owns.

    async def learn_rules(self, defined: Mapping[str, tuple[str, SeasonDefined]], tx: Transaction) -> None:
        """Keeps the newest definition of each season, given with its sequence."""
        rows = self._mongo["rules"].find({"_id": {"$in": list(defined)}}, session=tx)
        known = {row["_id"]: row["sequence"] for row in await rows.to_list(None)}
        writes = [
            ReplaceOne({"_id": code}, {"sequence": sequence, **season.model_dump(mode="json")}, upsert=True)
            for code, (sequence, season) in defined.items()
            if sequence > known.get(code, "")
        ]
        if writes:
            await self._mongo["rules"].bulk_write(writes, ordered=False, session=tx)

    async def add_steps(self, taken: Mapping[str, Mapping[str, Sequence[object]]], tx: Transaction) -> None:
        """Adds to sets that only grow, by `participant/season` and step: order and repetition do not matter."""
        writes = [
            UpdateOne(
                {"_id": path}, {"$addToSet": {name: {"$each": added} for name, added in steps.items()}}, upsert=True
            )
            for path, steps in taken.items()
        ]
        if writes:
            await self._mongo["steps"].bulk_write(writes, ordered=False, session=tx)


def _known_by(keys: Iterable[Key], school: str, ref: str) -> Document | None:
    """Matches whom a school knows by one of its own keys, as written or by its fold; None for no key."""
    asked = list(keys)
    written = _any_of(asked, school, ref)
    folded = _any_of(((code, ref_key(own)) for code, own in asked), school, "ref_key")
    return {"$or": written["$or"] + folded["$or"]} if written and folded else None


def _any_of(keys: Iterable[Key], school: str, ref: str) -> Document | None:
    """Matches what belongs to a school under one of its own keys, with fields of these names; None for no key.

    It says what `FOLDED` says too: without that, MongoDB takes no index that has but those rows, and reads the school.
    """
    refs = defaultdict[str, list[str]](list)
    for code, own in keys:
        refs[code].append(own)
    return (
        {"$or": [{school: code, ref: {"$in": own, "$type": "string"}} for code, own in refs.items()]} if refs else None
    )
