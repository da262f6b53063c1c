"""Reads of a pupil's path, for those who may see it."""

from datetime import datetime

from services.trials.answers.explanations import explained
from services.trials.answers.paths import (
    AttemptView,
    AttendanceView,
    BookingPage,
    BookingView,
    ChangeView,
    PathView,
)
from services.trials.answers.shown import Names, mentioned, shown
from services.trials.copies.participants import Participant
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.path.caller import reaches
from services.trials.domain.path.path_parts import Attendance, Booking
from services.trials.domain.path.paths import Path, overlapping, stages
from services.trials.domain.path.rounds import changes
from services.trials.reads.advice import AdviceReads
from services.trials.reads.names import names
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.family import is_family
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo, Transaction

BOOKINGS = Listing("bookings", {"starts_at": datetime, "id": str})


class PathReads:
    """Reads; reachable only through `within`."""

    def __init__(self, mongo: Mongo, repository: Repository, advised: AdviceReads) -> None:
        self._mongo = mongo
        self._repository = repository
        self._advised = advised

    def within(self, who: Principal) -> "ScopedReads":
        """Returns the reads that `who` may make."""
        return ScopedReads(self._mongo, self._repository, self._advised, who)


class ScopedReads:
    """Reads on behalf of a principal."""

    def __init__(self, mongo: Mongo, repository: Repository, advised: AdviceReads, who: Principal) -> None:
        self._mongo = mongo
        self._repository = repository
        self._advised = advised
        self._who = who

    async def path(self, participant: str, season: str) -> PathView:
        """Returns a pupil's path; raises NotFound outside the scope, where not registered, and for no pupil."""
        async with self._mongo.snapshot() as session:
            pupil, rules, path = await self._walk(participant, season, session)
            of_entries = {"path": {"$in": [entry.id for entry in path.entries]}}
            rows = await self._mongo["attempts"].find(of_entries, session=session).to_list(None)
            asked = await self._repository.instruments({row["diagnostic"] for row in rows}, session)
        attempts = sorted(map(Attempt.of, rows), key=lambda attempt: attempt.time)
        walked = ((BookingView, path.all_bookings), (AttendanceView, path.all_attendances))
        shows = ((AttemptView, attempts), *walked)
        called = await names(self._mongo, mentioned(shows))
        return PathView(
            participant=pupil.id,
            merged_into=None if pupil.id == participant else pupil.id,
            season=season,
            season_name=rules.name,
            stages=stages(path, rules, pupil.seasons[season].time),
            attempts=[_attempt(attempt, asked.get(attempt.diagnostic), called) for attempt in attempts],
            changes=[shown(ChangeView, change, called) for change in changes(attempts)],
            bookings=[_booking(booking, path, called) for booking in path.all_bookings],
            attendances=[
                _attendance(one, is_family(self._who, pupil.accounts), called) for one in path.all_attendances
            ],
            lessons=sorted((one for entry in path.entries for one in entry.lessons), key=lambda one: one.time),
            recommendation=await self._advised.recommendation(path, attempts, pupil.region),
        )

    async def bookings(self, participant: str, season: str, paging: Paging) -> BookingPage:
        """Returns a page of a pupil's bookings; raises NotFound as `path` does."""
        async with self._mongo.snapshot() as session:
            _, _, path = await self._walk(participant, season, session)
        asked = {"participant": participant, "season": season}
        page, onward = BOOKINGS.cut(path.all_bookings, lambda booking: [booking.starts_at, booking.id], paging, asked)
        called = await names(self._mongo, mentioned([(BookingView, page)]))
        return BookingPage(items=[_booking(booking, path, called) for booking in page], next=onward)

    async def _walk(self, participant: str, season: str, session: Transaction) -> tuple[Participant, Season, Path]:
        """Reads a pupil, the rules of a season, and the path through it."""
        found = (await self._repository.copies.joined([participant], session)).get(participant)
        rules = (await self._repository.seasons.load([season], session)).get(season)
        if found is None or rules is None or season not in found.pupil.seasons or not reaches(self._who, found.pupil):
            raise NotFound("no such participant in this season")
        about([found.pupil.id])
        walked = await self._repository.walks([(found, season)], session)
        return found.pupil, rules, walked[0] if walked else Path.new(found.pupil.id, season)


def _attempt(attempt: Attempt, instrument: Instrument | None, called: Names) -> AttemptView:
    scales = explained(instrument, attempt.profile, attempt.version) if instrument else []
    return shown(AttemptView, attempt, called, attempt=attempt.id, scales=scales)


def _attendance(attended: Attendance, is_own: bool, called: Names) -> AttendanceView:
    """Shows an attendance: of one that was taken back nothing that was said, and stars to those alone who gave them."""
    stands = attended.revoked is None
    said = {"feedback": attended.feedback if stands else None, "review": attended.review if stands and is_own else None}
    return shown(AttendanceView, attended, called, **said)


def _booking(booking: Booking, path: Path, called: Names) -> BookingView:
    attended = path.attendance_of(booking.id)
    overlaps = overlapping(path, booking) if booking.is_live else []
    used = {"attendance": attended.id if attended else None, "missed": None if attended else booking.missed}
    return shown(BookingView, booking, called, **used, overlaps=overlaps)
