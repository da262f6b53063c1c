"""The 18th birthday, from which on a pupil decides alone: who gives the consent, and whose cabinets end. Pure."""

from collections.abc import Mapping
from datetime import date, datetime

from services.registration.domain.cabinets import SELF
from services.registration.domain.participants import Participant
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.registration import GuardianUnlinked
from shared.storage.decision import Decision, Happened

AGE = 18
OF_AGE, MINOR = "pupil-of-age", "pupil-minor"
LEAP_DAY = (2, 29)


class Keeping(Input):
    """The pupil's word about a guardian's cabinet."""

    kept: bool
    """True where the guardian's cabinet stays, or may be opened, from the pupil's 18th birthday on."""


def majority(born: date) -> date:
    """Returns the 18th birthday; of who was born on 29 February it is 1 March."""
    year = born.year + AGE
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, 3, 1) if (born.month, born.day) == LEAP_DAY and not is_leap else born.replace(year=year)


def is_of_age(identity: Mapping[str, str] | None, time: datetime) -> bool:
    """Tells whether a pupil of this identity is of age at a time, on the clock of that time.

    Of whom no birth date is known, it is not said.
    """
    born = (identity or {}).get("birth_date")
    return born is not None and majority(date.fromisoformat(born)) <= time.date()


def giver(participant: Participant, named: str | None, of_age: bool) -> str:
    """Returns who gave a consent that staff enter: the one who is named, or the only guardian.

    From the 18th birthday on it is the pupil, whom `self` names. Raises BadInput by the word `guardian`, Conflict where
    no guardian is known.
    """
    if of_age:
        if named != SELF:
            raise BadInput.field("guardian", "must be `self`: the pupil was of age then and gives the consent alone")
        return SELF
    if named == SELF:
        raise BadInput.field("guardian", "must be a guardian: the pupil was not of age then")
    if not participant.guardians:
        raise Conflict("no guardian of this pupil is known who could give consent", slug="guardian-unknown")
    if named is None and len(participant.guardians) > 1:
        raise BadInput.field("guardian", "must name one of the pupil's guardians")
    if named is not None and named not in participant.guardians:
        raise BadInput.field("guardian", "is not a guardian of this pupil")
    return named or participant.guardians[0]


def must_decide(is_pupil: bool, of_age: bool) -> None:
    """Raises Conflict where a guardian would decide for a pupil of age, or a pupil who is not."""
    if is_pupil and not of_age:
        detail = f"a guardian decides about the consent until the pupil's {AGE}th birthday"
        raise Conflict(detail, slug=MINOR)
    if of_age and not is_pupil:
        detail = (
            f"the pupil is {AGE} and decides about the consent alone, in an own cabinet: the school hands out the code"
        )
        raise Conflict(detail, slug=OF_AGE)


def must_be_kept(participant: Participant, guardian: str, of_age: bool, word: str = "code") -> None:
    """Raises Conflict about a word where a guardian would open the cabinet of a pupil of age who does not keep it."""
    if of_age and guardian not in participant.kept:
        detail = f"the pupil is {AGE}: a guardian's cabinet is opened once the pupil keeps it, in an own cabinet"
        raise Conflict.about(word, detail, OF_AGE)


def keep(participant: Participant, guardian: str, kept: bool) -> Decision[Participant]:
    """Notes whether a guardian's cabinet stays from the 18th birthday on; nobody else is told."""
    if (guardian in participant.kept) == kept:
        return Decision(participant)
    others = tuple(known for known in participant.kept if known != guardian)
    state = participant.model_copy(update={"kept": (*others, guardian) if kept else others})
    return Decision(state, quiet=True)


def ended(participant: Participant, time: datetime) -> Decision[Participant]:
    """Closes the cabinets of the guardians whom a pupil of age does not keep; a consent that one gave stays in force.

    The codes that opened them are useless from then on.
    """
    state, happened = participant, list[Happened]()
    fields = participant.place.event_fields(participant.id)
    for guardian, account in participant.linked.items():
        if guardian not in participant.kept:
            event = GuardianUnlinked(**fields, guardian=guardian, account=account, by="platform", reason="of-age")
            happened.append(Happened(event, time))
            linked = {id: known for id, known in state.linked.items() if id != guardian}
            state = state.model_copy(update={"linked": linked}).outdated(guardian)
    return Decision(state, tuple(happened))
