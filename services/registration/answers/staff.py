"""Staff as they are shown: accounts with their grants, and which of them were put out."""

from datetime import date, datetime

from services.registration.domain.staff import Exclusion, Presence
from shared.base.models import Answer
from shared.http.paging import Page
from shared.identity.grants import Role
from shared.programme.moments import zone


class ExclusionView(Answer):
    """An account that was put out of an organisation."""

    exclusion: str
    """Id of the exclusion."""
    org: str
    """Code of the organisation; what lies below it is meant, too."""
    account: str
    """Id of the account, the same in every service."""
    in_force: bool
    """False once the account was readmitted."""
    at: datetime
    """The time since which it is so, on the region's clock."""
    reason: str | None
    """The reason for which it was put out; null where none was given, and once the account was readmitted."""

    @classmethod
    def of(cls, exclusion: Exclusion, utc_offset: str) -> "ExclusionView":
        """An exclusion as it is now."""
        return cls(
            exclusion=exclusion.id,
            org=exclusion.organisation,
            account=exclusion.account,
            in_force=exclusion.in_force,
            at=exclusion.at.astimezone(zone(utc_offset)),
            reason=exclusion.reason,
        )


class ExclusionDone(ExclusionView):
    """The answer to who puts an account out, or readmits it."""

    new: bool
    """False where it was so already."""


class ExclusionPage(Page[ExclusionView]):
    """A page of the exclusions that are in force."""


class StaffView(Answer):
    """A grant with which an account acted; who it is, the identity provider knows."""

    account: str
    """Id of the account, the same in every service; `GET /registration/me` tells each account its own."""
    own: bool
    """True for the account that asks."""
    role: Role
    """The role that the account's token grants."""
    org: str
    """Code of the organisation, or of its venue, in which the role is held."""
    classes: list[str] | None
    """The classes of a school to which a navigator is narrowed; null for all."""
    first_day: date
    """The local day on which the account first acted with the grant."""
    last_day: date
    """The last of these days."""
    exclusions: list[ExclusionView]
    """The exclusions in force for which the grant counts for nothing, of this organisation and of those above it."""

    @classmethod
    def of(cls, seen: Presence, own: bool, exclusions: list[ExclusionView]) -> "StaffView":
        """A grant that was seen."""
        return cls(
            account=seen.account,
            own=own,
            role=seen.role,
            org=seen.org,
            classes=None if seen.classes is None else list(seen.classes),
            first_day=date.fromisoformat(seen.first),
            last_day=date.fromisoformat(seen.last),
            exclusions=exclusions,
        )


class StaffPage(Page[StaffView]):
    """A page of an organisation's staff, by account."""
