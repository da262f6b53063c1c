"""Acts of destruction as operators see them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from services.registration.domain.erasure import SERVICES, Act, Requester, Service
from shared.base.models import Answer
from shared.contracts.registration import ConsentChannel
from shared.http.paging import Page
from shared.programme.moments import zone

KEPT_OF_GUARDIANS = (
    "Consents that the guardian gave stay in force, without a giver, until they are withdrawn: by another guardian, or "
    "by the school for one who says so. "
)
KEPT = (
    "Facts of the pupil's path stay in the log and in sums, under random ids from which nothing leads to a person, "
    "and keyed hashes of accounts. "
)
APART = "A backup of the vault that was made since keys lie apart opens nothing; those of keys are kept {days} days."
INLINE = "Backups of the vault hold the keys too, and are readable until they are gone."


class ProofView(Answer):
    """The proof that a consent was given."""

    version: str
    """Version of the document that was consented to."""
    channel: ConsentChannel
    """The way in which it was given."""
    given_at: datetime
    """The time when it was given, on the region's clock."""
    withdrawn_at: datetime | None
    """The time when it was withdrawn; null where it was not."""
    template: str | None
    """SHA-256 of the text that was consented to; null where the region had no template."""
    register_number: str | None
    """Number under which the school keeps it on paper; null where none was said."""
    until: datetime | None
    """The time from which on it was in force no longer; null where it had no term."""


class ClearedView(Answer):
    """The answer of one service."""

    service: Service
    """The service that has cleared what it had."""
    at: datetime
    """The time when it had."""
    rows: Mapping[str, int]
    """The rows that were destroyed or emptied, by collection."""


class ActView(Answer):
    """An act of destruction; it lists what was answered, and nothing that was only asked for."""

    number: str
    """Number of the act."""
    state: Literal["open", "closed"]
    """`closed` once every service has answered."""
    erased_at: datetime
    """The time of the erasure, on the region's clock."""
    closed_at: datetime | None
    """The time of the last answer; null while the act is open."""
    overdue: bool
    """True for an act that is open an hour after the erasure: a service stands still."""
    person: Literal["pupil", "guardian"]
    """The kind of person who was erased."""
    requested_by: Requester
    """`staff`, the `guardian` herself, or `retention`: the job that erases whose time is over."""
    region: str | None
    """Code of the region in which the pupil learnt; of a guardian, null where her children are in several."""
    municipality: str | None
    """Code of the municipality, alike."""
    school: str | None
    """Code of the school, alike."""
    cleared: list[ClearedView]
    """The services that have answered."""
    waiting: list[Service]
    """The services that have not."""
    consents: list[ProofView]
    """The consents that were given, as proof; the givers are erased."""
    kept: str
    """What stays, in words."""

    @classmethod
    def of(cls, act: Act, now: datetime) -> "ActView":
        """One act as it is now."""
        local = zone(act.place.utc_offset)
        closed = act.closed_at
        return cls(
            number=act.id,
            state="closed" if closed else "open",
            erased_at=act.erased_at.astimezone(local),
            closed_at=closed and closed.astimezone(local),
            overdue=act.is_overdue(now),
            person="pupil" if act.participant else "guardian",
            requested_by=act.requested_by,
            region=act.place.region or None,
            municipality=act.place.municipality or None,
            school=act.place.school or None,
            cleared=[
                ClearedView(service=name, at=act.cleared[name].at.astimezone(local), rows=act.cleared[name].rows)
                for name in SERVICES
                if name in act.cleared and name not in act.waiting
            ],
            waiting=act.waiting,
            consents=[
                ProofView(
                    version=proof.version,
                    channel=proof.channel,
                    given_at=proof.given_at.astimezone(local),
                    withdrawn_at=proof.withdrawn_at and proof.withdrawn_at.astimezone(local),
                    template=proof.template,
                    register_number=proof.register_number,
                    until=proof.until and proof.until.astimezone(local),
                )
                for proof in act.consents
            ],
            kept=("" if act.participant else KEPT_OF_GUARDIANS)
            + KEPT
            + (APART.format(days=act.key_backup_days) if act.keys_apart else INLINE),
        )


class ActPage(Page[ActView]):
    """A page of acts, in order of their numbers, which begin with the day of the erasure."""


class GuardianErasures(Answer):
    """The answer to a guardian who erases herself."""

    acts: list[ActView]
    """An act for each id that schools gave her; none where no cabinet is open, as after an erasure."""

    @classmethod
    def of(cls, acts: Iterable[Act], now: datetime) -> "GuardianErasures":
        """The acts as they are now."""
        return cls(acts=[ActView.of(act, now) for act in acts])


class Erased(Answer):
    """The answer to an erasure."""

    act: ActView
    """The act; it is open until every service has answered."""
