"""The use cases of registration, one function each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from services.registration import organisations
from services.registration.admission import Admission
from services.registration.domain import NewId
from services.registration.links import Link, Links, Redemption
from services.registration.organisations import Definition, Organisation
from services.registration.pupils import Pupils
from services.registration.readings import place_of
from services.registration.repository import Register
from services.registration.roster import Lines, Roster, RosterItem, Setting, check
from shared.base.errors import FieldError, NotFound, NotKnownYet, ServiceError
from shared.base.side_thread import aside
from shared.identity.acting import Actor, acting
from shared.identity.principal import Principal
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction
from shared.storage.namesakes import must_be_own

C = TypeVar("C")
R = TypeVar("R")


async def define_organisation(
    register: Register, who: Principal, code: str, definition: Definition, now: datetime
) -> Organisation:
    """Enters or changes an organisation: a region by the national operator, all else by the region's.

    A code is taken for good, so that a region's operator enters none in another region's name.
    """
    parent = None
    if definition.kind == "region":
        who.limited_to("national-operator")
    else:
        parent = await register.organisation(definition.parent)
        if parent is not None:
            who.scope.must_cover(parent.region)
    regions = await register.regions_named(code)

    def decide(current: Organisation | None) -> Decision[Organisation]:
        if current is None and parent is not None and not who.has("national-operator"):
            must_be_own(code, parent.region, regions)
        return organisations.define(current, code, definition, parent, now)

    return await register.organisations.update(code, decide, partial(register.must_be_alone, code))


async def school_of(register: Register, code: str) -> Organisation:
    """An organisation of the register; raises NotFound."""
    return _school(await register.organisation(code), code, "code")


def _school(found: Organisation | None, code: str, field: str) -> Organisation:
    if found is None:
        errors = [FieldError(field, "is not in the register")]
        raise NotFound(f"no school {code} in the register", slug="school-unknown", errors=errors)
    return found


@dataclass(frozen=True, slots=True)
class Submission:
    """One request: a roster, by whom it is sent and when."""

    who: Principal
    roster: Roster
    now: datetime
    by: Actor | None = field(default_factory=acting)


async def register_rosters(
    register: Register, group: Sequence[Submission], new_id: NewId
) -> list[list[RosterItem] | ServiceError]:
    """Enters classes into their seasons, in order and line by line; where every line is wrong, nothing is touched."""
    weight = sum(len(request.roster.pupils) for request in group)
    checked = await _checked(register, group, weight)
    rosters = [roster for roster in checked if isinstance(roster, Lines)]

    async def body(tx: Transaction) -> list[list[RosterItem] | ServiceError]:
        pupils = await register.pupils((key for roster in rosters for key in roster.pupils), tx)
        guardians = await register.guardians((key for roster in rosters for key in roster.guardians), tx)
        children = await register.children(rosters, guardians, tx)
        admission = Admission(Pupils([*pupils, *children]), guardians, register.codes, new_id)
        results = await aside(partial(_admitted, admission, checked), weight)
        await register.add(admission, tx)
        return results

    return await register.transact(body)


def _admitted(admission: Admission, checked: Sequence[Lines | ServiceError]) -> list[list[RosterItem] | ServiceError]:
    return [admission.admit(roster) if isinstance(roster, Lines) else roster for roster in checked]


async def _checked(register: Register, group: Sequence[Submission], weight: int) -> list[Lines | ServiceError]:
    """The lines of each roster, if its school and season are known and the sender may speak for the class."""
    schools = await register.organisations.load(request.roster.school for request in group)
    seasons = await register.seasons(request.roster.season for request in group)

    def checked(request: Submission) -> Lines:
        roster = request.roster
        school = _school(schools.get(roster.school), roster.school, "school")
        request.who.scope.must_cover(*place_of(school), school_class=roster.school_class)
        if roster.season not in seasons:
            errors = [FieldError("season", "has not been defined")]
            raise NotKnownYet(f"season {roster.season} has not been defined", slug="season-unknown", errors=errors)
        classes = request.who.scope.classes(*place_of(school))
        setting = Setting.of(roster, seasons[roster.season], school, request.now, classes)
        return check(roster.pupils, replace(setting, by=request.by))

    return await aside(partial(_results, group, checked), weight)


async def redeem(register: Register, group: Sequence[Redemption]) -> list[Link | ServiceError]:
    """Links accounts by one-time codes, in order."""

    async def body(tx: Transaction) -> list[Link | ServiceError]:
        pupils = await register.pupils_with((request.digest for request in group), tx)
        accounts = await register.accounts((guardian for pupil in pupils for guardian in pupil.guardians), tx)
        links = Links(pupils, accounts)
        results = _results(group, links.redeem)
        await register.bind(links.bound, tx)
        await register.participants.save(links.decisions, tx)
        return results

    return await register.transact(body)


def _results(group: Iterable[C], serve: Callable[[C], R]) -> list[R | ServiceError]:
    """What each request comes to; a refusal is that request's alone."""
    results: list[R | ServiceError] = []
    for request in group:
        try:
            results.append(serve(request))
        except ServiceError as refusal:
            results.append(refusal)
    return results
