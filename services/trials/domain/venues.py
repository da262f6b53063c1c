"""Venues: the sites where slots are held, and the seasons in whose registry they are."""

from collections.abc import Sequence
from datetime import datetime

from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.contracts.trials import Registry, VenueRegistered
from shared.programme.moments import Moment
from shared.programme.organisations import Organisation
from shared.programme.texts import Title
from shared.storage.decision import Aggregate, Decision, Happened


class VenueEntry(Input):
    """A venue's entry in the registry of a season, as the regional operator makes it."""

    organisation: OrganisationCode
    """Code of the organisation that owns the venue; it never changes."""
    name: Title
    """Shown to people, in Russian."""
    registry: Registry
    """The registry of the season that has the venue in it."""
    season: SeasonCode
    occurred_at: Moment | None = None


class Venue(Aggregate):
    """A site where slots are held, with the seasons in whose registry it is."""

    organisation: str
    name: str
    region: str
    municipality: str
    seasons: dict[str, Registry]

    @property
    def hosts(self) -> tuple[str, str]:
        """The codes in which a grant speaks for the venue: its owner's and its own."""
        return self.organisation, self.id


def register(known: Venue | None, code: str, entry: VenueEntry, owner: Organisation, time: datetime) -> Decision[Venue]:
    """Enters a venue of `owner` into a season's registry, or changes its name or registry there."""
    if owner.municipality is None:
        raise BadInput.field("organisation", f"a {owner.kind} cannot have a venue")
    if known and known.organisation != entry.organisation:
        raise Conflict.about("organisation", f"venue {code} belongs to {known.organisation}", "venue-taken")
    venue = Venue(
        id=code,
        sequence=known.sequence if known else 0,
        organisation=entry.organisation,
        name=entry.name,
        region=owner.region,
        municipality=owner.municipality,
        seasons={**(known.seasons if known else {}), entry.season: entry.registry},
    )
    if venue == known:
        return Decision(known)
    event = VenueRegistered(
        venue=code,
        organisation=venue.organisation,
        name=venue.name,
        registry=entry.registry,
        season=entry.season,
        region=venue.region,
        municipality=venue.municipality,
    )
    return Decision(venue, (Happened(event, time),))


def must_be_free(code: str, owner: Organisation, named: Sequence[Organisation]) -> None:
    """Raises BadInput for a new venue's code that another organisation than its owner has.

    A grant of a venue holds for the code of its organisation too: whoever has it there would be let in here.
    """
    if any(other.id.lower() == code.lower() and other.id != owner.id for other in named):
        raise BadInput.field("code", "is the code of an organisation that does not own the venue")
