"""All that notifications stores: families with their heads, notices, and the names that texts use."""

from collections.abc import Iterable, Sequence

from pymongo import IndexModel, ReplaceOne, UpdateOne
from pymongo.read_concern import ReadConcern

from services.notifications import domain
from services.notifications.domain import Link, Notice, Numbers, Ranges
from shared.base.errors import FieldError
from shared.contracts.event import Envelope
from shared.http.cursors import CursorAhead
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.runtime.service import Indexes
from shared.storage.mongo import WHOLE, Collection, Document, Mongo, Transaction

CONFIRMED_MS = 5_000
"""How long a read may wait for the majority."""
FAMILIES, NOTICES, CATALOGUE = "families", "notices", "catalogue"
INDEXES: Indexes = {
    FAMILIES: [IndexModel("accounts.account")],
    NOTICES: [IndexModel(["participant", "number"], unique=True)],
    CATALOGUE: [],
}


class Notices:
    """Every pupil's notices. `families` holds one head a pupil: who may read, and the last number given."""

    def __init__(self, mongo: Mongo) -> None:
        self._families = mongo[FAMILIES]
        self._notices = mongo[NOTICES]

    async def add(self, envelopes: Sequence[Envelope], links: Sequence[Link], tx: Transaction) -> None:
        """Stores a notice for each event that has none yet, and the links.

        Numbers come from the heads, which the same transaction writes: two writers of one pupil conflict, so the order
        of numbers is the order of commit, and a reader that has seen a number has missed none below it.
        """
        notices: list[Notice] = []
        if envelopes:
            stored = await self._stored([envelope.id for envelope in envelopes], tx)
            last = await self._last({envelope.event.key for envelope in envelopes}, tx)
            notices = domain.number(envelopes, stored, last)
        if notices:
            await self._notices.insert_many([_document(n) for n in notices], ordered=False, session=tx)
        if notices or links:
            await self._families.bulk_write(_heads(notices, links), ordered=False, session=tx)

    async def _stored(self, ids: Sequence[str], tx: Transaction) -> set[str]:
        found = await self._notices.find({"_id": {"$in": ids}}, {"_id": 1}, batch_size=WHOLE, session=tx).to_list(None)
        return {document["_id"] for document in found}

    async def _last(self, participants: Iterable[str], tx: Transaction) -> dict[str, int]:
        wanted = {"_id": {"$in": list(participants)}}
        found = await self._families.find(wanted, {"last": 1}, batch_size=WHOLE, session=tx).to_list(None)
        return {document["_id"]: document.get("last", 0) for document in found}

    def within(self, who: Principal) -> "Inbox":
        """The notices that a principal may read."""
        return Inbox(self._families, self._notices, who)


class Inbox:
    """The notices of every pupil whose family the principal's account belongs to, in a role that the token grants.

    It reads what a majority holds: after a failover, a number that was shown stays that notice's number.
    """

    def __init__(self, families: Collection, notices: Collection, who: Principal) -> None:
        majority = ReadConcern("majority")
        self._families = families.with_options(read_concern=majority)
        self._notices = notices.with_options(read_concern=majority)
        roles = sorted({grant.role for grant in who.grants})
        self._mine = {"accounts": {"$elemMatch": {"account": who.account, "role": {"$in": roles}}}}

    async def last(self) -> dict[str, int]:
        """Each pupil of the family and the last number given: one indexed read."""
        found = await self._families.find(self._mine, {"last": 1}).to_list(None)
        return {document["_id"]: document.get("last", 0) for document in found}

    async def must_have_given(self, cursor: Numbers) -> None:
        """Raises CursorAhead for a number that the family's notices have not reached.

        What seems so may be a new primary that does not know yet what a majority holds: only one that has asked the
        majority may say it.
        """
        ahead = domain.ahead(cursor, await self.last())
        confirmed = self._families.with_options(read_concern=ReadConcern("linearizable"))
        for participant in ahead:
            head = await confirmed.find_one({"_id": participant}, {"last": 1}, max_time_ms=CONFIRMED_MS)
            if head is None or domain.ahead(cursor, {participant: head.get("last", 0)}):
                detail = "this cursor is ahead of the notices, which were built anew: connect again without one"
                raise CursorAhead(detail, errors=[FieldError("header:Last-Event-ID", detail)])

    async def newer(self, last: Numbers, after: Numbers, limit: int) -> list[Notice]:
        """What lies between a cursor and `last`, oldest first, at most `limit` a pupil."""
        return domain.oldest_first(await self._read(domain.newer(last, after, limit)))

    async def older(self, before: Numbers, limit: int) -> tuple[list[Notice], dict[str, int] | None]:
        """At most `limit` notices below a cursor, newest first, and the cursor below them (None at the end)."""
        wanted = domain.older(await self.last(), before, limit)
        page = domain.newest_first(await self._read(wanted), limit)
        return page, domain.below(wanted, page)

    async def _read(self, wanted: Ranges) -> list[Notice]:
        parts = [{"participant": p, "number": {"$gte": r.start, "$lt": r.stop}} for p, r in wanted.items() if r]
        found = await self._notices.find({"$or": parts}).to_list(None) if parts else []
        about(document["participant"] for document in found)
        return [_notice(document) for document in found]


class Catalogue:
    """What texts may say of seasons, competencies, venues and slots; the newest entry of each holds."""

    def __init__(self, mongo: Mongo) -> None:
        self._entries = mongo[CATALOGUE]

    async def put(self, envelopes: Sequence[Envelope], tx: Transaction) -> None:
        """Stores what is newer than what is stored, by each subject's own sequence."""
        newest = {e.subject: e for e in sorted(envelopes, key=lambda e: e.sequence)}
        found = await self._entries.find({"_id": {"$in": list(newest)}}, {"sequence": 1}, session=tx).to_list(None)
        known = {document["_id"]: document["sequence"] for document in found}
        writes = [
            ReplaceOne({"_id": subject}, {"text": domain.entry(e.event), "sequence": e.sequence}, upsert=True)
            for subject, e in newest.items()
            if e.sequence > known.get(subject, "")
        ]
        if writes:
            await self._entries.bulk_write(writes, ordered=False, session=tx)

    async def names(self, subjects: Iterable[str]) -> dict[str, str]:
        """What may be said of each subject that is known."""
        found = await self._entries.find({"_id": {"$in": list(set(subjects))}}, {"text": 1}).to_list(None)
        return {document["_id"]: document["text"] for document in found}


def _heads(notices: Iterable[Notice], links: Iterable[Link]) -> list[UpdateOne]:
    """One write a pupil: the last number given, and the accounts that may read."""
    last = {notice.participant: notice.number for notice in notices}
    accounts: dict[str, list[Document]] = {}
    for link in links:
        account = {"account": link.account, "role": link.role, "guardian": link.guardian}
        accounts.setdefault(link.participant, []).append(account)
    writes = []
    for participant in last.keys() | accounts.keys():
        change: Document = {"$set": {"last": last[participant]}} if participant in last else {}
        if participant in accounts:
            change["$addToSet"] = {"accounts": {"$each": accounts[participant]}}
        writes.append(UpdateOne({"_id": participant}, change, upsert=True))
    return writes


def _document(notice: Notice) -> Document:
    return {
        "_id": notice.id,
        "participant": notice.participant,
        "number": notice.number,
        "type": notice.type,
        "season": notice.season,
        "time": notice.time,
        "recordedtime": notice.recordedtime,
        "data": notice.data,
    }


def _notice(document: Document) -> Notice:
    return Notice(id=document.pop("_id"), **document)
