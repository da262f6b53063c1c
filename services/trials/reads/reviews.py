"""Reads of pupils' reviews: of one's own, and of a slot or a venue without whose they are."""

from collections import defaultdict

from services.trials.answers.reviews import Given, GivenTo, ReviewView, SlotReviewsView, VenueStars, VenueStarsPage
from services.trials.domain.timetable.slots import NO_SLOT
from services.trials.reads.names import names
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.family import is_family
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo

VENUES = Listing("venues-reviewed", {"_id": str})


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

    async def of_venues(
        self, who: Principal, season: str, region: str | None, venue: str | None, paging: Paging
    ) -> VenueStarsPage:
        """Returns a page of the venues in the scope, each with the stars that it was given in a season."""
        asked = {"season": season, "region": region, "venue": venue}
        narrowed: Document = {name: code for name, code in (("region", region), ("_id", venue)) if code}
        query = {"$and": [narrowed, _reached(who)]}
        rows, onward = await VENUES.page(self._mongo["venues"], query, paging, asked)
        given = {row["_id"]: await self._given(row["_id"], season) for row in rows}  # a venue at a time, however many
        codes = {code for each in given.values() for code in each if code}
        called = await names(self._mongo, {"venue": given, "programme": codes})
        programmes = {code: called.of("programme", code) for code in codes}
        items = [
            VenueStars.of(each, programmes, season=season, venue=code, venue_name=called.of("venue", code))
            for code, each in given.items()
        ]
        return VenueStarsPage(items=items, next=onward)

    async def _given(self, venue: str, season: str) -> GivenTo:
        """Returns the stars of a venue that stand."""
        slots = self._mongo["slots"].find({"venue": venue, "season": season}, {"programme": 1})
        programmes = {row["_id"]: row.get("programme") for row in await slots.to_list(None)}
        found: dict[str | None, dict[str, list[Given]]] = defaultdict(lambda: defaultdict(list))
        wanted = {"participant": 1, "attendances.slot": 1, "attendances.review.stars": 1, "attendances.revoked": 1}
        async for path in self._mongo["paths"].find({"attendances.slot": {"$in": list(programmes)}}, wanted):
            for one in path["attendances"]:
                if (slot := one["slot"]) in programmes and one.get("review") and one["revoked"] is None:
                    found[programmes[slot]][slot].append(Given(path["participant"], one["review"]["stars"]))
        return found


def _reached(who: Principal) -> Document:
    """Returns the condition of venues for which somebody speaks."""
    if who.has("national-operator"):
        return {}
    whole = {"$in": [grant.org for grant in who.grants if grant.role == "regional-operator"]}
    own = {"$in": [grant.org for grant in who.grants if grant.role == "venue"]}
    return {"$or": [{"region": whole}, {"organisation": own}, {"_id": own}]}
