"""Reads of instruments, for a page that shows them and for whoever publishes them."""

from services.trials.answers.diagnostics import DiagnosticView
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.catalogue.wording import Version, version_of
from services.trials.repository import Repository
from shared.base.errors import BadInput, NotFound
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo


class DiagnosticReads:
    """Reads of instruments, which whoever has a token may make."""

    def __init__(self, mongo: Mongo, repository: Repository) -> None:
        self._mongo = mongo
        self._repository = repository

    async def instrument(self, code: str) -> Instrument | None:
        """Returns an instrument, for a profile of which the scales are explained."""
        async with self._mongo.snapshot() as session:
            return (await self._repository.instruments([code], session)).get(code)

    async def shown(self, code: str, version: Version | None, grade: int | None, who: Principal) -> DiagnosticView:
        """Returns an instrument in a version, or in that for a grade; points and right answers for its author alone.

        Raises NotFound about `code`, and BadInput about a version in which it has no words. Where it has
        none for a grade, every version is shown.
        """
        async with self._mongo.snapshot() as session:
            instrument = (await self._repository.stored_instruments([code], session)).get(code)
        if instrument is None:
            raise NotFound.about("code", "no such entry in the catalogue")
        if version is not None and grade is not None:
            raise BadInput.field("grade", "says the version, too: leave one of them out")
        instrument.must_have(version)
        if grade is not None and version_of(grade) in instrument.versions:
            version = version_of(grade)
        return DiagnosticView.of(instrument, version, whole=who.has("national-operator"))
