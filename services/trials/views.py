"""What trials shows of a pupil to those who may see it."""

from typing import Any

from services.trials.catalogue import Season
from services.trials.copies import Participant
from services.trials.gate import stages
from services.trials.instruments import Attempt
from services.trials.path import Attendance, Booking, Path, Recommendation, path_id
from services.trials.scope import reaches
from shared.auth import Principal
from shared.errors import NotFound
from shared.moments import LocalTime
from shared.mongo import Document, Mongo
from shared.problem import Answer
from shared.stages import Stages


class AttemptView(Answer):
    """A completed diagnostic with its profile: per scale 0…100."""

    attempt: str
    """Random id."""
    diagnostic: str
    """Code of the diagnostic."""
    time: LocalTime
    """When the pupil completed it, on the region's clock."""
    profile: dict[str, float]
    """Scale → 0 to 100, the percentage of the points that can be attained on it."""


class PathView(Answer):
    """A pupil's way through a season."""

    participant: str
    """Id of the pupil."""
    season: str
    """Code of the season."""
    stages: Stages
    """When each stage was reached."""
    attempts: list[AttemptView]
    """Completed diagnostics, the earliest first."""
    bookings: tuple[Booking, ...]
    """Seats taken, cancelled ones too, in the order of booking."""
    attendances: tuple[Attendance, ...]
    """Attendances confirmed by venues, revoked ones too."""
    recommendation: Recommendation | None
    """The recommendation in force; null before the season's gate opens."""


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
            pupil_document = await self._mongo["participants"].find_one({"_id": participant}, session=session)
            season_document = await self._mongo["seasons"].find_one({"_id": season}, session=session)
            path_document = await self._mongo["paths"].find_one({"_id": id}, session=session)
            below = {"$gte": f"{id}/", "$lt": f"{id}0"}  # "0" follows "/": all keys that begin with the path's id
            attempts = await self._mongo["attempts"].find({"_id": below}, session=session).to_list(None)
        if pupil_document is None or season_document is None:
            raise NotFound("no such participant in this season")
        pupil = Participant.model_validate(_named(pupil_document))
        if season not in pupil.seasons or not reaches(self._who, pupil):
            raise NotFound("no such participant in this season")
        path = Path.model_validate(_named(path_document)) if path_document else Path.new(participant, season)
        return _shown(path, Season.model_validate(_named(season_document)), pupil, map(Attempt.of, attempts))


def _shown(path: Path, season: Season, pupil: Participant, attempts: Any) -> PathView:
    by_time = sorted(attempts, key=lambda attempt: attempt.time)
    return PathView(
        participant=path.participant,
        season=path.season,
        stages=stages(path, season, pupil.seasons[path.season].time),
        attempts=[
            AttemptView(attempt=a.id, diagnostic=a.diagnostic, time=a.time, profile=dict(a.profile)) for a in by_time
        ],
        bookings=path.bookings,
        attendances=path.attendances,
        recommendation=path.recommendation,
    )


def _named(document: Document) -> Document:
    return document | {"id": document["_id"]}
