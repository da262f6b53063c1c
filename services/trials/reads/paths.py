"""Reads of a pupil's path, for those who may see it."""

from datetime import datetime

from services.trials.answers.paths import (
    AttemptView,
    AttendanceView,
    BookingPage,
    BookingView,
    PathView,
    RecommendationView,
)
from services.trials.answers.shown import Names, mentioned, shown
from services.trials.collections import PARTICIPANTS
from services.trials.copies.participants import Participant
from services.trials.domain.caller import reaches
from services.trials.domain.diagnostics import Attempt
from services.trials.domain.paths import Booking, Path, path_id, stages
from services.trials.domain.seasons import Season
from services.trials.reads.names import names
from shared.base.errors import NotFound
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo, Transaction

BOOKINGS = Listing("bookings", {"starts_at": datetime, "id": str})


class PathReads:
    """Reads; reachable only through `within`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def within(self, who: Principal) -> "ScopedReads":
        """Returns the reads that `who` may make."""
        return ScopedReads(self._mongo, who)


class ScopedReads:
    """Reads on behalf of a principal."""

    def __init__(self, mongo: Mongo, who: Principal) -> None:
        self._mongo = mongo
        self._who = who

    async def path(self, participant: str, season: str) -> PathView:
        """Returns a pupil's path; raises NotFound outside the scope, where not registered, and for no pupil."""
        id = path_id(participant, season)
        async with self._mongo.snapshot() as session:
            pupil, rules, path = await self._walk(participant, season, session)
            below = {"$gte": f"{id}/", "$lt": f"{id}0"}  # "0" follows "/": all keys that begin with the path's id
            rows = await self._mongo["attempts"].find({"_id": below}, session=session).to_list(None)
        attempts = sorted(map(Attempt.of, rows), key=lambda attempt: attempt.time)
        recommended = [path.recommendation] if path.recommendation else []
        views = ((AttemptView, attempts), (BookingView, path.bookings), (RecommendationView, recommended))
        called = await names(self._mongo, mentioned(views))  # and nothing is attended that was not booked
        return PathView(
            participant=participant,
            season=season,
            season_name=rules.name,
            stages=stages(path, rules, pupil.seasons[season].time),
            attempts=[shown(AttemptView, attempt, called, attempt=attempt.id) for attempt in attempts],
            bookings=[_booking(booking, path, called) for booking in path.bookings],
            attendances=[shown(AttendanceView, attended, called) for attended in path.attendances],
            recommendation=path.recommendation and shown(RecommendationView, path.recommendation, called),
        )

    async def bookings(self, participant: str, season: str, paging: Paging) -> BookingPage:
        """Returns a page of a pupil's bookings; raises NotFound as `path` does."""
        async with self._mongo.snapshot() as session:
            _, _, path = await self._walk(participant, season, session)
        asked = {"participant": participant, "season": season}
        page, onward = BOOKINGS.cut(path.bookings, lambda booking: [booking.starts_at, booking.id], paging, asked)
        called = await names(self._mongo, mentioned([(BookingView, page)]))
        return BookingPage(items=[_booking(booking, path, called) for booking in page], next=onward)

    async def _walk(self, participant: str, season: str, session: Transaction) -> tuple[Participant, Season, Path]:
        """Reads a pupil, the rules of a season, and the path through it."""
        pupil_document = await self._mongo[PARTICIPANTS].find_one({"_id": participant}, session=session)
        season_document = await self._mongo["seasons"].find_one({"_id": season}, session=session)
        path = await self._mongo["paths"].find_one({"_id": path_id(participant, season)}, session=session)
        if pupil_document is None or season_document is None:
            raise NotFound("no such participant in this season")
        pupil = Participant.model_validate(_with_id(pupil_document))
        if season not in pupil.seasons or not reaches(self._who, pupil):
            raise NotFound("no such participant in this season")
        about([participant])
        walked = Path.model_validate(_with_id(path)) if path else Path.new(participant, season)
        return pupil, Season.model_validate(_with_id(season_document)), walked


def _booking(booking: Booking, path: Path, called: Names) -> BookingView:
    attended = path.attendance_of(booking.id)
    return shown(BookingView, booking, called, attendance=attended.id if attended else None)


def _with_id(document: Document) -> Document:
    return document | {"id": document["_id"]}
