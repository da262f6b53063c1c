"""One valid event of each kind that tests need; they change only what the test is about."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from shared.contracts import guardians, lessons, notifications, organisations, quotas, registration, trials, venues
from shared.contracts.event import Envelope, Event

ROSTOV = timezone(timedelta(hours=3))
PLACE: Mapping[str, Any] = {
    "region": "RU-ROS",
    "municipality": "RU-ROS-001",
    "school": "RU-ROS-001-S01",
    "school_class": "7А",
    "grade": 7,
}


def at(day: str, hour: int = 10) -> datetime:
    """A local time in Rostov: `at("2020-09-14")`."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=ROSTOV)


def enveloped(event: Event, sequence: int = 1, time: datetime | None = None) -> Envelope:
    """The event as its service would have numbered it."""
    padded = f"{sequence:010d}"
    when = time or at("2020-09-14")
    return Envelope(
        f"{event.subject}:{padded}", f"/{event.topic.split('.')[0]}", event.subject, padded, when, when, event
    )


def registered(participant: str = "p1", season: str = "2020", **changed: Any) -> registration.ParticipantRegistered:
    return registration.ParticipantRegistered(**{**PLACE, "participant": participant, "season": season, **changed})


def guardian_linked(participant: str = "p1", guardian: str = "g1", **changed: Any) -> registration.GuardianLinked:
    return registration.GuardianLinked(
        **{**PLACE, "participant": participant, "guardian": guardian, "account": f"a-{guardian}", **changed}
    )


def moved(participant: str = "p1", to: Mapping[str, Any] = PLACE, **changed: Any) -> registration.ParticipantMoved:
    """A move from the usual place to another; by now the pupil is where it leads, unless `changed` says otherwise."""
    sides = {f"{side}_{name}": value for side, place in (("from", PLACE), ("to", to)) for name, value in place.items()}
    return registration.ParticipantMoved(**{**to, "participant": participant, **sides, **changed})


def promoted(
    participant: str = "p1", to: Mapping[str, Any] = PLACE, **changed: Any
) -> registration.ParticipantPromoted:
    """A promotion from the usual place to another, as `moved` is a move."""
    return registration.ParticipantPromoted(**{**moved(participant, to).model_dump(), "year": "2020", **changed})


def merged(participant: str = "p1", other: str = "p2", role: str = "survivor", **changed: Any) -> Event:
    fields = {**PLACE, "participant": participant, "other": other, "role": role, "other_region": PLACE["region"]}
    return registration.ParticipantMerged(**{**fields, **changed})


def unmerged(participant: str = "p1", other: str = "p2", role: str = "survivor", **changed: Any) -> Event:
    return registration.ParticipantUnmerged(**merged(participant, other, role, **changed).model_dump())


def archived(participant: str = "p1", reason: str = "left", **changed: Any) -> registration.ParticipantArchived:
    return registration.ParticipantArchived(**{**PLACE, "participant": participant, "reason": reason, **changed})


def restored(participant: str = "p1", **changed: Any) -> registration.ParticipantRestored:
    return registration.ParticipantRestored(**{**PLACE, "participant": participant, **changed})


def erased(participant: str = "p1", act: str = "2020-10-10-act", **changed: Any) -> registration.ParticipantErased:
    return registration.ParticipantErased(**{**PLACE, "participant": participant, "act": act, **changed})


def guardian_erased(participant: str = "p1", guardian: str = "g1", **changed: Any) -> guardians.GuardianErased:
    fields = {**PLACE, "participant": participant, "guardian": guardian, "account": f"a-{guardian}"}
    return guardians.GuardianErased(**{**fields, "act": "2020-10-10-act", **changed})


def family_erased(participant: str = "p1", **changed: Any) -> notifications.FamilyErased:
    fields = {**PLACE, "participant": participant, "act": f"act-{participant}", "rows": {"families": 1}}
    return notifications.FamilyErased(**{**fields, **changed})


def guardian_unlinked(participant: str = "p1", guardian: str = "g1", **changed: Any) -> registration.GuardianUnlinked:
    fields = {**PLACE, "participant": participant, "guardian": guardian, "account": f"a-{guardian}", "by": "staff"}
    return registration.GuardianUnlinked(**{**fields, **changed})


def region(code: str = "RU-ROS") -> organisations.OrganisationDefined:
    return organisations.OrganisationDefined(
        code=code, kind="region", name="Ростовская область", parent="RU", region=code, utc_offset="+03:00"
    )


def municipality(code: str = "RU-ROS-001", name: str = "Аксайский район") -> organisations.OrganisationDefined:
    parent = code.rsplit("-", 1)[0]
    return organisations.OrganisationDefined(
        code=code, kind="municipality", name=name, parent=parent, region=parent, municipality=code, utc_offset="+03:00"
    )


def school(code: str = "RU-ROS-001-S01", name: str = "Школа № 1") -> organisations.OrganisationDefined:
    parent = code.rsplit("-", 1)[0]
    place = {"region": parent.rsplit("-", 1)[0], "municipality": parent}
    return organisations.OrganisationDefined(
        code=code, kind="school", name=name, parent=parent, **place, utc_offset="+03:00"
    )


