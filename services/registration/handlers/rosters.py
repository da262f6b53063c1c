"""Use case: a school enters its classes into a season, line by line; rosters that wait share a transaction."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from services.registration.copies.seasons import Season
from services.registration.domain.enrolment import Enrolled, EnrolmentBatch
from services.registration.domain.identities import Identities
from services.registration.domain.organisations import Organisation, known_school
from services.registration.domain.roster_entries import PupilEntry, RosterHeader
from services.registration.domain.rosters import Intake
from services.registration.domain.school_keys import Guardians, Pupils
from services.registration.handlers.carrying import catch_up
from services.registration.name_index import Child
from services.registration.repository import Repository
from shared.base.errors import FieldError, NotKnownYet, ServiceError
from shared.base.side_thread import aside, paced
from shared.base.wording import worded
from shared.http.batch import Outcome, Request, decided, served
from shared.identity.exceptions import may_except
from shared.programme.texts import ref_key
from shared.storage.decision import Done, NewId
from shared.storage.group_commit import GroupCommit
from shared.storage.mongo import Transaction

RosterResult = list[Outcome[Enrolled]] | ServiceError
"""The outcome of each line, or the refusal of the whole roster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRequest(Request[PupilEntry]):
    """A roster by its lines."""

    header: RosterHeader
    refs: Sequence[str | None]
    """The school's own key of the pupil on each line; None where it cannot be read."""

    def listed(self) -> list[str | None]:
        """The place of the first line about the pupil of each line; None for the first one itself."""
        first: dict[str, str] = {}
        listed: list[str | None] = []
        for ref, item in zip(self.refs, self.items, strict=True):
            place = item.at if ref is None else first.setdefault(ref_key(ref), item.at)
            listed.append(None if place == item.at else place)
        return listed


def queue(repository: Repository, new_id: NewId) -> GroupCommit[RosterRequest, list[Outcome[Enrolled]]]:
    """Returns the queue of rosters: those that come while a transaction is under way share the next one."""
    return GroupCommit(partial(register, repository, new_id=new_id), weigh=lambda request: len(request.items))


Decide = Callable[[Transaction], Awaitable[tuple[EnrolmentBatch, list[RosterResult]]]]
Then = Callable[[Sequence[RosterResult], Transaction], Awaitable[None]]
"""Keeps what a caller makes of the results, in the transaction of what they enter."""


async def register(
    repository: Repository, group: Sequence[RosterRequest], new_id: NewId, then: Then | None = None
) -> list[RosterResult]:
    """Enters classes into their seasons, in order and line by line; where every line is wrong, nothing is written."""
    schools, decide = await _prepared(repository, group, new_id)

    async def body(tx: Transaction) -> tuple[list[RosterResult], list[str]]:
        batch, results = await decide(tx)
        await repository.save_persons(batch, tx)
        if then is not None:
            await then(results, tx)
        return results, [decision.state.id for decision in batch.pupils.made]

    results, placed = await repository.transact(body)
    await catch_up(repository, schools, placed, group[0].now)
    return results


async def judge(repository: Repository, group: Sequence[RosterRequest], new_id: NewId) -> list[RosterResult]:
    """The results that `register` would have; nothing is kept."""
    _, decide = await _prepared(repository, group, new_id)

    async def body(tx: Transaction) -> list[RosterResult]:
        _, results = await decide(tx)
        await tx.abort_transaction()
        return results

    return await repository.transact(body)


async def _prepared(
    repository: Repository, group: Sequence[RosterRequest], new_id: NewId
) -> tuple[Collection[Organisation], Decide]:
    """Returns the schools of rosters, and what decides about them in a transaction."""
    schools = await repository.organisations.load(request.header.school for request in group)
    seasons = await repository.copies.seasons(request.header.season for request in group)
    intakes = [
        replace(intake, number=number) if isinstance(intake, Intake) else intake
        for number, intake in enumerate(served(group, partial(intake_of, schools, seasons)))
    ]
    weight = sum(len(request.items) for request in group)

    async def decide(tx: Transaction) -> tuple[EnrolmentBatch, list[RosterResult]]:
        read = await _with_templates(repository, intakes, tx)
        batch = await batch_of(repository, [i for i in read if isinstance(i, Intake)], new_id, tx)
        return batch, await aside(lambda: [_result(batch, *pair) for pair in zip(group, read, strict=True)], weight)

    return schools.values(), decide


