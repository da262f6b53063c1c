"""The route of rosters: a class list is read line by line, and answered line by line."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request

from services.registration.answers.participants import GuardianItem
from services.registration.codes import Codes
from services.registration.domain.admission import CHILD_KNOWN, TRANSFER_NEEDED
from services.registration.domain.enrolment import Addition, Correctable, Enrolled
from services.registration.domain.roster_entries import PupilEntry, RosterHeader
from services.registration.handlers.rosters import RosterRequest, queue
from services.registration.repository import Repository
from shared.base.errors import ServiceError
from shared.base.models import Answer, Count
from shared.base.side_thread import aside
from shared.http.authorisation import SchoolStaff
from shared.http.batch import Outcome, ReadAs, read_each
from shared.http.openapi import problems
from shared.http.problems import Problem
from shared.http.routes import KIB, router_of
from shared.http.throttles import looking
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.texts import REF
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

TELLING = {CHILD_KNOWN, TRANSFER_NEEDED}
"""Refusals that tell that a child of a name and birth date is there."""
OPERATORS = frozenset({"national-operator", "regional-operator"})
"""Who sees every school of what their rosters enter, and is not counted for the children whom they find."""
MAX_PUPILS = 1_000
LARGEST_ROSTER = 3 * 1024 * KIB
"""A thousand pupils and guardians with the longest of names, every letter of them escaped."""


class Roster(RosterHeader):
    """A class list as it is sent; a line that is wrong in shape does not refuse the others."""

    pupils: Annotated[list[Annotated[Any, ReadAs(PupilEntry)]], Count(1, MAX_PUPILS)]
    """Lines of the list; each is judged on its own."""

    @property
    def refs(self) -> list[str | None]:
        """The school's own key of the pupil on each line; None where it cannot be read."""
        return [REF.read(line.get("external_ref")) if isinstance(line, dict) else None for line in self.pupils]


class RosterItem(Answer):
    """The outcome of one line."""

    external_ref: str | None = None
    """The school's own key of the pupil, as it was sent; null where it cannot be read."""
    status: Literal["created", "known", "rejected"]
    """`created` where the pupil or the season is new for the school, `known` where the pupil was in the season already,
    `rejected` where the line was refused and changed nothing."""
    added: list[Addition] | None = None
    """What the line added to a known pupil; left out where it added nothing. What a line does not name stays."""
    corrected: list[Correctable] | None = None
    """What the line says otherwise than it was known: the pupil's name or birth date, or a guardian's name. An earlier
    roster that comes late corrects nothing."""
    moved_from: str | None = None
    """The class from which the line moved the pupil, from the roster's day on; left out where it moved nobody."""
    participant: str | None = None
    """The pupil's random id, the same in every service."""
    guardian: str | None = None
    """Random id of the first guardian who was named."""
    link_code: str | None = None
    """That guardian's one-time code, until it is redeemed, revoked or expired."""
    guardians: list[GuardianItem] | None = None
    """The guardians whom the line names, each with a code, where it names several."""
    account_code: str | None = None
    """The pupil's own one-time code, until it is redeemed, revoked or expired."""
    problem: Problem | None = None
    """The reason why the line was rejected; its pointers lead into the request's body."""

    @classmethod
    def of(cls, ref: str | None, outcome: Outcome[Enrolled], codes: Codes, now: datetime) -> "RosterItem":
        """The answer to a line; a code that was redeemed is not shown again."""
        if isinstance(outcome, ServiceError):
            return cls(external_ref=ref, status="rejected", problem=Problem.of(outcome))
        pupil, named = outcome.value.pupil, outcome.value.guardians
        guardians = GuardianItem.of(pupil, named, codes, now)
        first = guardians[0] if guardians else None
        return cls(
            external_ref=ref,
            status="created" if outcome.new else "known",
            added=list(outcome.value.added) or None,
            corrected=list(outcome.value.corrected) or None,
            moved_from=outcome.value.moved_from,
            participant=pupil.id,
            guardian=first and first.guardian,
            link_code=first and first.link_code,
            guardians=guardians if len(guardians) > 1 else None,
            account_code=pupil.code_shown(codes, None, now),
        )


class RosterAnswer(Answer):
    """The outcome of each line, in the roster's order."""

    items: list[RosterItem]
    """One for each line."""

    @classmethod
    def of(cls, request: RosterRequest, outcomes: Sequence[Outcome[Enrolled]], codes: Codes) -> "RosterAnswer":
        """The answer to a roster's lines."""
        lines = zip(request.refs, outcomes, strict=True)
        return cls(items=[RosterItem.of(ref, outcome, codes, request.now) for ref, outcome in lines])


async def read(roster: Roster, who: Principal, now: datetime) -> RosterRequest:
    """The request that a roster makes, with each of its lines read by itself."""
    lines = await read_each(PupilEntry, roster.pupils, "/pupils")
    refs = await aside(lambda: roster.refs, len(lines))
    return RosterRequest(items=lines, who=who, now=now, header=roster, refs=refs)


def routes(repository: Repository, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the route by which rosters are sent."""
    router = router_of("registration")
    waiting = queue(repository, new_id)

    @router.post(
        "/rosters",
        max_body_size=LARGEST_ROSTER,
        response_model_exclude_none=True,
        responses=problems(
            {
                404: ["school-unknown"],
                409: ["deadline-over", "organisation-closed", "outside-season", "season-closed", "season-unknown"],
            }
        ),
    )
    async def register_roster(who: SchoolStaff, roster: Roster, sent: Request) -> RosterAnswer:
        """Registers a class for a season; answers line by line, and the same roster again creates nothing."""
        request = await read(roster, who, clock())
        async with looking(sent) as look:
            outcomes = await waiting.submit(request)
            if not OPERATORS.issuperset(grant.role for grant in who.grants):
                look.found(sum(isinstance(o, ServiceError) and o.type in TELLING for o in outcomes))
        answer = await aside(partial(RosterAnswer.of, request, outcomes, repository.codes), len(outcomes))
        about(item.participant for item in answer.items if item.participant)
        return answer

    return router
