"""Imports in the database: what is told of them, their files in sealed pieces, and lines that were refused."""

import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.registration.collections import IMPORT_PIECES, IMPORTS, REFUSED, UNDER_WAY
from services.registration.domain.imports import KEPT, OVER, UNFINISHED, Import, must_have_room
from services.registration.file_vault import FileVault
from services.registration.tried_lines import TriedLines
from shared.base.errors import BadInput
from shared.base.wording import restored, stored
from shared.http.paging import Listing, Paging
from shared.identity.acting import changed
from shared.storage.mongo import Document, Mongo, Transaction

PIECE = 256 * 1024
"""Bytes of a file that are sealed together."""
RECEIVING = timedelta(hours=1)
"""A file that has not arrived by then was broken off."""
LARGE = 512 * 1024
"""A file of more bytes waits for smaller ones: a class does not wait for a region."""
A_TIME = 500
"""Refused lines that are read together."""

NEWEST_FIRST = Listing("imports", {"sent_at": datetime, "_id": str}, falls=True)


class Overtaken(Exception):
    """Another process has gone on with an import meanwhile."""


@dataclass(frozen=True, slots=True)
class LineReason:
    """A reason why a line was refused."""

    column: str
    """The name of the column at fault; empty where it is the whole line."""
    title: str
    """Its title in the file; empty where the file has no such column."""
    sentence: str


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that was refused, as it is kept until the import is forgotten."""

    line: int
    cells: Sequence[str]
    reasons: Sequence[LineReason]
    type: str
    keys: Sequence[str] = ()
    """The school's keys of the persons on the line, by which erasure finds it."""
    child: bytes | None = None
    """The mark of the child's name and birth date in the region, by which it finds it too."""