async def _with_templates(
    repository: Repository, intakes: Sequence[Intake | ServiceError], tx: Transaction
) -> Sequence[Intake | ServiceError]:
    """Returns the intakes with the templates of their consents, where they have any."""
    asked = [i for i in intakes if isinstance(i, Intake) and any(entry.consent is not None for entry in i.entries)]
    if not asked:
        return intakes
    seasons, regions = {i.season.code for i in asked}, {i.place.region for i in asked}
    templates = await repository.templates.of(seasons, regions, tx)
    return [replace(i, templates=templates) if isinstance(i, Intake) else i for i in intakes]


def intake_of(schools: Mapping[str, Organisation], seasons: Mapping[str, Season], request: RosterRequest) -> Intake:
    """The class of a roster, if its school and season are known and the sender may speak for it."""
    header, scope = request.header, request.who.scope
    school = known_school(schools.get(header.school), header.school, "school")
    scope.must_cover(*school.place, school_class=header.school_class)
    may_except(header.exception, request.who, school.region, school.municipality)
    season = seasons.get(header.season)
    if season is None:
        errors = [FieldError("season", "has not been defined")]
        unknown = worded("season {season} has not been defined", season=header.season)
        raise NotKnownYet(unknown, slug="season-unknown", errors=errors)
    intake = Intake.of(header, season, school, request.now, scope.classes(*school.place))
    return replace(intake, by=request.by, entries=request.values)


async def batch_of(repository: Repository, intakes: Sequence[Intake], new_id: NewId, tx: Transaction) -> EnrolmentBatch:
    """The pupils and guardians whom the lines name."""
    pupils = await repository.pupils((key for intake in intakes for key in intake.pupils), tx)
    guardians = await repository.guardians((key for intake in intakes for key in intake.guardians), tx)
    await repository.sealed.mark({pupil.id: pupil.place.region for pupil in pupils}, tx)
    siblings = await repository.children(intakes, guardians, tx)
    namesakes = await _namesakes(repository, intakes, Pupils(pupils), tx)
    alike = await repository.participants.load({id for ids in namesakes.values() for id in ids}, tx)
    namesakes = {child: [alike[id].id for id in ids if id in alike] for child, ids in namesakes.items()}
    theirs = {guardian for pupil in pupils if pupil.former for guardian in pupil.guardians}
    persons = [*(pupil.id for pupil in pupils), *theirs.union(guardians.values())]
    identities = Identities(await repository.sealed.read(persons, tx), namesakes)
    return EnrolmentBatch(
        Pupils([*alike.values(), *siblings, *pupils]), Guardians(guardians), identities, repository.codes, new_id
    )


async def _namesakes(
    repository: Repository, intakes: Sequence[Intake], known: Pupils, tx: Transaction
) -> dict[Child, list[str]]:
    """The children whom a region knows by the names and birth dates of lines whose keys are new."""
    found: dict[Child, list[str]] = {}
    for region in {intake.place.region for intake in intakes}:
        lines = [(i.place.school, entry) for i in intakes if i.place.region == region for entry in i.entries]
        new = await aside(partial(_new, known, lines), len(lines))
        for child, persons in (await repository.sealed.namesakes(region, new, tx)).items():
            found.setdefault(child, []).extend(persons)
    return found


def _new(known: Pupils, lines: Iterable[tuple[str, PupilEntry]]) -> list[Child]:
    """The children of lines whose keys nobody has at the school of the line."""
    return [entry.child for school, entry in lines if known.of_school(school, entry.external_ref) is None]


def _result(batch: EnrolmentBatch, request: RosterRequest, intake: Intake | ServiceError) -> RosterResult:
    return intake if isinstance(intake, ServiceError) else enrolled(batch, request, intake)


def enrolled(batch: EnrolmentBatch, request: RosterRequest, intake: Intake) -> list[Outcome[Enrolled]]:
    """The outcome of each line of a roster, in turn."""

    def decide(listed: str | None, entry: PupilEntry) -> Done[Enrolled]:
        line = batch.enrol(entry, intake, listed)
        return Done(line, line.new)

    places = zip(request.items, request.listed(), strict=True)
    return [decided(item, partial(decide, listed)) for item, listed in paced(places)]
