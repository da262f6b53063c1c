"""All that registration stores; persons are read only within a principal's scope, and each reading leaves a trace."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from pymongo import IndexModel, ReplaceOne, UpdateOne

from services.registration.admission import Admission, Known
from services.registration.codes import Codes, LinkCode, digest
from services.registration.domain import Participant, Season
from services.registration.organisations import Organisation
from services.registration.roster import Lines
from services.registration.vault import Vault
from services.registration.views import NO_PROGRESS, Names, ParticipantView, Progress, PupilPage, PupilView
from shared.auth import NATION, Principal
from shared.decision import Decision
from shared.errors import BadInput, Conflict, Forbidden, NotFound
from shared.mongo import Document, Mongo, Transaction
from shared.repository import Repository
from shared.service import Indexes

INDEXES: Indexes = {
    "organisations": [],
    "participants": [
        IndexModel([("place.school", 1), ("external_ref", 1)], unique=True),
        IndexModel([("place.school", 1), ("place.school_class", 1), ("_id", 1)]),
    ],
    "guardians": [IndexModel([("school", 1), ("ref", 1)], unique=True)],
    "codes": [],
    "vault": [],
    "audit": [IndexModel([("participants", 1), ("at", 1)])],
    "seasons": [],
    "progress": [],
}


class Register:
    """Organisations, participants, guardians, codes, the vault, and the local copies of what trials published."""

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
        self._mongo = mongo
        self._vault = vault

    def within(self, who: Principal) -> "Within":
        """The only way to read persons."""
        return Within(self._mongo, self._vault, who)

    async def organisation(self, code: str) -> Organisation | None:
        """One entry of the register."""
        return (await self.organisations.load([code])).get(code)

    async def season(self, code: str) -> Season | None:
        """A season's rules, if trials has defined it."""
        row = await self._mongo["seasons"].find_one({"_id": code})
        return Season(code, tuple(row["grades"])) if row else None

    async def enter(self, school: str, lines: Lines, decide: Callable[[Known], Admission]) -> Admission:
        """One roster in one transaction; `decide` is pure, since it runs again after a write conflict."""

        async def body(tx: Transaction) -> Admission:
            admission = decide(await self._known(school, lines, tx))
            if admission.decisions:
                await self._write(school, admission, tx)
            return admission

        return await self._mongo.transact(body)

    async def _known(self, school: str, lines: Lines, tx: Transaction) -> Known:
        refs = [entry.external_ref for entry in lines.entries.values()]
        pupils = self._mongo["participants"].find({"place.school": school, "external_ref": {"$in": refs}}, session=tx)
        known = {row["external_ref"]: _participant(row) for row in await pupils.to_list(None)}
        refs = [entry.guardian.ref for entry in lines.entries.values() if entry.guardian]
        if not refs:
            return Known(known, {})
        guardians = self._mongo["guardians"].find({"school": school, "ref": {"$in": refs}}, session=tx)
        return Known(known, {row["ref"]: row["_id"] for row in await guardians.to_list(None)})

    async def _write(self, school: str, admission: Admission, tx: Transaction) -> None:
        await self.participants.save(admission.decisions, tx)
        new: Mapping[str, list[Document]] = {
            "guardians": [{"_id": id, "school": school, "ref": ref} for ref, id in admission.guardians.items()],
            "vault": [self._vault.seal(person, identity) for person, identity in admission.identities.items()],
            "codes": [self._code(code) for code in admission.codes],
        }
        for collection, documents in new.items():
            if documents:
                await self._mongo[collection].insert_many(documents, ordered=False, session=tx)

    def _code(self, code: LinkCode) -> Document:
        row = {"kind": code.kind, "participant": code.participant, "guardian": code.guardian}
        return {"_id": digest(self.codes.text(code)), **row}

    async def code(self, text: str) -> LinkCode | None:
        """Whom a one-time code stands for."""
        row = await self._mongo["codes"].find_one({"_id": digest(text)})
        return LinkCode(row["kind"], row["participant"], row["guardian"]) if row else None

    async def redeem(
        self, code: LinkCode, account: str, decide: Callable[[Participant], Decision[Participant]]
    ) -> None:
        """Links an account; raises Conflict where the guardian has another already."""

        async def body(tx: Transaction) -> None:
            decision = decide((await self.participants.load([code.participant], tx))[code.participant])
            if decision.happened and code.guardian is not None:
                await self._bind(code.guardian, account, tx)
            await self.participants.save([decision], tx)

        await self._mongo.transact(body)

    async def _bind(self, guardian: str, account: str, tx: Transaction) -> None:
        result = await self._mongo["guardians"].update_one(
            {"_id": guardian, "account": {"$in": [None, account]}}, {"$set": {"account": account}}, session=tx
        )
        if result.matched_count == 0:
            raise Conflict("this guardian has a cabinet with another account", slug="guardian-linked-elsewhere")

    async def learn_seasons(self, defined: Mapping[str, tuple[str, tuple[int, int]]], tx: Transaction) -> None:
        """Keeps the newest definition of each season, given as its sequence and its grades."""
        rows = self._mongo["seasons"].find({"_id": {"$in": list(defined)}}, session=tx)
        known = {row["_id"]: row["sequence"] for row in await rows.to_list(None)}
        writes = [
            ReplaceOne({"_id": code}, {"sequence": sequence, "grades": list(grades)}, upsert=True)
            for code, (sequence, grades) in defined.items()
            if sequence > known.get(code, "")
        ]
        if writes:
            await self._mongo["seasons"].bulk_write(writes, ordered=False, session=tx)

    async def add_progress(self, steps: Mapping[str, Mapping[str, Sequence[str]]], tx: Transaction) -> None:
        """Adds ids to sets that only grow, by `participant/season` and step: order and repetition do not matter."""
        writes = [
            UpdateOne(
                {"_id": path},
                {"$addToSet": {step: {"$each": list(ids)} for step, ids in taken.items()}},
                upsert=True,
            )
            for path, taken in steps.items()
        ]
        if writes:
            await self._mongo["progress"].bulk_write(writes, ordered=False, session=tx)


