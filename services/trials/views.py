"""What trials shows of a pupil to those who may see it."""

from collections.abc import Iterable
from datetime import datetime

from services.trials.catalogue import Season
from services.trials.copies import PARTICIPANTS, Participant
from services.trials.gate import stages
from services.trials.instruments import Attempt
from services.trials.names import Names, names
from services.trials.path import Attendance, Booking, Path, Recommendation, path_id
from services.trials.scope import reaches
from shared.base.errors import NotFound
from shared.base.models import Answer
from shared.http.paging import Listing, Page, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.moments import LocalTime
from shared.programme.stages import Stages
from shared.storage.mongo import Document, Mongo, Transaction


class AttemptView(Answer):
    """A completed diagnostic with its profile: per scale 0…100."""

    attempt: str
    """Random id."""
    diagnostic: str
    """Code of the diagnostic."""
    diagnostic_name: str | None
    """Name of the diagnostic, in Russian; null while its definition is missing."""
    time: LocalTime
    """When the pupil completed it, on the region's clock."""
    profile: dict[str, float]
    """Scale → 0 to 100, the percentage of the points that can be attained on it."""


class BookingView(Booking):
    """A seat taken in a slot, with names, and whether it was used."""

    venue_name: str | None
    """Name of the venue, in Russian; null while its definition is missing."""
    competency_name: str | None
    """Name of the competency, in Russian; null while its definition is missing."""
    attendance: str | None
    """Id of the attendance in force; null while the venue has confirmed none."""

    @classmethod
    def of(cls, booking: Booking, path: Path, called: Names) -> "BookingView":
        """From a path."""
        attended = path.attendance_of(booking.id)
        return cls(
            **dict(booking),
            venue_name=called.of("venue", booking.venue),
            competency_name=called.of("competency", booking.competency),
            attendance=attended.id if attended else None,
        )


class BookingPage(Page[BookingView]):
    """A pupil's bookings of a season by the start of their slots, cancelled ones too."""


class AttendanceView(Attendance):
    """That a pupil took part in what was booked, with names."""

    competency_name: str | None
    """Name of the competency, in Russian; null while its definition is missing."""


class RecommendationView(Recommendation):
    """The individual recommendation in force, with names."""

    competency_names: dict[str, str | None]
    """Code of a competency → its name."""


class PathView(Answer):
    """A pupil's way through a season."""

    participant: str
    """Id of the pupil."""
    season: str
    """Code of the season."""
    season_name: str
    """Name of the season."""
    stages: Stages
    """When each stage was reached."""
    attempts: list[AttemptView]
    """Completed diagnostics, the earliest first."""
    bookings: list[BookingView]
    """Seats taken, cancelled ones too, in the order of booking."""
    attendances: list[AttendanceView]
    """Attendances confirmed by venues, revoked ones too."""
    recommendation: RecommendationView | None
    """The recommendation in force; null before the season's gate opens."""


BOOKINGS = Listing("bookings", {"starts_at": datetime, "id": str})


class Views:
    """Reads; reachable only through `within`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def within(self, who: Principal) -> "ScopedViews":
        """What `who` may see."""
        return ScopedViews(self._mongo, who)


class ScopedViews:
    """Reads on behalf of a principal."""

    def __init__(self, mongo: Mongo, who: Principal) -> None:
        self._mongo = mongo
        self._who = who

    async def path(self, participant: str, season: str) -> PathView:
        """A pupil's path; raises NotFound outside the scope, where not registered, and where there is no pupil."""
        id = path_id(participant, season)
        async with self._mongo.snapshot() as session:
            pupil, rules, path = await self._walk(participant, season, session)
            below = {"$gte": f"{id}/", "$lt": f"{id}0"}  # "0" follows "/": all keys that begin with the path's id
            attempts = await self._mongo["attempts"].find({"_id": below}, session=session).to_list(None)
        taken = sorted(map(Attempt.of, attempts), key=lambda attempt: attempt.time)
        return _shown(path, rules, pupil, taken, await self._names(path, taken))

    async def bookings(self, participant: str, season: str, paging: Paging) -> BookingPage:
        """A page of a pupil's bookings; raises NotFound as `path` does."""
        async with self._mongo.snapshot() as session:
            _, _, path = await self._walk(participant, season, session)
        asked = {"participant": participant, "season": season}
        page, onward = BOOKINGS.cut(path.bookings, lambda booking: [booking.starts_at, booking.id], paging, asked)
        called = await self._names(path)
        return BookingPage(items=[BookingView.of(booking, path, called) for booking in page], next=onward)

    async def _walk(self, participant: str, season: str, session: Transaction) -> tuple[Participant, Season, Path]:
        """A pupil with the rules of a season and the path through it."""
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

    async def _names(self, path: Path, attempts: Iterable[Attempt] = ()) -> Names:
        booked = [booking.competency for booking in path.bookings]  # and nothing is attended that was not booked
        recommended = path.recommendation.competencies if path.recommendation else ()
        return await names(
            self._mongo,
            {
                "venue": [booking.venue for booking in path.bookings],
                "competency": [*booked, *recommended],
                "diagnostic": [attempt.diagnostic for attempt in attempts],
            },
        )


def _shown(path: Path, season: Season, pupil: Participant, attempts: Iterable[Attempt], called: Names) -> PathView:
    return PathView(
        participant=path.participant,
        season=path.season,
        season_name=season.name,
        stages=stages(path, season, pupil.seasons[path.season].time),
        attempts=[_attempt(attempt, called) for attempt in attempts],
        bookings=[BookingView.of(booking, path, called) for booking in path.bookings],
        attendances=[
            AttendanceView(**dict(attended), competency_name=called.of("competency", attended.competency))
            for attended in path.attendances
        ],
        recommendation=path.recommendation and _recommendation(path.recommendation, called),
    )


def _attempt(attempt: Attempt, called: Names) -> AttemptView:
    return AttemptView(
        attempt=attempt.id,
        diagnostic=attempt.diagnostic,
        diagnostic_name=called.of("diagnostic", attempt.diagnostic),
        time=attempt.time,
        profile=dict(attempt.profile),
    )


def _recommendation(issued: Recommendation, called: Names) -> RecommendationView:
    return RecommendationView(**dict(issued), competency_names=called.all_of("competency", issued.competencies))


def _with_id(document: Document) -> Document:
    return document | {"id": document["_id"]}
