"""Rules of advice in the database, by season, and the gates of seasons with them."""

from collections.abc import Callable, Iterable, Mapping

from services.trials.attempts import Attempts
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.path.advice import Advice
from services.trials.domain.path.gates import Gates
from services.trials.domain.path.paths import Path
from services.trials.domain.path.recommending import Profiles
from services.trials.fixed import Fixed
from shared.identity.acting import acting, changed
from shared.storage.decision import NewId
from shared.storage.mongo import Mongo, Transaction, by_ids


class AdviceRows:
    """The rules of seasons."""

    def __init__(self, mongo: Mongo, attempts: Attempts, monotonic: Callable[[], float]) -> None:
        self._rows = mongo["advice"]
        self._seasons = mongo["seasons"]
        self._attempts = attempts
        self._in_use: Fixed[Advice] = Fixed(self.load, lambda _: True, monotonic)

    async def load(self, seasons: Iterable[str], tx: Transaction | None = None) -> dict[str, Advice]:
        """Returns the rules of those seasons that have some of their own."""
        return {row["_id"]: Advice.model_validate(row) for row in await by_ids(self._rows, seasons, tx)}

    async def put(self, season: str, advice: Advice, tx: Transaction) -> None:
        """Stores the rules of a season; conflicts with whatever makes it one in use."""
        row = advice.document(season) | changed(acting())
        await self._rows.replace_one({"_id": season}, row, upsert=True, session=tx)
        await self._seasons.update_one({"_id": season}, {"$set": {"advised": True}}, session=tx)

    async def gates(
        self, seasons: Mapping[str, Season], paths: Iterable[Path], new_id: NewId, tx: Transaction
    ) -> Gates:
        """Returns the gates of seasons for steps on paths; attempts are read where a season's advice rests on them.

        Steps are taken in seasons in use alone, whose rules are fixed.
        """
        advised = [season.id for season in seasons.values() if season.advised and season.in_use]
        advice = await self._in_use.load(advised, tx) if advised else {}
        resting = {code for code, rules in advice.items() if rules.scales}
        walked = [entry.id for path in paths if path.season in resting for entry in path.entries]
        return Gates(seasons, new_id, advice, Profiles(await self._attempts.on(walked, tx)))