class Within:
    """What a principal may see; whose names were shown to which account, and when, is kept in `audit`."""

    def __init__(self, mongo: Mongo, vault: Vault, who: Principal) -> None:
        self._mongo = mongo
        self._vault = vault
        self._account = who.account
        self._scope = who.scope

    def reaches(self, participant: Participant) -> bool:
        """Whether the principal's grants cover the pupil, by place and class."""
        place = participant.place
        return self._scope.covers(place.region, place.municipality, place.school, school_class=place.school_class)

    def keeps_consent_of(self, participant: Participant | None) -> Participant:
        """The participant, for staff in scope and linked guardians; raises NotFound for all others."""
        if participant is None or not (self.reaches(participant) or participant.guardian_with(self._account)):
            raise NotFound("no such participant in your scope")
        return participant

    async def participant(self, id: str, now: datetime) -> ParticipantView:
        """One pupil, for staff in scope and the family; raises NotFound for all others."""
        row = await self._mongo["participants"].find_one({"_id": id})
        participant = _participant(row) if row else None
        if participant is not None and participant.account == self._account:
            shown: list[str] = []
        else:
            participant = self.keeps_consent_of(participant)
            own = participant.guardian_with(self._account)
            shown = list(participant.guardians) if self.reaches(participant) else [own] if own else []
        names = await self._names([id, *shown], [id], now)
        progress = await self._progress(f"{id}/{season}" for season in participant.seasons)
        by_season = {path.removeprefix(f"{id}/"): steps for path, steps in progress.items()}
        return ParticipantView.of(participant, names, by_season, shown)

    async def pupils(
        self, school: Organisation, season: str, after: str | None, limit: int, now: datetime
    ) -> PupilPage:
        """A school's pupils of a season, by class; raises Forbidden outside the scope."""
        if not self._scope.covers(school.region, school.municipality, school.id):
            raise Forbidden("this school is outside the scope of the token's grants")
        query = {"place.school": school.id, f"seasons.{season}": {"$exists": True}} | self._classes(school)
        order = [("place.school_class", 1), ("_id", 1)]
        found = self._mongo["participants"].find({"$and": [query, _behind(after)]}).sort(order).limit(limit + 1)
        rows = [_participant(row) for row in await found.to_list(limit + 1)]
        page = rows[:limit]
        names = await self._names([p.id for p in page], [p.id for p in page], now)
        progress = await self._progress(f"{p.id}/{season}" for p in page)
        items = [PupilView.of(p, season, names, progress.get(f"{p.id}/{season}", NO_PROGRESS)) for p in page]
        more = len(rows) > limit
        return PupilPage(items=items, next=f"{page[-1].place.school_class}:{page[-1].id}" if more else None)

    def _classes(self, school: Organisation) -> Document:
        """Narrows to the classes of the grants, unless one of them reaches the whole school."""
        places = {NATION, school.region, school.municipality, school.id}
        reaching = [grant.classes for grant in self._scope.grants if grant.org in places]
        if None in reaching:
            return {}
        return {"place.school_class": {"$in": sorted(c for classes in reaching for c in classes or ())}}

    async def _names(self, persons: Sequence[str], participants: Sequence[str], now: datetime) -> Names:
        if not persons:
            return {}
        await self._mongo["audit"].insert_one({"reader": self._account, "participants": list(participants), "at": now})
        rows = await self._mongo["vault"].find({"_id": {"$in": list(persons)}}).to_list(None)
        return {row["_id"]: self._vault.open(row) for row in rows}

    async def _progress(self, paths: Iterable[str]) -> Mapping[str, Progress]:
        rows = await self._mongo["progress"].find({"_id": {"$in": list(paths)}}).to_list(None)
        return {row["_id"]: row for row in rows}


def _behind(cursor: str | None) -> Document:
    """What comes after a page's last pupil."""
    if cursor is None:
        return {}
    school_class, _, id = cursor.rpartition(":")
    if not school_class:
        raise BadInput.field("query:after", "is not a cursor of this list")
    return {
        "$or": [
            {"place.school_class": {"$gt": school_class}},
            {"place.school_class": school_class, "_id": {"$gt": id}},
        ]
    }


def _participant(row: Document) -> Participant:
    return Participant.model_validate({**row, "id": row["_id"]})
