"""Applications of venues as they are shown to operators and, without who did what, to the venues."""

from services.trials.domain.places.applications import Application, ApplicationState
from services.trials.domain.places.venue_terms import VenueTerms
from shared.base.models import Answer
from shared.contracts.venues import Registry
from shared.http.paging import Page
from shared.programme.moments import LocalTime


class ActorView(Answer):
    """Somebody who acted, as operators are told."""

    account: str | None
    """The account, as a keyed hash; null where nobody is known."""
    roles: tuple[str, ...]
    """The roles in which that account acted."""


class HistoryStepView(Answer):
    """A step of an application."""

    state: ApplicationState
    """The state to which it led."""
    time: LocalTime
    """When it happened, on the venue's clock."""
    registry: Registry
    """The registry that was asked for or entered then."""
    reason: str | None
    """Why it was refused or withdrawn; null for other steps."""
    by: ActorView | None
    """Whose step it was; null for whoever is no operator of the region."""


class ApplicationView(Answer):
    """A venue's application for a season's registry."""

    venue: str
    """Code of the venue, which exists once an application is approved."""
    season: str
    """Code of the season."""
    organisation: str
    """Code of the organisation that owns the venue."""
    name: str
    """The venue's name that is asked for, in Russian."""
    region: str
    """Code of the region in which it lies, whose operator decides; the national one does upon `federal`."""
    registry: Registry
    """The registry that is asked for."""
    terms: VenueTerms
    """The terms that the venue asks for."""
    state: ApplicationState
    """How it stands; a venue in the registry that asks for a change stays there as it was until that is approved."""
    history: list[HistoryStepView]
    """The steps until now, the earliest first; empty for what an earlier release has entered."""


class ApplicationPage(Page[ApplicationView]):
    """Applications by venue and season."""


def told(application: Application, is_operator: bool) -> ApplicationView:
    """Returns an application as an operator sees it, or as the venue does."""
    said = {name: getattr(application, name) for name in ApplicationView.model_fields if name != "history"}
    history = [
        HistoryStepView(
            state=step.state,
            time=step.time,
            registry=step.registry,
            reason=step.reason,
            by=ActorView(account=step.account, roles=step.roles) if is_operator else None,
        )
        for step in application.history
    ]
    return ApplicationView(**said, history=history)
