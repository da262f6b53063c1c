"""The use cases of registration, one function each."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from services.registration import domain, organisations
from services.registration.admission import admit
from services.registration.domain import Consent, NewId, Participant
from services.registration.organisations import Definition, Organisation, happened_at, local
from services.registration.repository import Register
from services.registration.roster import Roster, RosterItem, Setting, check
from shared.auth import Principal, Role
from shared.contracts.registration import ConsentChannel
from shared.decision import Decision
from shared.errors import FieldError, Forbidden, NotFound, NotKnownYet


class ConsentRequest(BaseModel):
    """A consent; staff name its giver where the pupil has several guardians."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    channel: ConsentChannel
    given_at: AwareDatetime | None = None
    guardian: str | None = None


async def define_organisation(
    register: Register, who: Principal, code: str, definition: Definition, now: datetime
) -> Organisation:
    """Enters or changes an organisation: a region by the national operator, all else by the region's."""
    parent = None
    if definition.kind == "region":
        who.limited_to("national-operator").must_cover(code)
    else:
        parent = await register.organisation(definition.parent)
        if parent is not None:
            who.must_cover(parent.region)
    return await register.organisations.update(
        code, lambda current: organisations.define(current, code, definition, parent, now)
    )


async def school_of(register: Register, code: str) -> Organisation:
    """An organisation of the register; raises NotFound."""
    school = await register.organisation(code)
    if school is None:
        raise NotFound(
            f"no school {code} in the register",
            slug="school-unknown",
            errors=[FieldError("/school", "is not in the register")],
        )
    return school


async def register_roster(
    register: Register, who: Principal, roster: Roster, new_id: NewId, now: datetime
) -> list[RosterItem]:
    """Enters a class into a season, line by line; where every line is wrong, nothing is touched."""
    school = await school_of(register, roster.school)
    who.must_cover(school.region, school.municipality, school.id, school_class=roster.school_class)
    season = await register.season(roster.season)
    if season is None:
        raise NotKnownYet(f"season {roster.season} has not been defined", slug="season-unknown")
    setting = Setting.of(roster, season, school, now)
    lines = check(roster.pupils, setting)
    items = dict(lines.refused)
    if lines.entries:
        admission = await register.enter(
            school.id, lines, lambda known: admit(lines, setting, known, register.codes, new_id)
        )
        items = admission.items
    return [items[index] for index in sorted(items)]


async def redeem(register: Register, who: Principal, text: str, now: datetime) -> tuple[str, str | None]:
    """Links the asking account by a one-time code; returns the participant, and the guardian if it is one's code."""
    code = await register.code(text)
    if code is None:
        raise NotFound("no such code", slug="code-unknown")
    owner: Role = "pupil" if code.guardian is None else "guardian"
    if not who.has(owner):
        raise Forbidden(f"this is a code for a {owner}", slug="wrong-code-kind")

    def decide(participant: Participant) -> Decision[Participant]:
        time = local(now, participant.place.utc_offset)
        if code.guardian is None:
            return domain.link_account(participant, who.account, time)
        return domain.link_guardian(participant, code.guardian, who.account, time)

    await register.redeem(code, who.account, decide)
    return code.participant, code.guardian


async def give_consent(
    register: Register, who: Principal, id: str, request: ConsentRequest, now: datetime
) -> Participant:
    """Puts a consent in force."""

    def decide(current: Participant | None) -> Decision[Participant]:
        participant = register.within(who).keeps_consent_of(current)
        consent = Consent(
            version=request.version,
            channel=request.channel,
            given_at=happened_at(request.given_at, now, participant.place.utc_offset, "/given_at"),
            guardian=domain.giver(participant, who.account, request.guardian),
        )
        return domain.give_consent(participant, consent)

    return await register.participants.update(id, decide)


async def withdraw_consent(
    register: Register, who: Principal, id: str, occurred_at: datetime | None, now: datetime
) -> Participant:
    """Ends the consent in force."""

    def decide(current: Participant | None) -> Decision[Participant]:
        participant = register.within(who).keeps_consent_of(current)
        time = happened_at(occurred_at, now, participant.place.utc_offset, "query:occurred_at")
        return domain.withdraw_consent(participant, time)

    return await register.participants.update(id, decide)
