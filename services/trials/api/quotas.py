"""Trials over HTTP: the ledger of a season's quotas."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.trials.answers.quotas import EntryPage, HolderPage, TotalAnswer, TransferAnswer
from services.trials.answers.shown import shown
from services.trials.domain.money.quotas import Total, Transfer
from services.trials.handlers import quotas
from services.trials.reads.quotas import QuotaReads
from services.trials.repository import Repository
from shared.contracts.codes import OrganisationCode, SeasonCode, VenueCode
from shared.http.authorisation import NationalOperator, Operator, SchoolStaff, StaffOrVenue
from shared.http.openapi import also, problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

InSeason = Annotated[SeasonCode, Path(description="Code of the season.")]
OfVenue = Annotated[VenueCode | None, Query(description="what schools have for this venue alone")]
REFUSED = ("organisation-closed", "organisation-unknown", "quota-not-free", "ref-reused", "season-closed")


def routes(repository: Repository, reads: QuotaReads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes by which quotas are set, given on, taken back and read."""
    router = router_of("trials")

    @router.put("/quotas/{season}", responses=problems({404: ["not-found"], 409: ["quota-not-free", "season-closed"]}))
    async def set_quota(season: InSeason, body: Total, who: NationalOperator) -> TotalAnswer:
        """Sets the number of a season's units; those that are not given on are the nation's."""
        nation, rules = await quotas.set_total(repository, season, body, clock(), new_id)
        return shown(TotalAnswer, nation, unit=rules.quota_unit)

    @router.post(
        "/quotas/{season}/transfers",
        status_code=201,
        responses=also(TransferAnswer) | problems({404: ["not-found"], 409: REFUSED}),
    )
    async def move_quota(season: InSeason, body: Transfer, who: Operator, response: Response) -> TransferAnswer:
        """Gives units to a region, a municipality, or a school for a venue, or takes back of those that are free.

        They are those of the nation, the region or the municipality above it, whose operator gives them. The same
        `ref` again changes nothing (200).
        """
        done = await quotas.transfer(repository, season, body, who, clock())
        response.status_code = 201 if done.new else 200
        return shown(TransferAnswer, done.value, entry=done.value.id, status="moved" if done.new else "known")

    _add_reads(router, reads)
    return router


def _add_reads(router: APIRouter, reads: QuotaReads) -> None:
    @router.get("/quotas/{season}", responses=problems({404: ["not-found"]}))
    async def quotas_of_season(
        season: InSeason,
        who: StaffOrVenue,
        paging: Paged,
        organisation: Annotated[
            OrganisationCode | None, Query(description="a region, a municipality or a school, with all that lies in it")
        ] = None,
        venue: OfVenue = None,
    ) -> HolderPage:
        """Units by holder: those that each has, and of them the free, reserved and completed ones.

        A school that has booked at a venue stands there also where it was given none.
        """
        return await reads.holders(who, season, organisation, venue, paging)

    @router.get("/quotas/{season}/entries", responses=problems({404: ["not-found"]}))
    async def entries_of_quota(
        season: InSeason,
        who: SchoolStaff,
        paging: Paged,
        organisation: Annotated[OrganisationCode, Query(description="whose entries: `RU` for the nation's")],
        venue: OfVenue = None,
    ) -> EntryPage:
        """The entries by which a holder was given units, gave them on or took them back, the newest first."""
        return await reads.entries(who, season, organisation, venue, paging)