class Imports:
    """All imports."""

    def __init__(self, mongo: Mongo, vault: FileVault) -> None:
        self._rows = mongo[IMPORTS]
        self._pieces = mongo[IMPORT_PIECES]
        self._refused = mongo[REFUSED]
        self._vault = vault
        self.tried = TriedLines(mongo, vault)

    def new_key(self, id: str) -> bytes:
        """The key of a new import."""
        return self._vault.new_key(id)

    async def begin(self, imported: Import) -> None:
        """Stores an import whose file is to come; raises Conflict where its account has too many."""
        mine: Document = {"changed.by": imported.by}
        waiting = await self._rows.count_documents({**mine, "state": {"$nin": sorted(OVER)}})
        of_all = await self._rows.count_documents(UNDER_WAY)
        must_have_room(waiting, await self._rows.count_documents(mine), of_all)
        row = {**imported.model_dump(exclude={"id", "by"}), "_id": imported.id, **changed(imported.actor)}
        await self._rows.insert_one(row | {"expires": imported.sent_at + RECEIVING})

    async def keep(self, imported: Import, pieces: AsyncIterator[bytes]) -> Import:
        """Stores a file, sealed, as it comes, and lets it be worked on; where it does not come, nothing is left."""
        number = size = 0
        waiting = bytearray()
        try:
            async for piece in pieces:
                waiting += piece
                size += len(piece)
                while len(waiting) >= PIECE:
                    await self._put(imported, number, bytes(waiting[:PIECE]))
                    del waiting[:PIECE]
                    number += 1
            if waiting:
                await self._put(imported, number, bytes(waiting))
                number += 1
        except BaseException:
            await self.forget(imported)
            raise
        ready = imported.model_copy(update={"state": "waiting", "pieces": number, "size": size})
        told = {"state": "waiting", "pieces": number, "size": size, "is_large": size > LARGE}
        await self._rows.update_one(
            {"_id": imported.id}, {"$set": told | {"expires": imported.sent_at + UNFINISHED + KEPT}}
        )
        return ready

    async def _put(self, imported: Import, number: int, plain: bytes) -> None:
        sealed = self._vault.seal(imported.id, imported.key, str(number), plain)
        row = {"_id": f"{imported.id}:{number}", "import": imported.id, "data": sealed}
        await self._pieces.insert_one(row | {"expires": imported.sent_at + UNFINISHED})

    async def forget(self, imported: Import) -> None:
        """Destroys an import with its file."""
        await self._pieces.delete_many({"import": imported.id})
        await self._rows.delete_one({"_id": imported.id})

    async def piece(self, imported: Import, number: int) -> bytes:
        """A piece of the file; raises BadInput where it is gone."""
        row = await self._pieces.find_one({"_id": f"{imported.id}:{number}"})
        if row is None:
            raise BadInput.field("", "is not there any more: send it again")
        return self._vault.open(imported.id, imported.key, str(number), row["data"])

    async def cancel(self, imported: Import, now: datetime) -> Import:
        """Stops an import that is not over, and destroys its file; the import as it is then.

        A batch that is under way is entered before it, or not at all: both write the import's row.
        """
        told = {"state": "cancelled", "finished_at": now, "expires": now + KEPT}
        await self._rows.update_one({"_id": imported.id, **UNDER_WAY}, {"$set": told})
        await self._clear(imported)
        return await self.one(imported.id) or imported

    async def under_way(self, ids: Collection[str]) -> set[str]:
        """The imports among these that are to be gone on with."""
        found = self._rows.find({"_id": {"$in": list(ids)}, **UNDER_WAY}, {"_id": 1})
        return {row["_id"] async for row in found}

    async def page(self, within: Document, paging: Paging) -> tuple[list[Import], str | None]:
        """A page of the imports that match, newest first, and the cursor behind it."""
        rows, onward = await NEWEST_FIRST.page(self._rows, {**within, "state": {"$ne": "receiving"}}, paging)
        return [Import.of(row) for row in rows], onward

    async def one(self, id: str) -> Import | None:
        """One import; None where there is none of which anything is told."""
        row = await self._rows.find_one({"_id": id, "state": {"$ne": "receiving"}})
        return None if row is None else Import.of(row)

    async def next(self) -> Import | None:
        """The import that is to be gone on with: small ones before large ones, older ones before newer ones."""
        found = await self._rows.find(UNDER_WAY).sort([("is_large", 1), ("sent_at", 1)]).limit(1).to_list(1)
        return Import.of(found[0]) if found else None

    async def take(self, imported: Import) -> Import:
        """Begins, or goes on with, an import that some process has left; raises Overtaken where another did."""
        query = {"_id": imported.id, "tries": imported.tries, **UNDER_WAY}
        told = {"state": "running", "tries": imported.tries + 1, "stuck": imported.stuck + 1}
        if (await self._rows.update_one(query, {"$set": told})).matched_count == 0:
            raise Overtaken
        return imported.model_copy(update=told)

    async def progress(
        self, before: Import, after: Import, refused: Sequence[RefusedLine], now: datetime, tx: Transaction
    ) -> None:
        """Keeps how far an import is, with lines that were refused; raises Overtaken where another has gone on."""
        query = {"_id": before.id, "tries": before.tries, "last_line": before.last_line, "state": "running"}
        told = after.model_dump(include={"last_line", "counts", "header", "ignored", "stuck"})
        if (await self._rows.update_one(query, {"$set": told}, session=tx)).matched_count == 0:
            raise Overtaken
        if refused:
            rows = [self._row(after, line, now) for line in refused]
            await self._refused.insert_many(rows, ordered=False, session=tx)

    def _row(self, imported: Import, line: RefusedLine, now: datetime) -> Document:
        reasons = [(one.column, one.title, stored(one.sentence)) for one in line.reasons]
        told = {"cells": line.cells, "reasons": reasons, "type": line.type}
        plain = json.dumps(told, ensure_ascii=False).encode()
        return {
            "_id": f"{imported.id}:{line.line}",
            "import": imported.id,
            "line": line.line,
            "keys": list(line.keys),
            "sealed": self._vault.seal(imported.id, imported.key, f"line {line.line}", plain),
            "expires": now + KEPT,
            **({} if line.child is None else {"child": line.child}),
        }

    async def finish(self, imported: Import, now: datetime) -> None:
        """Keeps how an import has ended, and destroys its file."""
        told = imported.model_dump(include={"state", "problem", "why", "finished_at", "header", "ignored"})
        query = {"_id": imported.id, "tries": imported.tries, **UNDER_WAY}
        await self._rows.update_one(query, {"$set": told | {"expires": now + KEPT}})
        await self._clear(imported)

    async def _clear(self, imported: Import) -> None:
        """Destroys the file of an import that is over, and the lines that its dry run has kept."""
        await self._pieces.delete_many({"import": imported.id})
        await self.tried.forget(imported.id)

    async def refused(self, imported: Import) -> AsyncIterator[RefusedLine]:
        """Yields the lines that were refused and are still kept, in their order."""
        found = self._refused.find({"import": imported.id}, batch_size=A_TIME).sort("line", 1)
        async for row in found:
            plain = self._vault.open(imported.id, imported.key, f"line {row['line']}", row["sealed"])
            told: dict[str, Any] = json.loads(plain)
            reasons = [LineReason(column, title, restored(kept)) for column, title, kept in told["reasons"]]
            yield RefusedLine(row["line"], told["cells"], reasons, told["type"])
