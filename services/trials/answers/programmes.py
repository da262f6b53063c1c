"""Trial programmes as everyone is shown them: without the link of an online one."""

from services.trials.domain.places.programmes import Criterion
from shared.base.models import Answer
from shared.contracts.venues import Environment, ProgrammeFormat, ProgrammeLevel
from shared.http.paging import Page


class ProgrammeView(Answer):
    """The passport of a trial programme."""

    programme: str
    """Code of the programme."""
    organisation: str
    """Code of the owner: an organisation, whose venues hold it, or a region, all of whose venues do."""
    region: str
    """Code of the owner's region."""
    name: str
    """Name, in Russian."""
    competency: str
    """Code of the competency that is tried."""
    level: ProgrammeLevel
    """The depth: `introductory`, `basic` or `advanced`."""
    format: ProgrammeFormat
    """`in-person` at the venue, or `online`: then the booked and the venue read the link with the booking or slot."""
    minutes: int
    """Length in minutes, that of every slot."""
    places: int
    """Most pupils at a time."""
    grades: tuple[int, int]
    """Lowest and highest grade, both included."""
    criteria: tuple[Criterion, ...]
    """The criteria that a mentor scores by."""
    environment: Environment
    """The surroundings of a life (среда) that it shows: one of nine."""
    needs: tuple[str, ...]
    """The needs that it serves."""


class NamedProgramme(ProgrammeView):
    """A trial programme with the names of where it belongs; null where a definition has not arrived."""

    organisation_name: str | None
    """Name of the owner."""
    region_name: str | None
    """Name of the region, in Russian; null while its definition is missing."""
    competency_name: str | None
    """Name of the competency, in Russian; null while its definition is missing."""


class ProgrammePage(Page[NamedProgramme]):
    """Trial programmes by their codes."""
