"""Trials over HTTP: timetables by rule."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.trials.answers.ruled import RuledSlot, RuledTimetable
from services.trials.api.items import Dry
from services.trials.domain.timetable.timetable_rules import TimetableRule
from services.trials.handlers.slots import SlotRequest
from services.trials.handlers.timetables import RuleRequest, open_by_rule
from services.trials.repository import Repository
from shared.base.side_thread import aside
from shared.contracts.codes import VenueCode
from shared.http.authorisation import VenueOperator
from shared.http.openapi import problems
from shared.http.routes import KIB, router_of
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

InVenue = Annotated[VenueCode, Path(description="Code of the venue.")]


def routes(repository: Repository, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the route by which slots are opened by rule."""
    router = router_of("trials")

    @router.post(
        "/venues/{venue}/timetables",
        max_body_size=16 * KIB,
        response_model_exclude_none=True,
        responses=problems(
            {409: ["organisation-closed", "organisation-unknown", "season-closed", "venue-not-in-season"]}
        ),
    )
    async def open_by(venue: InVenue, rule: TimetableRule, who: VenueOperator, dry_run: Dry = False) -> RuledTimetable:
        """Opens the slots of a rule: days of the week × hours × groups; at most 1,000, by the clock of the venue.

        The same rule again opens nothing, and one with more days, hours or groups what is new. A slot that was moved,
        resized or called off since stays so.
        """
        request = SlotRequest(
            items=[],
            who=who,
            now=clock(),
            venue=venue,
            season=rule.season,
            occurred_at=rule.occurred_at,
            dry_run=dry_run,
        )
        opened = await open_by_rule(repository, RuleRequest(rule, request), new_id)
        items = await aside(lambda: [RuledSlot.of(*one, dry_run=dry_run) for one in opened], len(opened))
        return RuledTimetable(items=items, new=sum(item.status in ("opened", "planned") for item in items))

    return router
