"""Routes of the templates of consents: operators define them, families and schools read them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.registration.answers.templates import TemplatePage, TemplateTextView
from services.registration.domain.templates import TemplateEntry
from services.registration.handlers import templates as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.authorisation import Anyone, RegionOperator
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import KIB, router_of
from shared.programme.texts import Version
from shared.storage.outbox import Clock

InSeason = Annotated[SeasonCode, Path(description="Code of the season.")]
InRegion = Annotated[OrganisationCode, Path(description="Code of the region.")]
InVersion = Annotated[Version, Path(description="The version of the template.")]
OfSeason = Annotated[SeasonCode | None, Query(description="code of a season: its templates alone")]
OfRegion = Annotated[OrganisationCode | None, Query(description="code of a region: its templates alone")]
ONE = "/consent-templates/{season}/{region}"


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of templates."""
    router = router_of("registration")

    @router.put(
        ONE,
        max_body_size=512 * KIB,
        responses=problems(
            {404: ["organisation-unknown"], 409: ["season-unknown", "template-used", "too-many-templates"]}
        ),
    )
    async def define_consent_template(
        who: RegionOperator, season: InSeason, region: InRegion, entry: TemplateEntry
    ) -> TemplateTextView:
        """Defines a version of the text that a region's families consent to in a season, and for how long they do.

        Of several versions the newest in force is meant; one that somebody has consented to no longer changes.
        """
        return TemplateTextView.whole(await handlers.define_template(repository, who, (season, region), entry, clock()))

    @router.get("/consent-templates")
    async def list_consent_templates(
        who: Anyone, paging: Paged, season: OfSeason = None, region: OfRegion = None
    ) -> TemplatePage:
        """The templates of consents, without their texts."""
        return await reads.templates.page(season, region, paging)

    @router.get(ONE + "/{version}", responses=problems({404: ["not-found"]}))
    async def read_consent_template(
        who: Anyone, season: InSeason, region: InRegion, version: InVersion
    ) -> TemplateTextView:
        """One template with its text."""
        return await reads.templates.one(season, region, version)

    return router