def season(code: str = "2020", **changed: Any) -> trials.SeasonDefined:
    rules: dict[str, Any] = {
        "season": code,
        "name": "Сезон 2020",
        "opens": "2020-07-07",
        "closes": "2020-12-16",
        "grades": (6, 11),
        "diagnostics": ("readiness", "interests"),
        "trials_required": 2,
        "recommendation_gate": "after-all-stages",
    }
    return trials.SeasonDefined(**{**rules, **changed})


def season_closed(code: str = "2020") -> trials.SeasonClosed:
    return trials.SeasonClosed(season=code)


def competency(code: str = "gov", name: str = "Государственное управление") -> venues.CompetencyApproved:
    return venues.CompetencyApproved(code=code, name=name)


def diagnosed(participant: str = "p1", diagnostic: str = "readiness", **changed: Any) -> trials.DiagnosticCompleted:
    fields = {**PLACE, "participant": participant, "season": "2020", "diagnostic": diagnostic}
    return trials.DiagnosticCompleted(**{**fields, "attempt": f"{participant}-{diagnostic}", **changed})


def undone(participant: str = "p1", diagnostic: str = "readiness", **changed: Any) -> trials.DiagnosticRevoked:
    said = diagnosed(participant, diagnostic).model_dump(exclude={"exception"})
    return trials.DiagnosticRevoked(**{**said, **changed})


def booked(participant: str = "p1", slot: str = "s1", **changed: Any) -> trials.TrialBooked:
    fields = {**PLACE, "participant": participant, "season": "2020", "slot": slot, "booking": f"b-{participant}-{slot}"}
    return trials.TrialBooked(**{**fields, "venue": "V1", "competency": "gov", "kind": "trial", **changed})


def cancelled(participant: str = "p1", slot: str = "s1", **changed: Any) -> trials.TrialCancelled:
    fields = {**PLACE, "participant": participant, "season": "2020", "slot": slot, "booking": f"b-{participant}-{slot}"}
    return trials.TrialCancelled(**{**fields, "competency": "gov", "kind": "trial", **changed})


def attended(participant: str = "p1", slot: str = "s1", **changed: Any) -> trials.TrialAttended:
    fields = {**PLACE, "participant": participant, "season": "2020", "slot": slot, "booking": f"b-{participant}-{slot}"}
    fields |= {"attendance": f"t-{participant}-{slot}", "venue": "V1", "competency": "gov", "kind": "trial"}
    return trials.TrialAttended(**{**fields, "source": "list", **changed})


def missed(participant: str = "p1", slot: str = "s1", **changed: Any) -> trials.AttendanceMissed:
    fields = {**PLACE, "participant": participant, "season": "2020", "slot": slot, "booking": f"b-{participant}-{slot}"}
    return trials.AttendanceMissed(**{**fields, "venue": "V1", "competency": "gov", "kind": "trial", **changed})


def revoked(participant: str = "p1", slot: str = "s1", **changed: Any) -> trials.AttendanceRevoked:
    fields = {**PLACE, "participant": participant, "season": "2020", "slot": slot}
    fields |= {"attendance": f"t-{participant}-{slot}", "competency": "gov", "kind": "trial"}
    return trials.AttendanceRevoked(**{**fields, **changed})


def quota_moved(entry: str, giver: str, organisation: str, amount: int, venue: str | None = None) -> quotas.QuotaMoved:
    said = {"season": "2020", "entry": entry, "unit": "attendance", "region": PLACE["region"], "giver": giver}
    return quotas.QuotaMoved(**said, organisation=organisation, venue=venue, amount=amount)


def lesson(participant: str = "p1", lesson: str = "l1", **changed: Any) -> lessons.LessonAttended:
    fields = {**PLACE, "participant": participant, "season": "2020", "attendance": f"l-{participant}-{lesson}"}
    return lessons.LessonAttended(**{**fields, "lesson": lesson, "theme": "4", **changed})


def unheld(participant: str = "p1", lesson: str = "l1", **changed: Any) -> lessons.LessonRevoked:
    fields = {**PLACE, "participant": participant, "season": "2020", "attendance": f"l-{participant}-{lesson}"}
    return lessons.LessonRevoked(**{**fields, "lesson": lesson, "theme": "4", **changed})


def withdrawn(participant: str = "p1", **changed: Any) -> trials.RecommendationWithdrawn:
    fields = {**PLACE, "participant": participant, "season": "2020", "recommendation": f"r-{participant}"}
    return trials.RecommendationWithdrawn(**{**fields, **changed})


def recommended(participant: str = "p1", **changed: Any) -> trials.RecommendationIssued:
    fields = {**PLACE, "participant": participant, "season": "2020", "recommendation": f"r-{participant}"}
    return trials.RecommendationIssued(**{**fields, "competencies": ("gov",), **changed})
