"""One valid, realistic sample of every event: the story of one pupil of one season, in the order of life."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from shared.contracts.event import Envelope, Event
from shared.contracts.guardians import ActorErased, GuardianErased, ReaderErased
from shared.contracts.notifications import FamilyErased
from shared.contracts.organisations import OrganisationClosed, OrganisationDefined
from shared.contracts.payment_samples import payments
from shared.contracts.quota_samples import QUOTAS
from shared.contracts.registration import (
    AccountLinked,
    AccountUnlinked,
    ConsentGiven,
    ConsentWithdrawn,
    GuardianLinked,
    GuardianUnlinked,
    ParticipantArchived,
    ParticipantErased,
    ParticipantMerged,
    ParticipantMoved,
    ParticipantPromoted,
    ParticipantRegistered,
    ParticipantRestored,
    ParticipantUnmerged,
)
from shared.contracts.revisions import SeasonCorrected
from shared.contracts.staff import StaffExcluded, StaffReadmitted
from shared.contracts.targets import TargetSet
from shared.contracts.terms import SeasonRevised
from shared.contracts.timetables import SlotClosed, SlotMoved, SlotResized, TrialMoved
from shared.contracts.topics import TOPICS
from shared.contracts.trials import (
    AttendanceMissed,
    AttendanceRevoked,
    DiagnosticCompleted,
    DiagnosticRevoked,
    PathErased,
    RecommendationIssued,
    RecommendationWithdrawn,
    SeasonClosed,
    SeasonDefined,
    SlotOpened,
    TrialAttended,
    TrialBooked,
    TrialCancelled,
)
from shared.contracts.venue_samples import MOSCOW, SEASON, VENUE, VENUES
from shared.contracts.venues import CompetencyApproved
from shared.contracts.walk_samples import beside

ACCOUNT, GUARDIAN_ACCOUNT = "tUE1wFqeXW3vyRzMbCk0Ag", "hP0d2sJk8YlqVn4Rf7TzGQ"
STAFF: Mapping[str, Any] = MappingProxyType(
    {"account": "wJ5tLc0mQ9eRkS2vXa7ZbA", "organisation": "RU-ROS-001-S03", "region": "RU-ROS"}
)
ATTENDANCE, BOOKING, RECOMMENDATION = "Zk3vQ1mB8tLrYw2H", "pX7cN5dJ0aVgSe9U", "mR4uF6hK1oTiWy8B"
ACT = "2021-09-02-Hs5jW2kQ"
SLOT = "Wn8sD2fG5hJkLq3Z"
PUPIL: Mapping[str, Any] = MappingProxyType(
    {
        "participant": "q7Vd3XsN0pLzRt5K",
        "region": "RU-ROS",
        "municipality": "RU-ROS-001",
        "school": "RU-ROS-001-S03",
        "school_class": "8Б",
        "grade": 8,
    }
)
MOVED: Mapping[str, Any] = MappingProxyType({**PUPIL, "school": "RU-ROS-001-S07", "school_class": "8В"})
PROMOTED: Mapping[str, Any] = MappingProxyType({**MOVED, "school_class": "9В", "grade": 9})
MERGE: Mapping[str, Any] = MappingProxyType({"role": "survivor", "other": "cL9wE2yT6bRk4mQa", "other_region": "RU-ROS"})


def _sides(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{side}_{name}": value
        for side, place in (("from", before), ("to", after))
        for name, value in place.items()
        if name != "participant"
    }


TRIAL: Mapping[str, Any] = MappingProxyType({"slot": SLOT, "competency": "cooking", "kind": "trial"})
OPEN: Mapping[str, Any] = MappingProxyType({"slot": SLOT, "venue": VENUE, "season": SEASON, "region": "RU-ROS"})
BEFORE: Mapping[str, Any] = MappingProxyType(
    {"starts_at": datetime(2020, 10, 12, 14, 30, tzinfo=MOSCOW), "minutes": 90}
)
TIMES: Mapping[str, Any] = MappingProxyType(
    {
        "starts_at": datetime(2020, 10, 12, 15, 30, tzinfo=MOSCOW),
        "minutes": 90,
        **{f"from_{name}": value for name, value in BEFORE.items()},
    }
)

_STORY: tuple[tuple[datetime, Event], ...] = (
    *VENUES,
    *payments(ATTENDANCE, SLOT),
    (
        datetime(2020, 7, 1, 9, 0, tzinfo=MOSCOW),
        OrganisationDefined(
            code="RU-ROS-001-S03",
            kind="school",
            name="Аксайская школа № 3",
            parent="RU-ROS-001",
            region="RU-ROS",
            municipality="RU-ROS-001",
            utc_offset="+03:00",
            level="main",
            inn="6102000018",
            ogrn="1026100000013",
        ),
    ),
    (
        datetime(2020, 7, 1, 9, 30, tzinfo=MOSCOW),
        TargetSet(
            organisation="RU-ROS-001",
            region="RU-ROS",
            municipality="RU-ROS-001",
            year="2020",
            pupils=1_200,
            parents=300,
        ),
    ),
    (
        datetime(2020, 7, 1, 10, 0, tzinfo=MOSCOW),
        SeasonDefined(
            season=SEASON,
            name="Билет в будущее 2020",
            opens=date(2020, 7, 7),
            closes=date(2020, 12, 16),
            grades=(6, 11),
            diagnostics=("readiness", "interests"),
            trials_required=2,
            recommendation_gate="after-all-stages",
            second_round=date(2020, 11, 1),
            attempts_per_round=1,
            quotas_bind=True,
        ),
    ),
    *QUOTAS,
    (
        datetime(2020, 9, 1, 9, 0, tzinfo=UTC),
        SeasonRevised(
            season=SEASON,
            since=date(2020, 9, 7),
            bookings_at_once=3,
            days_ahead=30,
            notice={"family": 24, "school": 4},
            deadlines={"diagnostics": date(2020, 11, 30)},
            texts={"on-the-day": {"ru": "Возьмите сменную обувь.", "en": "Bring indoor shoes."}},
        ),
    ),
    (datetime(2020, 12, 20, 12, 0, tzinfo=UTC), SeasonClosed(season=SEASON)),
    (datetime(2021, 1, 20, 12, 0, tzinfo=UTC), SeasonCorrected(season=SEASON, revision=1)),
    (datetime(2020, 7, 2, 10, 0, tzinfo=MOSCOW), CompetencyApproved(code="cooking", name="Поварское дело")),
    (
        datetime(2020, 9, 28, 16, 0, tzinfo=MOSCOW),
        SlotOpened(
            **OPEN,
            competency="cooking",
            kind="trial",
            **BEFORE,
            capacity=12,
            grades=(8, 9),
            accessibility=("hearing",),
            programme="hot-kitchen",
        ),
    ),
    (datetime(2020, 9, 7, 10, 15, tzinfo=MOSCOW), ParticipantRegistered(**PUPIL, season=SEASON)),
    (
        datetime(2020, 9, 7, 10, 15, tzinfo=MOSCOW),
        ConsentGiven(
            **PUPIL,
            version="2020-1",
            channel="paper",
            until=datetime(2020, 12, 17, 0, 0, tzinfo=MOSCOW),
            template="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
    ),
    (datetime(2020, 9, 8, 12, 40, tzinfo=MOSCOW), AccountLinked(**PUPIL, account=ACCOUNT)),
    (
        datetime(2020, 9, 8, 19, 5, tzinfo=MOSCOW),
        GuardianLinked(**PUPIL, guardian="Yb6nE4rT9uIoPa1S", account=GUARDIAN_ACCOUNT),
    ),
    (
        datetime(2020, 9, 21, 11, 35, tzinfo=MOSCOW),
        DiagnosticCompleted(**PUPIL, season=SEASON, diagnostic="interests", attempt="Kd5gH7jL2zXcVb8N"),
    ),
    (
        datetime(2020, 10, 1, 13, 20, tzinfo=MOSCOW),
        TrialBooked(**PUPIL, season=SEASON, booking=BOOKING, venue=VENUE, **TRIAL, **BEFORE),
    ),
    (
        datetime(2020, 10, 5, 8, 50, tzinfo=MOSCOW),
        TrialCancelled(**PUPIL, season=SEASON, booking="aQ2wS4eD6rF8tG0Y", **TRIAL, reason="asked"),
    ),
    (datetime(2020, 10, 6, 9, 0, tzinfo=MOSCOW), SlotResized(**OPEN, capacity=14)),
    (datetime(2020, 10, 7, 9, 0, tzinfo=MOSCOW), SlotMoved(**OPEN, **TIMES)),
    (
        datetime(2020, 10, 7, 9, 0, tzinfo=MOSCOW),
        TrialMoved(**PUPIL, season=SEASON, booking=BOOKING, venue=VENUE, **TRIAL, **TIMES),
    ),
    (
        datetime(2020, 10, 5, 16, 0, tzinfo=MOSCOW),
        AttendanceMissed(**PUPIL, season=SEASON, booking="kM3nB5vC7xZ9aS1D", venue=VENUE, **TRIAL),
    ),
    (
        datetime(2020, 10, 12, 16, 0, tzinfo=MOSCOW),
        TrialAttended(
            **PUPIL, season=SEASON, attendance=ATTENDANCE, booking=BOOKING, venue=VENUE, source="qr", **TRIAL
        ),
    ),
    (
        datetime(2020, 10, 12, 16, 0, tzinfo=MOSCOW),
        RecommendationIssued(
            **PUPIL, season=SEASON, recommendation=RECOMMENDATION, competencies=("cooking", "nursing", "gov")
        ),
    ),
    (
        datetime(2020, 10, 13, 9, 30, tzinfo=MOSCOW),
        AttendanceRevoked(**PUPIL, season=SEASON, attendance=ATTENDANCE, **TRIAL),
    ),
    (
        datetime(2020, 10, 13, 9, 30, tzinfo=MOSCOW),
        RecommendationWithdrawn(**PUPIL, season=SEASON, recommendation=RECOMMENDATION),
    ),
    (datetime(2020, 10, 13, 9, 45, tzinfo=MOSCOW), SlotClosed(**OPEN, reason="frost")),
    (datetime(2020, 11, 2, 18, 10, tzinfo=MOSCOW), ConsentWithdrawn(**PUPIL)),
    (
        datetime(2020, 11, 2, 18, 15, tzinfo=MOSCOW),
        DiagnosticRevoked(**PUPIL, season=SEASON, diagnostic="readiness", attempt="Wt6yU8iO0pAsDf2G", round=2),
    ),
    *beside(PUPIL, ATTENDANCE, TRIAL),
    (datetime(2020, 11, 5, 9, 0, tzinfo=MOSCOW), ParticipantMoved(**MOVED, **_sides(PUPIL, MOVED))),
    (
        datetime(2020, 11, 9, 12, 0, tzinfo=MOSCOW),
        GuardianUnlinked(**MOVED, guardian="Yb6nE4rT9uIoPa1S", account=GUARDIAN_ACCOUNT, by="staff"),
    ),
    (datetime(2020, 11, 9, 12, 5, tzinfo=MOSCOW), AccountUnlinked(**MOVED, account=ACCOUNT, by="family")),
    (datetime(2020, 11, 16, 10, 0, tzinfo=MOSCOW), ParticipantArchived(**MOVED, reason="left")),
    (datetime(2020, 11, 17, 10, 0, tzinfo=MOSCOW), ParticipantRestored(**MOVED)),
    (datetime(2020, 11, 18, 10, 0, tzinfo=MOSCOW), ParticipantMerged(**MOVED, **MERGE)),
    (datetime(2020, 11, 19, 10, 0, tzinfo=MOSCOW), ParticipantUnmerged(**MOVED, **MERGE)),
    (
        datetime(2021, 9, 1, 9, 0, tzinfo=MOSCOW),
        ParticipantPromoted(**PROMOTED, **_sides(MOVED, PROMOTED), year="2021"),
    ),
    (
        datetime(2021, 9, 2, 15, 0, tzinfo=MOSCOW),
        GuardianErased(**PROMOTED, guardian="Yb6nE4rT9uIoPa1S", account=GUARDIAN_ACCOUNT, act=ACT),
    ),
    (
        datetime(2021, 9, 2, 15, 0, tzinfo=MOSCOW),
        ActorErased(**PROMOTED, guardian="Yb6nE4rT9uIoPa1S", act=ACT, rows={"participants_2": 1, "paths": 1}),
    ),
    (
        datetime(2021, 9, 2, 15, 0, tzinfo=MOSCOW),
        ReaderErased(**PROMOTED, guardian="Yb6nE4rT9uIoPa1S", act=ACT, rows={"families": 1}),
    ),
    (
        datetime(2021, 9, 2, 15, 0, tzinfo=MOSCOW),
        ParticipantErased(**PROMOTED, account=ACCOUNT, act=ACT),
    ),
    (datetime(2021, 9, 2, 15, 0, tzinfo=MOSCOW), PathErased(**PROMOTED, act=ACT, rows={"attempts": 2})),
    (datetime(2021, 9, 2, 15, 0, tzinfo=MOSCOW), FamilyErased(**PROMOTED, act=ACT, rows={"families": 1, "notices": 9})),
    (datetime(2021, 10, 4, 17, 30, tzinfo=MOSCOW), StaffExcluded(**STAFF)),
    (datetime(2021, 10, 5, 9, 0, tzinfo=MOSCOW), StaffReadmitted(**STAFF)),
    (
        datetime(2021, 12, 31, 18, 0, tzinfo=MOSCOW),
        OrganisationClosed(
            code="RU-ROS-001-S03", kind="school", region="RU-ROS", municipality="RU-ROS-001", into="RU-ROS-001-S07"
        ),
    ),
)


def envelopes() -> dict[str, Envelope]:
    """Each event's sample by its type, numbered per subject and recorded two seconds after it happened."""
    owner = {event.type: topic.owner for topic in TOPICS for event in topic.events}
    last: dict[str, int] = {}
    samples = {}
    for time, event in _STORY:
        last[event.subject] = last.get(event.subject, 0) + 1
        sequence = f"{last[event.subject]:010d}"
        samples[event.type] = Envelope(
            id=f"{event.subject}:{sequence}",
            source=f"/{owner[event.type]}",
            subject=event.subject,
            sequence=sequence,
            time=time,
            recordedtime=(time + timedelta(seconds=2)).astimezone(UTC),
            event=event,
        )
    return samples
