"""What events may say: every field with its privacy mark, frozen here, so that a new one is decided by a person.

A mark says how far a field travels; no mark lets in a name, a birth date or a contact: those belong to the vault.
"""

from shared.contracts.event import Event, Privacy
from shared.contracts.topics import EVENTS

ALLOWED = {
    "account.linked.v1": (
        "public: grade municipality region school school_class",
        "pseudonymous: account participant",
    ),
    "act.paid.v1": ("public: act kopecks number region season venue",),
    "act.signed.v1": (
        "public: act begins ends kopecks number organisation part parts pupils rates region season slots turns venue",
        "pseudonymous: attendances",
    ),
    "attendance.missed.v1": (
        "public: competency exception grade kind municipality region school school_class season slot venue",
        "pseudonymous: booking participant",
    ),
    "attendance.revoked.v1": (
        "public: competency grade kind municipality reason region school school_class season slot",
        "pseudonymous: attendance participant",
    ),
    "lesson.attended.v1": (
        "public: exception grade lesson municipality region school school_class season theme",
        "pseudonymous: attendance participant",
    ),
    "lesson.revoked.v1": (
        "public: grade lesson municipality reason region school school_class season theme",
        "pseudonymous: attendance participant",
    ),
    "feedback.given.v1": (
        "public: competency giver grade kind marks municipality programme region revision school school_class season "
        "slot stars",
        "pseudonymous: attendance participant",
    ),
    "competency.approved.v1": ("public: code name",),
    "consent.given.v1": (
        "public: channel grade municipality region school school_class template until version",
        "pseudonymous: participant",
    ),
    "consent.withdrawn.v1": (
        "public: grade municipality region school school_class",
        "pseudonymous: participant",
    ),
    "diagnostic.completed.v1": (
        "public: diagnostic exception grade municipality region round school school_class season",
        "pseudonymous: attempt participant",
    ),
    "diagnostic.revoked.v1": (
        "public: diagnostic grade municipality reason region round school school_class season",
        "pseudonymous: attempt participant",
    ),
    "guardian.linked.v1": (
        "public: grade municipality region school school_class",
        "pseudonymous: account guardian participant",
    ),
    "account.unlinked.v1": (
        "public: by grade municipality region school school_class",
        "pseudonymous: account participant",
    ),
    "guardian.erased.v1": (
        "public: act grade municipality region school school_class",
        "pseudonymous: account guardian participant",
    ),
    "actor.erased.v1": (
        "public: act grade municipality region rows school school_class",
        "pseudonymous: guardian participant",
    ),
    "reader.erased.v1": (
        "public: act grade municipality region rows school school_class",
        "pseudonymous: guardian participant",
    ),
    "guardian.unlinked.v1": (
        "public: by grade municipality reason region school school_class",
        "pseudonymous: account guardian participant",
    ),
    "staff.excluded.v1": ("public: organisation region", "pseudonymous: account"),
    "staff.readmitted.v1": ("public: organisation region", "pseudonymous: account"),
    "target.set.v1": ("public: municipality organisation parents pupils region year",),
    "organisation.closed.v1": ("public: code into kind municipality region",),
    "organisation.defined.v1": ("public: clocks code inn kind level municipality name ogrn parent region utc_offset",),
    "participant.archived.v1": (
        "public: grade municipality reason region school school_class",
        "pseudonymous: participant",
    ),
    "participant.erased.v1": (
        "public: act grade municipality region school school_class",
        "pseudonymous: account participant",
    ),
    "path.erased.v1": (
        "public: act grade municipality region rows school school_class",
        "pseudonymous: participant",
    ),
    "family.erased.v1": (
        "public: act grade municipality region rows school school_class",
        "pseudonymous: participant",
    ),
    "participant.moved.v1": (
        "public: from_grade from_municipality from_region from_school from_school_class grade municipality region"
        " school school_class to_grade to_municipality to_region to_school to_school_class",
        "pseudonymous: participant",
    ),
    "participant.promoted.v1": (
        "public: from_grade from_municipality from_region from_school from_school_class grade municipality region"
        " school school_class to_grade to_municipality to_region to_school to_school_class year",
        "pseudonymous: participant",
    ),
    "participant.merged.v1": (
        "public: grade municipality other_region region role school school_class",
        "pseudonymous: other participant",
    ),
    "participant.unmerged.v1": (
        "public: grade municipality other_region region role school school_class",
        "pseudonymous: other participant",
    ),
    "participant.restored.v1": (
        "public: grade municipality region school school_class",
        "pseudonymous: participant",
    ),
    "participant.registered.v1": (
        "public: exception grade municipality region school school_class season",
        "pseudonymous: participant",
        "sensitive: disability",
    ),
    "quota.moved.v1": ("public: amount entry giver organisation region season unit venue",),
    "quota.set.v1": ("public: added entry season unit value",),
    "recommendation.issued.v1": (
        "public: competencies grade municipality region revised_at revision school school_class season",
        "pseudonymous: participant recommendation",
    ),
    "recommendation.withdrawn.v1": (
        "public: grade municipality region replaced school school_class season",
        "pseudonymous: participant recommendation",
    ),
    "season.corrected.v1": ("public: revision season",),
    "season.closed.v1": ("public: season",),
    "season.revised.v1": ("public: bookings_at_once days_ahead deadlines notice season since texts",),
    "season.defined.v1": (
        "public: attempts_per_round closes diagnostics grades name opens quota_unit quotas_bind "
        "recommendation_gate season second_round tested_by trials_required",
    ),
    "slot.closed.v1": ("public: reason region season slot venue",),
    "slot.moved.v1": ("public: from_minutes from_starts_at minutes region season slot starts_at venue",),
    "slot.opened.v1": (
        "public: accessibility capacity competency grades kind minutes programme region season slot starts_at venue",
    ),
    "slot.resized.v1": ("public: capacity region season slot venue",),
    "trial.attended.v1": (
        "public: competency exception grade kind municipality region school school_class season slot source venue",
        "pseudonymous: attendance booking participant",
    ),
    "trial.booked.v1": (
        "public: competency confirm_by exception grade kind minutes municipality region school school_class season "
        "slot source starts_at venue",
        "pseudonymous: booking participant",
    ),
    "trial.cancelled.v1": (
        "public: competency grade kind municipality reason region school school_class season slot",
        "pseudonymous: booking participant",
    ),
    "trial.moved.v1": (
        "public: competency from_minutes from_starts_at grade kind minutes municipality region school school_class "
        "season slot starts_at venue",
        "pseudonymous: booking participant",
    ),
    "programme.defined.v1": (
        "public: competency criteria environment format grades level minutes name needs organisation places programme"
        " region",
    ),
    "venue.registered.v1": (
        "public: accessibility address address_municipality capacity expects grades municipality name organisation"
        " region registry season venue",
    ),
    "venue.withdrawn.v1": ("public: municipality organisation region season venue",),
}


def marks(event: type[Event]) -> tuple[str, ...]:
    """An event's fields by their mark."""
    by_mark = {mark: sorted(n for n, f in event.model_fields.items() if mark in f.metadata) for mark in Privacy}
    return tuple(f"{mark.value}: {' '.join(names)}" for mark, names in by_mark.items() if names)


def test_events_say_nothing_that_was_not_decided() -> None:
    assert {type: marks(event) for type, event in EVENTS.items()} == ALLOWED
