"""The consent on a line of a roster: who gave it, whether it can be one, and what is kept of it. Pure."""

from collections.abc import Iterator

from services.registration.domain.cabinets import SELF
from services.registration.domain.majority import is_of_age
from services.registration.domain.participants import Consent
from services.registration.domain.roster_entries import ConsentEntry, GuardianEntry, PupilEntry
from services.registration.domain.rosters import Intake
from services.registration.domain.school_ages import is_of_school_age
from shared.base.errors import BadInput, FieldError
from shared.programme.moments import zone
from shared.programme.texts import ref_key


def giver_of(entry: PupilEntry) -> GuardianEntry | None:
    """Returns the guardian who gave the consent of a line; None where nobody of the line did."""
    if entry.consent is None or entry.consent.guardian is None:
        return None if entry.consent is not None and entry.consent.by_pupil else next(iter(entry.named), None)
    key = ref_key(entry.consent.guardian)
    return next((guardian for guardian in entry.named if ref_key(guardian.ref) == key), None)


def consent_faults(intake: Intake, entry: PupilEntry, consent: ConsentEntry) -> Iterator[FieldError]:
    """Yields why a consent cannot be that of its line."""
    if giver_of(entry) is None and not consent.by_pupil:
        word = "consent/guardian" if consent.guardian else "consent"
        yield FieldError(word, "names no giver: the guardian is missing")
    is_pupil_s_age = is_of_school_age(entry.birth_date, intake.occurred_at.date())
    local = consent.given_at.astimezone(zone(intake.place.utc_offset))
    of_age = is_pupil_s_age and is_of_age(entry.identity, local)
    if of_age and not consent.by_pupil:
        yield FieldError("consent/by_pupil", "must be true: the pupil was of age then and gives the consent alone")
    if consent.by_pupil and (consent.guardian is not None or not of_age):
        why = "names a guardian too" if consent.guardian is not None else "is true of one who was not of age then"
        yield FieldError("consent/by_pupil", why)
    if consent.given_at > intake.now:
        yield FieldError("consent/given_at", "is in the future")
        return
    try:
        consent_of(intake, entry, "")
    except BadInput as refused:
        yield from refused.errors


def consent_of(intake: Intake, entry: PupilEntry, guardian: str) -> Consent | None:
    """Returns the consent of a line that a guardian gave, or the pupil; None where the line has none.

    Raises BadInput where it does not fit the region's templates.
    """
    said = entry.consent
    if said is None:
        return None
    given = said.given_at.astimezone(zone(intake.place.utc_offset))
    try:
        agreed = intake.templates.agreed(said, said.channel, intake.place.region, [intake.season.code], given)
    except BadInput as refused:
        raise refused.moved(lambda word: f"consent/{word}") from refused
    return Consent(
        version=agreed.version,
        channel=said.channel,
        given_at=given,
        guardian=SELF if said.by_pupil else guardian,
        template=agreed.template,
        register_number=said.register_number,
        until=agreed.until,
    )
