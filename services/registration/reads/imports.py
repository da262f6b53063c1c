"""Reads of imports: for who has sent one, and for staff of all of its school."""

from collections.abc import AsyncIterator, Mapping, Sequence

from services.registration.answers.imports import ImportPage, ImportView
from services.registration.domain.import_columns import title_of
from services.registration.domain.imports import Import
from services.registration.imports import Imports
from services.registration.texts.reasons import told
from shared.base.errors import NotFound
from shared.base.languages import Language
from shared.http.paging import Paging
from shared.identity.acting import about_nameless
from shared.identity.grants import FITS, NATION
from shared.identity.principal import Principal
from shared.storage.mongo import Document
from shared.tables.csv_writing import BOM, line_of

KINDS = {"region", "municipality", "school"}
"""The kinds of organisations that an import names."""
ADDED: Mapping[Language, Sequence[str]] = {
    "ru": ("Строка", "Столбец", "Причина", "Тип"),
    "en": ("Line", "Column", "Reason", "Type"),
}
"""Titles of what is told of a line, before its own cells; a file that is mended may be sent with them."""


class ImportReads:
    """The imports that a principal may follow."""

    def __init__(self, imports: Imports, who: Principal) -> None:
        self._imports = imports
        self._who = who

    async def one(self, id: str, language: Language) -> ImportView:
        """One import; raises NotFound for those of others."""
        return ImportView.of(await self.mine(id), language)

    async def page(self, paging: Paging, language: Language) -> ImportPage:
        """The imports that the principal may follow, newest first."""
        imports, onward = await self._imports.page(self._within(), paging)
        return ImportPage(items=[ImportView.of(imported, language) for imported in imports], next=onward)

    async def refused(self, id: str, language: Language) -> AsyncIterator[str]:
        """The lines of an import that were refused, with the reasons, as a text of CSV that comes in parts.

        Raises NotFound for imports of others, Unavailable where the reading leaves no trace.
        """
        imported = await self.mine(id)
        about_nameless()
        return self._text(imported, language)

    async def _text(self, imported: Import, language: Language) -> AsyncIterator[str]:
        yield BOM + line_of([*ADDED[language], *imported.header])
        async for line in self._imports.refused(imported):
            reasons = [(one.title or title_of(one.column, language), one.sentence) for one in line.reasons]
            column = next((title for title, _ in reasons if title), "")
            yield line_of([str(line.line), column, told(reasons, language), line.type, *line.cells])

    async def mine(self, id: str) -> Import:
        """An import that the principal may follow, and stop; raises NotFound for those of others."""
        imported = await self._imports.one(id)
        if imported is None or not self._sees(imported):
            raise NotFound("no such import in your scope")
        return imported

    def _sees(self, imported: Import) -> bool:
        scope, region = self._who.scope, imported.region
        if region is None:
            return imported.by == self._who.account
        place = (region, imported.municipality, imported.school)
        return scope.covers(*place) and (scope.classes(*place) is None or imported.by == self._who.account)

    def _within(self) -> Document:
        """Matches the imports that `_sees` admits one by one."""
        reached = [(kind, g.org) for g in self._who.grants if g.classes is None for kind in FITS[g.role]]
        ways: list[Document] = [{"changed.by": self._who.account}]
        ways += [{"region": {"$ne": None}}] if ("nation", NATION) in reached else []
        return {"$or": [*ways, *({kind: org} for kind, org in reached if kind in KINDS)]}
