"""Applications of venues for a season's registry, with the history of each: who asked, approved, refused, withdrew."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.trials.domain.places.venue_terms import VenueTerms, stated
from services.trials.domain.places.venues import Venue, VenueEntry
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.venues import Registry
from shared.identity.acting import Actor
from shared.programme.moments import LocalTime, Moment
from shared.programme.organisations import Organisation
from shared.programme.texts import Reason

ApplicationState = Literal["asked", "approved", "refused", "withdrawn"]
MOST_STEPS = 200
"""Steps that are kept, the newest."""
MOST_ASKED = 50
"""Among them those by which a venue asks: each is another's work."""


class RegistryDecision(Input):
    """The answer to an application."""

    approved: bool
    """True lets the venue into the registry; false refuses it, with a reason."""
    reason: Reason | None = None
    """Why it is refused, told to the venue; left out of no refusal."""
    occurred_at: Moment | None = None


class RegistryWithdrawal(Input):
    """The end of an application, or of a venue's place in the registry."""

    reason: Reason
    """Why, told to the venue and to the operators."""
    occurred_at: Moment | None = None


class HistoryStep(BaseModel):
    """A step of an application; whose it was is shown to operators alone, and is in no event."""

    model_config = ConfigDict(frozen=True)

    state: ApplicationState
    time: LocalTime
    registry: Registry
    reason: str | None
    account: str | None
    roles: tuple[str, ...]

    @classmethod
    def new(
        cls, state: ApplicationState, registry: Registry, time: datetime, by: Actor | None, reason: str | None = None
    ) -> "HistoryStep":
        """Returns a step that somebody takes now."""
        account, roles = (by.account, by.roles) if by else (None, ())
        return cls(state=state, time=time, registry=registry, reason=reason, account=account, roles=roles)


class Application(BaseModel):
    """A venue's application for a season; `id` is `<venue>/<season>`.

    While a venue in the registry asks for a change, it stays there as it was: the registry itself stands in `Venue`.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    venue: str
    season: str
    organisation: str
    name: str
    region: str
    registry: Registry
    terms: VenueTerms
    state: ApplicationState
    history: tuple[HistoryStep, ...] = ()

    @property
    def entry(self) -> VenueEntry:
        """The entry in the registry that is asked for."""
        asked = {name: getattr(self, name) for name in ("organisation", "name", "registry", "season")}
        return VenueEntry(**asked, **dict(self.terms))

    def gone_on(self, step: HistoryStep) -> "Application":
        """Returns the application after one more step."""
        return self.model_copy(update={"state": step.state, "history": (*self.history, step)[-MOST_STEPS:]})


def application_id(venue: str, season: str) -> str:
    """Returns the id of a venue's application for a season."""
    return f"{venue}/{season}"


def of_venue(venue: Venue, season: str) -> Application:
    """Returns the application of a venue that is in a season's registry, and of whose history nothing is known."""
    return Application(
        id=application_id(venue.id, season),
        venue=venue.id,
        season=season,
        organisation=venue.organisation,
        name=venue.name,
        region=venue.region,
        registry=venue.seasons[season],
        terms=venue.terms_in(season),
        state="approved",
    )


def asked_for(known: Application | None, code: str, entry: VenueEntry, owner: Organisation) -> Application:
    """Returns what an entry asks for, with the history until now."""
    return Application(
        id=application_id(code, entry.season),
        venue=code,
        season=entry.season,
        organisation=entry.organisation,
        name=entry.name,
        region=owner.region,
        registry=entry.registry,
        terms=stated(entry),
        state=known.state if known else "asked",
        history=known.history if known else (),
    )


def ask(known: Application | None, application: Application, step: HistoryStep) -> Application:
    """Asks for an entry; the same that is asked for already, or was approved, changes nothing.

    Raises Conflict where another organisation's application with the venue's code waits, or for one too many.
    """
    if known is None:
        return application.gone_on(step)
    if known.organisation != application.organisation:
        if known.state == "asked":
            detail = f"another organisation has applied for venue {known.venue}"
            raise Conflict.about("organisation", detail, "venue-taken")
        return application.model_copy(update={"history": ()}).gone_on(step)
    if application == known and known.state in ("asked", "approved"):
        return known
    if sum(taken.state == "asked" for taken in known.history) >= MOST_ASKED:
        raise Conflict(f"more than {MOST_ASKED} applications of a venue for one season", slug="too-many-applications")
    return application.gone_on(step)


def must_be_reasoned(decision: RegistryDecision) -> None:
    """Raises BadInput for a refusal without a reason."""
    if not decision.approved and decision.reason is None:
        raise BadInput.field("reason", "is needed where an application is refused")


def is_decided(known: Application, decision: RegistryDecision) -> bool:
    """Tells whether an application was decided in this way already; raises Conflict where nothing is asked for."""
    wanted: ApplicationState = "approved" if decision.approved else "refused"
    if known.state == wanted:
        return True
    if known.state != "asked":
        raise Conflict.about("approved", f"the application was {known.state}: the venue asks anew", "not-asked")
    return False
