"""Use cases: a guardian asks for a child's place; the school enters the child by a line of a roster, or refuses."""

from datetime import datetime

from services.registration.domain.classes import class_of
from services.registration.domain.links import Binding, link_guardian
from services.registration.domain.majority import is_of_age, must_be_kept
from services.registration.domain.organisations import known_school
from services.registration.domain.placements import Place, local_day
from services.registration.domain.requests import Confirmation, PlaceAsked, PlaceRequest, Reason
from services.registration.domain.roster_entries import PupilEntry
from services.registration.domain.rosters import Intake
from services.registration.domain.school_ages import must_be_of_school_age
from services.registration.domain.school_keys import Pupils
from services.registration.handlers.rosters import RosterRequest, batch_of, intake_of
from services.registration.repository import Repository
from shared.base.errors import Conflict, NotFound, ServiceError
from shared.http.batch import Item
from shared.identity.acting import acting
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction


async def ask(repository: Repository, who: Principal, asked: PlaceAsked, now: datetime, new_id: NewId) -> PlaceRequest:
    """Asks for a place; whether the child is known is not looked at, so that no answer tells it.

    Raises NotFound for an unknown school, Conflict where too many requests wait.
    """

    async def body(tx: Transaction) -> PlaceRequest:
        found = (await repository.organisations.load([asked.school], tx)).get(asked.school)
        place = class_of(known_school(found, asked.school, "school"), asked.school_class)
        must_be_of_school_age(asked.birth_date, now.astimezone(zone(place.utc_offset)).date())
        request = PlaceRequest(id=new_id(), account=who.account, place=place, asked_at=now)
        return await repository.requests.add(request, asked.sealed, tx)

    return await repository.transact(body)


async def confirm(
    repository: Repository, who: Principal, id: str, said: Confirmation, now: datetime, new_id: NewId
) -> PlaceRequest:
    """Enters the child as a line of a roster would, with the cabinet of the one who asked open; again, it is the same.

    Raises NotFound outside the scope, Conflict where it was refused, and whatever a line of a roster is refused with.
    """

    async def body(tx: Transaction) -> PlaceRequest:
        request = await _in_scope(repository, who, id, tx)
        if request.state == "confirmed":
            return request
        request.must_be_open()
        place = await _place(repository, request.place, said, now, tx)
        entry = said.line(place, await repository.requests.sealed(id, tx))
        try:
            intake = await _intake(repository, who, entry, said, place, now)
            participant = await _entered(repository, request, entry, intake, new_id, tx)
        except ServiceError as refused:
            raise refused.moved(said.word_of) from refused
        answered = request.confirmed(participant, now)
        await repository.requests.answer(answered, tx)
        return answered

    return await repository.transact(body)


async def _place(repository: Repository, asked: Place, said: Confirmation, now: datetime, tx: Transaction) -> Place:
    """The class that was asked for; of a child whom the season knows there the one that the school said.

    A guardian's word corrects nobody, and moves nobody.
    """
    holders = await repository.pupils([(asked.school, said.external_ref)], tx)
    known = Pupils(holders).of_school(asked.school, said.external_ref)
    if known is None or said.season not in known.seasons or known.place.school != asked.school:
        return asked
    then = known.place_on(local_day((said.occurred_at or now).astimezone(zone(asked.utc_offset))))
    return then if then is not None and then.school == asked.school else known.place


async def _intake(
    repository: Repository, who: Principal, entry: PupilEntry, said: Confirmation, place: Place, now: datetime
) -> Intake:
    """The class of the request as it enters the season, with its one line."""
    header = said.header(place)
    schools = await repository.organisations.load([header.school])
    seasons = await repository.copies.seasons([header.season])
    line = RosterRequest(
        items=[Item("", entry)], who=who, now=now, by=acting(), header=header, refs=[entry.external_ref]
    )
    return intake_of(schools, seasons, line)


async def _entered(
    repository: Repository,
    request: PlaceRequest,
    entry: PupilEntry,
    intake: Intake,
    new_id: NewId,
    tx: Transaction,
) -> str:
    """Enters the pupil and the guardian, opens the cabinet, and returns the pupil's id.

    Persons whom the school knows keep the names that it gave them, and must plainly be those who are meant.
    """
    batch = await batch_of(repository, [intake], new_id, tx)
    line = batch.enrol(entry, intake, None)
    (guardian,) = line.guardians.values()
    batch.identities.leave_as_known()
    batch.identities.must_be_the_same(line.pupil.id, "external_ref", entry.identity)
    batch.identities.must_be_the_same(guardian, "guardian/ref", {"name": entry.named[0].name})
    other = (await repository.cabinets.accounts([guardian], tx)).get(guardian)
    if other not in (None, request.account):
        detail = "this guardian has a cabinet with another account"
        raise Conflict.about("guardian/ref", detail, "guardian-linked-elsewhere")
    time = intake.now.astimezone(zone(intake.place.utc_offset))
    goes_on = time.date() <= intake.season.closes
    must_be_kept(line.pupil, guardian, goes_on and is_of_age(entry.identity, time), "")
    batch.pupils.take(link_guardian(line.pupil, guardian, request.account, time), intake.by)
    await repository.save_persons(batch, tx)
    await repository.cabinets.bind({guardian: Binding(request.account, intake.by)}, tx)
    return line.pupil.id


async def refuse(repository: Repository, who: Principal, id: str, reason: Reason, now: datetime) -> PlaceRequest:
    """Refuses a request and destroys its names; raises NotFound outside the scope, Conflict where it was confirmed."""

    async def body(tx: Transaction) -> PlaceRequest:
        request = await _in_scope(repository, who, id, tx)
        answered = request.refused(reason, now)
        if answered != request:
            await repository.requests.answer(answered, tx)
        return answered

    return await repository.transact(body)


async def take_back(repository: Repository, who: Principal, id: str) -> PlaceRequest:
    """Destroys an own request, answered or not; who was entered by it stays. Raises NotFound for another's."""

    async def body(tx: Transaction) -> PlaceRequest:
        request = await repository.requests.load(id, tx)
        if request.account != who.account:
            raise NotFound("no such request of yours")
        await repository.requests.remove(id, tx)
        return request

    return await repository.transact(body)


async def _in_scope(repository: Repository, who: Principal, id: str, tx: Transaction) -> PlaceRequest:
    request = await repository.requests.load(id, tx)
    place = request.place
    if not who.scope.covers(place.region, place.municipality, place.school, school_class=place.school_class):
        raise NotFound("no such request in your scope")
    return request
