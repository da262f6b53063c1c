"""Reads of drafts, for the pupil and the class's teacher."""

from services.trials.answers.drafts import DraftView
from services.trials.domain.path.caller import reaches
from services.trials.domain.testing.drafts import draft_keys, joined_draft
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo


class DraftReads:
    """Reads of drafts, each on behalf of a principal."""

    def __init__(self, mongo: Mongo, repository: Repository) -> None:
        self._mongo = mongo
        self._repository = repository

    async def draft(self, participant: str, season: str, diagnostic: str, who: Principal) -> DraftView:
        """Returns a draft; raises NotFound outside the scope, and where nothing was saved."""
        async with self._mongo.snapshot() as session:
            found = (await self._repository.copies.joined([participant], session)).get(participant)
            if found is None or not reaches(who, found.pupil):
                raise NotFound("no such draft")
            about([found.pupil.id])
            keys = draft_keys(found.ids, season, diagnostic)
            rows = await self._repository.drafts.load(keys, session)
            instrument = (await self._repository.instruments([diagnostic], session)).get(diagnostic)
        draft = joined_draft([rows[key] for key in keys if key in rows])
        if draft is None or instrument is None:
            raise NotFound("no such draft")
        return DraftView.of(draft, instrument, found.pupil.id)
