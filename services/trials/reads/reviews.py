"""Reads of pupils' reviews: of one's own, and of a slot without whose they are."""

from services.trials.answers.reviews import ReviewView, SlotReviewsView
from services.trials.domain.slots import NO_SLOT
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.identity.acting import about
from shared.identity.family import is_family
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo


class ReviewReads:
    """Reads of reviews, each on behalf of a principal."""

    def __init__(self, mongo: Mongo, repository: Repository) -> None:
        self._mongo = mongo
        self._repository = repository

    async def of_attendance(self, attendance: str, who: Principal) -> ReviewView:
        """Returns the family's own review; raises NotFound for everybody else."""
        walk = await self._repository.walk_with("attendances", attendance)
        async with self._mongo.snapshot() as session:
            states = await self._repository.states([walk] if walk else [], session)
            pupil = states.pupils.get(walk[0]) if walk else None
            if walk is None or pupil is None or not is_family(who, pupil.accounts):
                raise NotFound("no such attendance")
            about([pupil.id])
            words = (await self._repository.reviews.load([attendance], session)).get(attendance)
            return ReviewView.of(states.paths.of(pupil.id, walk[1]).attendance(attendance), words)

    async def of_slot(self, slot: str, who: Principal) -> SlotReviewsView:
        """Returns the mean of a slot's stars, with words for its venue; raises NotFound out of the scope.

        Words without a name may still tell whose they are: beside the venue nobody reads them.
        """
        async with self._mongo.snapshot() as session:
            known = (await self._repository.slots.load([slot], session)).get(slot)
            if known is None or not who.scope.covers(known.region, hosts=known.hosts):
                raise NotFound(NO_SLOT)
            attended = await self._repository.reviews.in_slot(slot, session)
            stars = {a["id"]: a["review"]["stars"] for a in attended if a.get("review") and a["revoked"] is None}
            is_host = who.holding("venue", "mentor").scope.covers(known.region, hosts=known.hosts)
            said = await self._repository.reviews.load(stars, session) if is_host else {}
            return SlotReviewsView.of(slot, [*stars.values()], [one.words for one in said.values()])
