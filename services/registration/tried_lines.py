"""Lines that a dry run has judged and would have entered, sealed until it is over: later ones of the file meet them."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.registration.collections import TRIED
from services.registration.domain.import_lines import Line
from services.registration.domain.imports import UNFINISHED, Import
from services.registration.file_vault import FileVault
from shared.base.side_thread import aside
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction


@dataclass(frozen=True, slots=True)
class Trace:
    """Ways in which a line is found again: the school's keys of its persons, the pupil's first, and a child's mark."""

    keys: Sequence[str]
    child: bytes | None

    @property
    def words(self) -> list[str]:
        """All of them, as texts."""
        return [*self.keys, *([] if self.child is None else [f"child:{self.child.hex()}"])]


class TriedLines:
    """The lines of dry runs; each person of a file is found on the first line that names the person."""

    def __init__(self, mongo: Mongo, vault: FileVault) -> None:
        self._rows = mongo[TRIED]
        self._vault = vault

    async def met(self, imported: Import, words: Collection[str]) -> tuple[list[Line], set[str]]:
        """The earlier lines that these words lead to, in the order of the file, and the words that do."""
        query = {"import": imported.id, "first": {"$in": list(words)}}
        rows = await self._rows.find(query, batch_size=WHOLE).sort("line", 1).to_list(None) if words else []
        return [self._line(imported, row) for row in rows], {word for row in rows for word in row["first"]}

    async def keep(
        self, imported: Import, lines: Sequence[tuple[Line, Trace]], seen: set[str], now: datetime, tx: Transaction
    ) -> None:
        """Keeps lines whose pupil no earlier one of the file names; `seen` are the words of earlier ones."""
        until = now + UNFINISHED
        rows = await aside(lambda: list(self._new(imported, lines, set(seen), until)), len(lines))
        if rows:
            await self._rows.insert_many(rows, ordered=False, session=tx)

    async def forget(self, id: str) -> None:
        """Destroys all lines of an import."""
        await self._rows.delete_many({"import": id})

    def _new(
        self, imported: Import, lines: Sequence[tuple[Line, Trace]], known: set[str], until: datetime
    ) -> Iterator[Document]:
        for line, trace in lines:
            if trace.keys and trace.keys[0] not in known:
                first = [word for word in trace.words if word not in known]
                known.update(first)
                yield {**self._row(imported, line, trace), "first": first, "expires": until}

    def _row(self, imported: Import, line: Line, trace: Trace) -> Document:
        day = line.consent_day and line.consent_day.isoformat()
        told = {"school": line.school, "school_class": line.school_class, "said": line.said, "day": day}
        plain = json.dumps(told, ensure_ascii=False).encode()
        return {
            "_id": f"{imported.id}:{line.number}",
            "import": imported.id,
            "line": line.number,
            "keys": list(trace.keys),
            "sealed": self._vault.seal(imported.id, imported.key, f"tried {line.number}", plain),
            **({} if trace.child is None else {"child": trace.child}),
        }

    def _line(self, imported: Import, row: Document) -> Line:
        plain = self._vault.open(imported.id, imported.key, f"tried {row['line']}", row["sealed"])
        told: dict[str, Any] = json.loads(plain)
        day = told["day"] and date.fromisoformat(told["day"])
        return Line(row["line"], told["school"], told["school_class"], told["said"], day)
