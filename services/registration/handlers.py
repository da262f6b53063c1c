"""The use cases of registration, one function each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from services.registration import domain, organisations
from services.registration.admission import Admission
from services.registration.domain import Consent, NewId, Participant
from services.registration.links import Link, Links, Redemption
from services.registration.organisations import Definition, Organisation
from services.registration.pupils import Pupils
from services.registration.readings import Within, place_of
from services.registration.repository import Register
from services.registration.roster import Lines, Roster, RosterItem, Setting, check
from shared.auth import Principal
from shared.bodies import Body
from shared.contracts.registration import ConsentChannel
from shared.decision import Decision
from shared.errors import BadInput, FieldError, NotFound, NotKnownYet, ServiceError
from shared.moments import Moment, happened_at, zone
from shared.mongo import Transaction
from shared.texts import Id, Version

C = TypeVar("C")
R = TypeVar("R")


class ConsentRequest(Body):
    """A consent; staff name its giver where the pupil has several guardians."""

    version: Version
    """Version of the document that was consented to."""
    channel: ConsentChannel
    """How it was given: by Госуслуги, on paper, or in the guardian's cabinet."""
    given_at: Moment | None = None
    """When it was given, RFC 3339 with an offset; now where it is left out. Only staff may say it."""
    guardian: Id | None = None
    """Id of the guardian who gave it; staff name one where the pupil has several."""


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
    await register.must_be_alone(code)
    named = await register.organisations.load(organisations.namesakes(code))

    def decide(current: Organisation | None) -> Decision[Organisation]:
        if current is None and parent is not None and not who.has("national-operator"):
            organisations.must_be_own(code, parent.region, named)
        return organisations.define(current, code, definition, parent, now)

    return await register.organisations.update(code, decide)


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


async def register_rosters(
    register: Register, group: Sequence[Submission], new_id: NewId
) -> list[list[RosterItem] | ServiceError]:
    """Enters classes into their seasons, in order and line by line; where every line is wrong, nothing is touched."""
    checked = await _checked(register, group)
    rosters = [roster for roster in checked if isinstance(roster, Lines)]

    async def body(tx: Transaction) -> list[list[RosterItem] | ServiceError]:
        pupils = await register.pupils((key for roster in rosters for key in roster.pupils), tx)
        guardians = await register.guardians((key for roster in rosters for key in roster.guardians), tx)
        children = await register.children(rosters, guardians, tx)
        admission = Admission(Pupils([*pupils, *children]), guardians, register.codes, new_id)
        results = [admission.admit(roster) if isinstance(roster, Lines) else roster for roster in checked]
        await register.add(admission, tx)
        return results

    return await register.transact(body)


async def _checked(register: Register, group: Sequence[Submission]) -> list[Lines | ServiceError]:
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
        return check(roster.pupils, Setting.of(roster, seasons[roster.season], school, request.now, classes))

    return _results(group, checked)


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


async def give_consent(
    register: Register, who: Principal, id: str, request: ConsentRequest, now: datetime
) -> Participant:
    """Puts a consent in force."""
    within = register.within(who)

    def decide(current: Participant | None) -> Decision[Participant]:
        participant = within.keeps_consent_of(current)
        consent = Consent(
            version=request.version,
            channel=request.channel,
            given_at=_acted_at(within, participant, request.given_at, now, "given_at"),
            guardian=domain.giver(participant, within.guardian_of(participant), request.guardian),
        )
        return domain.give_consent(participant, consent)

    return await register.participants.update(id, decide)


async def withdraw_consent(
    register: Register, who: Principal, id: str, occurred_at: datetime | None, now: datetime
) -> Participant:
    """Ends the consent in force."""
    within = register.within(who)

    def decide(current: Participant | None) -> Decision[Participant]:
        participant = within.keeps_consent_of(current)
        time = _acted_at(within, participant, occurred_at, now, "occurred_at")
        return domain.withdraw_consent(participant, time)

    return await register.participants.update(id, decide)


def _acted_at(within: Within, participant: Participant, given: datetime | None, now: datetime, where: str) -> datetime:
    """When a consent was given or withdrawn: staff enter what is on paper, a guardian acts now."""
    if given is not None and not within.reaches(participant):
        raise BadInput.field(where, "only staff say when it happened")
    return happened_at(given, now, zone(participant.place.utc_offset), where)
