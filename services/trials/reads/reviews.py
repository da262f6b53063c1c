"""Reads of pupils' reviews: of one's own, and of a slot or a venue without whose they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.trials.answers.reviews import Given, ReviewView, SlotReviewsView, VenueStars, VenueStarsPage
from services.trials.domain.slots import NO_SLOT
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
        given = await self._given([row["_id"] for row in rows], season)
        codes = {code for each in given.values() for code in each if code}
        called = await names(self._mongo, {"venue": given, "programme": codes})
        programmes = {code: called.of("programme", code) for code in codes}
        items = [
            VenueStars.of(each, programmes, season=season, venue=code, venue_name=called.of("venue", code))
            for code, each in given.items()
        ]
        return VenueStarsPage(items=items, next=onward)

    async def _given(self, venues: Sequence[str], season: str) -> Mapping[str, Mapping[str | None, Sequence[Given]]]:
        """Returns the stars that stand, by venue and programme."""
        of_season: Document = {"venue": {"$in": list(venues)}, "season": season}
        slots = await self._mongo["slots"].find(of_season, {"venue": 1, "programme": 1}).to_list(None)
        held = {row["_id"]: (row["venue"], row.get("programme")) for row in slots}
        found: dict[str, dict[str | None, list[Given]]] = {venue: defaultdict(list) for venue in venues}
        wanted = {"participant": 1, "attendances.slot": 1, "attendances.review.stars": 1, "attendances.revoked": 1}
        async for path in self._mongo["paths"].find({"attendances.slot": {"$in": list(held)}}, wanted):
            for one in path["attendances"]:
                if one["slot"] in held and one.get("review") and one["revoked"] is None:
                    of_venue, programme = held[one["slot"]]
                    found[of_venue][programme].append(Given(path["participant"], one["review"]["stars"]))
        return found


def _reached(who: Principal) -> Document:
    """Returns the condition of venues for which somebody speaks."""
    if who.has("national-operator"):
        return {}
    whole = {"$in": [grant.org for grant in who.grants if grant.role == "regional-operator"]}
    own = {"$in": [grant.org for grant in who.grants if grant.role == "venue"]}
    return {"$or": [{"region": whole}, {"organisation": own}, {"_id": own}]}
