"""Reads by resource; persons are read within the scope of the principal who asks."""

from services.registration.domain.retention import Terms
from services.registration.imports import Imports
from services.registration.reads.acts import ActReads
from services.registration.reads.certificates import CertificateReads, Verifications
from services.registration.reads.checkins import CheckIns
from services.registration.reads.documents import DocumentReads
from services.registration.reads.downloads import Downloads
from services.registration.reads.duplicates import DuplicateReads
from services.registration.reads.imports import ImportReads
from services.registration.reads.names import NameReads
from services.registration.reads.organisations import OrganisationReads
from services.registration.reads.participants import ScopedReads
from services.registration.reads.payment_acts import PaymentActs
from services.registration.reads.requests import RequestReads
from services.registration.reads.retention import RetentionReads
from services.registration.reads.staff import StaffReads
from services.registration.reads.templates import TemplateReads
from services.registration.reads.transfers import TransferReads
from services.registration.reads.trips import TripSheets
from services.registration.reads.years import YearReads
from services.registration.retention import Retention
from shared.identity.principal import Principal
from shared.identity.vault import Vault
from shared.storage.clocks import ClockReader
from shared.storage.mongo import Mongo
from shared.storage.outbox import Clock


class Reads:
    """Everything that the service shows."""

    def __init__(self, mongo: Mongo, vault: Vault, clock: Clock, imports: Imports, clocks: ClockReader) -> None:
        self.organisations = OrganisationReads(mongo)
        self.documents = DocumentReads(mongo)
        self.templates = TemplateReads(mongo)
        self._mongo = mongo
        self._vault = vault
        self._names = NameReads(mongo, vault)
        self.verifications = Verifications(mongo, self._names)
        self._clock = clock
        self._clocks = clocks
        self._imports = imports

    def acts(self, who: Principal) -> ActReads:
        """Returns the acts of destruction within a scope."""
        return ActReads(self._mongo, self._clock, who)

    def duplicates(self, who: Principal) -> DuplicateReads:
        """Returns the entries within a scope that may be one pupil."""
        return DuplicateReads(self._mongo, self._names, self._clock, who)

    def transfers(self, who: Principal) -> TransferReads:
        """Returns the transfers within a scope."""
        return TransferReads(self._mongo, self._names, self._clock, who)

    def retention(self, who: Principal) -> RetentionReads:
        """Returns those within a scope who are to be erased."""
        return RetentionReads(self._mongo, self._names, self._clock, who)

    async def terms(self, region: str) -> Terms:
        """Returns the terms of a region, which are for everyone to read; raises NotFound where it is not there."""
        await self.organisations.known(region, "region")
        return await Retention(self._mongo).terms(region)

    def years(self, who: Principal) -> YearReads:
        """Returns what is said of organisations by school year, within a scope."""
        return YearReads(self._mongo, who)

    def checkins(self, who: Principal) -> CheckIns:
        """Returns the lists of a venue that a principal speaks for."""
        return CheckIns(self._mongo, self._names, self._clock, who, self._clocks)

    def downloads(self, who: Principal) -> Downloads:
        """Returns the files of schools within a scope."""
        return Downloads(self._mongo, self._names, self._clock, who, self._clocks)

    def certificates(self, who: Principal) -> CertificateReads:
        """Returns the certificates that a principal may fetch."""
        return CertificateReads(self._mongo, self._names, self._clock, who, self._clocks)

    def payment_acts(self, who: Principal) -> PaymentActs:
        """Returns the acts for payment that a principal speaks for."""
        return PaymentActs(self._mongo, self._names, self._clock, who, self._clocks)

    def requests(self, who: Principal) -> RequestReads:
        """Returns the requests for a place that a principal has made or may answer."""
        return RequestReads(self._mongo, self._vault, who)

    def imports(self, who: Principal) -> ImportReads:
        """Returns the imports that a principal may follow."""
        return ImportReads(self._imports, who)

    def staff(self, who: Principal) -> StaffReads:
        """Returns the staff of organisations within a scope."""
        return StaffReads(self._mongo, who)

    def trips(self, who: Principal) -> TripSheets:
        """Returns the sheets of trips of classes within a scope."""
        return TripSheets(self._mongo, self._names, self._clock, who, self._clocks)

    def within(self, who: Principal) -> ScopedReads:
        """Returns the reads of persons, who are shown in this way alone."""
        return ScopedReads(self._mongo, self._names, self._clock, who, self._clocks)
