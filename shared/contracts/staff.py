"""Events of staff who were put out of an organisation: registration decides, and every service refuses their grants."""

from typing_extensions import override

from shared.contracts.codes import RegionOfEvent
from shared.contracts.event import Event, Pseudonymous, Public


class StaffChange(Event):
    """A change of who may act in an organisation; the latest of an account in an organisation holds."""

    topic = "registration.catalogue.v1"

    account: Pseudonymous[str]
    """Keyed hash of the identity provider's issuer and subject."""
    organisation: Public[str]
    """Code of the organisation; what lies below it is meant, too."""
    region: Public[RegionOfEvent]

    @property
    @override
    def key(self) -> str:
        return self.organisation

    @property
    @override
    def subject(self) -> str:
        return f"staff/{self.organisation}/{self.account}"


class StaffExcluded(StaffChange):
    """An account was put out: its grants in the organisation and below it count for nothing, however long they live."""

    type = "staff.excluded.v1"


class StaffReadmitted(StaffChange):
    """An account that was put out may act again by the grants that it has."""

    type = "staff.readmitted.v1"


__all__ = ["StaffChange", "StaffExcluded", "StaffReadmitted"]
