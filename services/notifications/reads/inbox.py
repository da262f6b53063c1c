"""Scoped reads of notices, in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pymongo.read_concern import ReadConcern

from services.notifications import texts
from services.notifications.answers import NoticeView, in_words
from services.notifications.collections import FAMILIES, NOTICES
from services.notifications.copies.store import Copies
from services.notifications.documents import head_of, notice_of
from services.notifications.domain import notices as domain
from services.notifications.domain.notices import Head, Notice, Numbers, Ranges, Reader
from shared.base.languages import Language
from shared.identity.acting import about
from shared.identity.family import roles_of
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo

CONFIRMED_MS = 5_000
"""Milliseconds that a read may wait for the majority."""
Seen: TypeAlias = Mapping[str, tuple[Head, str]]
"""The head of each entry that is read, and the entry that stands for it."""


class Reads:
    """Unscoped; only `within` lets one read."""

    def __init__(self, mongo: Mongo, copies: Copies) -> None:
        self._mongo = mongo
        self._copies = copies

    def within(self, who: Principal) -> "ScopedReads":
        """Returns the notices that a principal may read."""
        return ScopedReads(self._mongo, self._copies, who)


class ScopedReads:
    """The notices of every pupil whose family the principal's account belongs to, in a role that the token grants.

    It reads what a majority holds: after a failover, a number that was shown stays that notice's number.
    """

    def __init__(self, mongo: Mongo, copies: Copies, who: Principal) -> None:
        majority = ReadConcern("majority")
        self._families = mongo[FAMILIES].with_options(read_concern=majority)
        self._notices = mongo[NOTICES].with_options(read_concern=majority)
        self._copies = copies
        self._reader = Reader(who.account, roles_of(who))
        self._mine = {"accounts": {"$elemMatch": {"account": who.account, "role": {"$in": roles_of(who)}}}}

    async def last(self) -> dict[str, int]:
        """Returns each entry of a pupil of the family and the last number given: one indexed read.

        Where one of them was ever merged with another, the heads that it names are a second.
        """
        return _numbers(await self._visible())

    async def pupils(self) -> dict[str, str]:
        """Returns each entry of a pupil of the family with the one that stands for it."""
        return {id: survivor for id, (_, survivor) in (await self._visible()).items()}

    async def _visible(self) -> Seen:
        found = await self._families.find(self._mine).to_list(None)
        heads = {document["_id"]: head_of(document) for document in found}
        named = {word.other for head in heads.values() for word in head.mergings} - heads.keys()
        if named:
            found = await self._families.find({"_id": {"$in": list(named)}}).to_list(None)
            heads |= {document["_id"]: head_of(document) for document in found}
        return {id: (heads[id], survivor) for id, survivor in domain.visible(heads, self._reader).items()}

    async def have_reached(self, cursor: Numbers) -> bool:
        """Returns whether every number of the family that a cursor names was given.

        What seems ahead may be a new primary that does not know yet what a majority holds: only one that has asked the
        majority may say it.
        """
        confirmed = self._families.with_options(read_concern=ReadConcern("linearizable"))
        for participant in domain.ahead(cursor, await self.last()):
            head = await confirmed.find_one({"_id": participant}, {"last": 1}, max_time_ms=CONFIRMED_MS)
            if head is None or domain.ahead(cursor, {participant: head.get("last", 0)}):
                return False
        return True

    async def newer(self, after: Numbers, limit: int, language: Language) -> list[NoticeView]:
        """Returns what lies behind a cursor, oldest first, at most `limit` a pupil."""
        seen = await self._visible()
        wanted = domain.newer(_numbers(seen), after, limit)
        return await self._in_words(domain.oldest_first(await self._read(wanted)), seen, language)

    async def older(
        self, before: Numbers, limit: int, language: Language
    ) -> tuple[list[NoticeView], dict[str, int] | None]:
        """Returns at most `limit` notices below a cursor, newest first, and the cursor below them (None at the end)."""
        seen = await self._visible()
        wanted = domain.older(_numbers(seen), before, limit)
        page = domain.newest_first(await self._read(wanted), limit)
        return await self._in_words(page, seen, language), domain.below(wanted, page)

    async def _read(self, wanted: Ranges) -> list[Notice]:
        parts = [{"participant": p, "number": {"$gte": r.start, "$lt": r.stop}} for p, r in wanted.items() if r]
        found = await self._notices.find({"$or": parts}).to_list(None) if parts else []
        about(document["participant"] for document in found)
        return [notice_of(document) for document in found]

    async def _in_words(self, notices: Sequence[Notice], seen: Seen, language: Language) -> list[NoticeView]:
        """Returns the notices as they are shown."""
        names = await self._copies.names(named for notice in notices for named in texts.objects(notice))
        return [
            in_words(notice, texts.render(notice, names, language), seen[notice.participant][1]) for notice in notices
        ]


def _numbers(seen: Seen) -> dict[str, int]:
    return {id: head.last for id, (head, _) in seen.items()}
