"""The HTTP interface of registration: organisations, rosters, links, consents, and named reads."""

from typing import Annotated, get_args

from fastapi import APIRouter, Path, Request

from services.registration import consents, handlers
from services.registration.api_reads import InCode, reading_routes
from services.registration.commands import Commands
from services.registration.documents import DocumentEntry, DocumentPage, DocumentView
from services.registration.handlers import Submission
from services.registration.links import Link, Redemption
from services.registration.organisations import Definition
from services.registration.repository import Register
from services.registration.roster import Roster, RosterItem
from services.registration.views import ConsentView, OrganisationView
from shared.base.models import Answer, Input
from shared.http.authorisation import STAFF, Family, NationalOperator, RegionOperator, SchoolStaff, admit
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import KIB, Route
from shared.http.throttles import guess
from shared.identity.acting import about
from shared.identity.grants import Role
from shared.identity.principal import Principal
from shared.programme.moments import Moment
from shared.programme.texts import Id, LinkCode, Version
from shared.storage.outbox import Clock

LARGEST_ROSTER = 3 * 1024 * KIB
"""A thousand pupils and guardians with the longest of names, every letter of them escaped."""
InVersion = Annotated[Version, Path(description="The version of the document.")]
Anyone = Annotated[Principal, admit(*get_args(Role))]
StaffOrGuardian = Annotated[Principal, admit(*STAFF, "guardian")]


class RosterAnswer(Answer):
    """What became of each line, in the roster's order."""

    items: list[RosterItem]
    """One for each line."""


class LinkRequest(Input):
    """A one-time code as it was handed out; case, spaces, dashes and characters that look alike do not matter."""

    code: LinkCode
    """The code that the school handed out, for a guardian or for the pupil."""


class ConsentAnswer(Answer):
    """The consent in force, if any."""

    participant: str
    """Id of the pupil."""
    consent: ConsentView | None
    """The consent in force; null where there is none."""


def routes(register: Register, commands: Commands, clock: Clock) -> APIRouter:
    """Everything under `/registration`."""
    router = APIRouter(prefix="/registration", tags=["registration"], route_class=Route)

    router.include_router(reading_routes(register))

    @router.put("/organisations/{code}", responses=problems({409: ["code-taken", "organisation-fixed"]}))
    async def define_organisation(who: RegionOperator, code: InCode, definition: Definition) -> OrganisationView:
        """Enter an organisation into the register, or change its name or level."""
        return OrganisationView.of(await handlers.define_organisation(register, who, code, definition, clock()))

    @router.post(
        "/rosters",
        max_body_size=LARGEST_ROSTER,
        response_model_exclude_none=True,
        responses=problems({404: ["school-unknown"], 409: ["outside-season", "season-unknown"]}),
    )
    async def register_roster(who: SchoolStaff, roster: Roster) -> RosterAnswer:
        """Register a class for a season; answers line by line, and the same roster again creates nothing."""
        items = await commands.rosters.submit(Submission(who, roster, clock()))
        about(item.participant for item in items if item.participant)
        return RosterAnswer(items=items)

    @router.post(
        "/links",
        responses=problems(
            {403: ["wrong-code-kind"], 404: ["code-unknown"], 409: ["code-redeemed", "guardian-linked-elsewhere"]}
        ),
    )
    async def redeem(who: Family, link: LinkRequest, request: Request) -> Link:
        """Link the own account to a pupil by a one-time code."""
        roles = frozenset(grant.role for grant in who.grants)
        digest = register.codes.digest(link.code)
        async with guess(request):
            made = await commands.links.submit(Redemption(digest, who.account, roles, clock()))
        about([made.participant])
        return made

    @router.post(
        "/participants/{participant}/consents",
        responses=problems({404: ["not-found"], 409: ["consent-withdrawn", "guardian-unknown", "too-many-consents"]}),
    )
    async def give_consent(who: StaffOrGuardian, participant: Id, request: consents.ConsentRequest) -> ConsentAnswer:
        """Put a guardian's consent in force; the same version again changes nothing.

        A guardian agrees to a published document, in the cabinet; staff say how and when the consent was given.
        """
        state = await consents.give_consent(register, who, participant, request, clock())
        return ConsentAnswer(participant=state.id, consent=ConsentView.of(state))

    @router.delete("/participants/{participant}/consents/current", responses=problems({404: ["not-found"]}))
    async def withdraw_consent(
        who: StaffOrGuardian, participant: Id, occurred_at: Moment | None = None
    ) -> ConsentAnswer:
        """Withdraw the consent in force, if there is one."""
        state = await consents.withdraw_consent(register, who, participant, occurred_at, clock())
        return ConsentAnswer(participant=state.id, consent=ConsentView.of(state))

    @router.put("/consent-documents/{version}", responses=problems({409: ["document-published"]}))
    async def publish_document(who: NationalOperator, version: InVersion, entry: DocumentEntry) -> DocumentView:
        """Publish a consent document that guardians can agree to; it no longer changes."""
        return await register.documents.publish(version, entry, clock())

    @router.get("/consent-documents")
    async def list_documents(who: Anyone, paging: Paged) -> DocumentPage:
        """The consent documents that are published, by version."""
        return await register.documents.page(paging)

    return router
