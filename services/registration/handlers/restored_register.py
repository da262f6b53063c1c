"""Organisations, targets and staff of a restored database, as events of before tell of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.registration.domain.organisations import Closing, Organisation
from services.registration.domain.placements import local_day
from services.registration.domain.relocations import moved
from services.registration.domain.school_years import year_id
from services.registration.domain.staff import Exclusion, exclusion_id
from services.registration.domain.targets import Target
from services.registration.repository import Repository
from shared.contracts.event import Envelope, Event
from shared.contracts.organisations import OrganisationClosed, OrganisationDefined
from shared.contracts.staff import StaffChange, StaffExcluded, StaffReadmitted
from shared.contracts.targets import TargetSet
from shared.programme.clocks import clock_of
from shared.storage.mongo import Transaction

ORGANISATION, TARGET, STAFF = "organisation/", "target/", "staff/"
"""The begins of their events' subjects."""
REGISTER: Sequence[type[Event]] = (OrganisationDefined, OrganisationClosed, TargetSet, StaffExcluded, StaffReadmitted)
REGIONAL = 2
"""The height at which a region's operator stands."""


class RestoredRegister:
    """The register, and what operators have agreed on."""

    def __init__(self, repository: Repository) -> None:
        self._organisations = repository.organisations
        self._targets = repository.targets
        self._staff = repository.staff

    async def sequences(self, subjects: Collection[str], tx: Transaction) -> Mapping[str, int]:
        """Returns the last sequences of those among the subjects that are known."""
        codes, ids = _ids(subjects, ORGANISATION), _ids(subjects, TARGET)
        organisations = await self._organisations.load(codes, tx)
        targets = await self._targets.load(ids, tx)
        excluded = {_exclusion(subject): subject for subject in subjects if subject.startswith(STAFF)}
        exclusions = await self._staff.known(excluded, tx)
        known = {ORGANISATION + code: one.sequence for code, one in organisations.items()}
        known |= {TARGET + id: one.sequence for id, one in targets.items()}
        return known | {excluded[id]: one.sequence for id, one in exclusions.items()}

    async def apply(self, events: Sequence[Envelope], tx: Transaction) -> None:
        """Brings them to where they were after the events."""
        subjects = [envelope.subject for envelope in events]
        organisations = await self._organisations.load(_ids(subjects, ORGANISATION), tx)
        targets: dict[str, Target] = {}
        for envelope in events:
            match envelope.event:
                case OrganisationDefined() as event:
                    known = organisations.get(event.code)
                    organisations[event.code] = _numbered(_defined(known, event, envelope.time), envelope)
                case OrganisationClosed() as event if event.code in organisations:
                    closed = Closing(at=envelope.time, into=event.into)
                    carried = "" if event.into is not None and event.kind == "school" else None
                    state = organisations[event.code].model_copy(update={"closed": closed, "carried": carried})
                    organisations[event.code] = _numbered(state, envelope)
                case TargetSet() as event:
                    said = event.model_dump(include={"organisation", "year", "pupils", "parents"})
                    target = Target(id=year_id(event.organisation, event.year), **said)
                    targets[target.id] = target.model_copy(update={"sequence": int(envelope.sequence)})
        await self._organisations.restore(list(organisations.values()), tx)
        await self._targets.restore(list(targets.values()), tx)
        await self._exclude([one for one in events if isinstance(one.event, StaffChange)], tx)

    async def _exclude(self, told: Sequence[Envelope], tx: Transaction) -> None:
        """Puts out, or readmits, whom events tell of; who stands how high is in none, and the region's is believed."""
        known = await self._staff.known([_exclusion(one.subject) for one in told], tx)
        for one in told:
            event = one.event
            assert isinstance(event, StaffChange)
            id = _exclusion(one.subject)
            before = known.get(id)
            known[id] = Exclusion(
                id=id,
                sequence=int(one.sequence),
                account=event.account,
                organisation=event.organisation,
                region=event.region,
                in_force=isinstance(event, StaffExcluded),
                at=one.time,
                standing=REGIONAL if before is None else before.standing,
            )
        if told:
            await self._staff.restore(list(known.values()), told, tx)


def _exclusion(subject: str) -> str:
    """Returns the id of the exclusion that events of a subject tell of, `staff/<organisation>/<account>`."""
    _, organisation, account = subject.split("/", 2)
    return exclusion_id(account, organisation)


def _ids(subjects: Collection[str], kind: str) -> list[str]:
    return [subject.removeprefix(kind) for subject in subjects if subject.startswith(kind)]


def _defined(known: Organisation | None, event: OrganisationDefined, time: datetime) -> Organisation:
    """Returns an organisation as it is told; its pupils are brought along again where it went elsewhere."""
    said = event.model_dump(exclude={"code", "clocks"})
    said |= {"clocks": event.clocks, "utc_offset": clock_of(event.utc_offset, event.clocks or ())}
    if known is None:
        return Organisation(id=event.code, **said)
    went = known.parent != event.parent
    state = moved(known, event.parent, local_day(time), time).state if went else known
    return state.model_copy(update=said)


def _numbered(organisation: Organisation, envelope: Envelope) -> Organisation:
    return organisation.model_copy(update={"sequence": int(envelope.sequence)})
