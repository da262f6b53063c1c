"""Venues: the sites where slots are held, and the seasons in whose registry they are."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from services.trials.domain.places.venue_terms import UNSTATED, VenueTerms, stated
from shared.base.errors import BadInput, Conflict
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.contracts.venues import Registry, VenueRegistered, VenueWithdrawn
from shared.programme.moments import Moment
from shared.programme.organisations import Organisation
from shared.programme.texts import Title
from shared.storage.decision import Aggregate, Decision, Happened


class VenueEntry(VenueTerms):
    """A venue's entry in the registry of a season, as the regional operator makes it."""

    organisation: OrganisationCode
    """Code of the organisation that owns the venue; it never changes."""
    name: Title
    """Shown to people, in Russian."""
    registry: Registry
    """The registry of the season that has the venue in it."""
    season: SeasonCode
    occurred_at: Moment | None = None


BY_SEASON = ("seasons", "terms")
"""The fields of a venue that hold something for each season."""


class Venue(Aggregate):
    """A site where slots are held, with the seasons in whose registry it is."""

    organisation: str
    name: str
    region: str
    municipality: str
    seasons: dict[str, Registry]
    terms: dict[str, VenueTerms] = Field(default_factory=dict)
    """What it has said of itself, by season."""

    @property
    def hosts(self) -> tuple[str, str]:
        """The codes in which a grant speaks for the venue: its owner's and its own."""
        return self.organisation, self.id

    def terms_in(self, season: str) -> VenueTerms:
        """Returns what the venue has said of itself for a season."""
        return self.terms.get(season, UNSTATED)


def register(known: Venue | None, code: str, entry: VenueEntry, owner: Organisation, time: datetime) -> Decision[Venue]:
    """Enters a venue of `owner` into a season's registry, or changes its name or registry there."""
    if owner.municipality is None:
        raise BadInput.field("organisation", f"a {owner.kind} cannot have a venue")
    if known and known.organisation != entry.organisation:
        raise Conflict.about("organisation", f"venue {code} belongs to {known.organisation}", "venue-taken")
    terms = {season: said for season, said in (known.terms if known else {}).items() if season != entry.season}
    venue = Venue(
        id=code,
        sequence=known.sequence if known else 0,
        organisation=entry.organisation,
        name=entry.name,
        region=owner.region,
        municipality=owner.municipality,
        seasons={**(known.seasons if known else {}), entry.season: entry.registry},
        terms=terms | ({entry.season: said} if (said := stated(entry)).is_stated else {}),
    )
    return Decision(known) if venue == known else Decision(venue, (Happened(_registered(venue, entry), time),))


def _registered(venue: Venue, entry: VenueEntry) -> VenueRegistered:
    said = venue.terms_in(entry.season)
    return VenueRegistered(
        venue=venue.id,
        organisation=venue.organisation,
        name=venue.name,
        registry=entry.registry,
        season=entry.season,
        region=venue.region,
        municipality=venue.municipality,
        grades=said.grades,
        accessibility=said.accessibility,
        capacity=said.capacity,
        address=said.address.line if said.address else None,
        address_municipality=said.address.municipality if said.address else None,
        expects=said.expects,
    )


def withdraw(known: Venue, season: str, time: datetime) -> Decision[Venue]:
    """Takes a venue out of a season's registry: no slot is opened there any more; those that are open stay."""
    if season not in known.seasons:
        return Decision(known)
    event = VenueWithdrawn(
        venue=known.id,
        organisation=known.organisation,
        season=season,
        region=known.region,
        municipality=known.municipality,
    )
    return Decision(without(known, season), (Happened(event, time),))


def without(known: Venue, season: str) -> Venue:
    """Returns a venue that is in the registry of a season no more."""
    kept = {name: {code: said for code, said in getattr(known, name).items() if code != season} for name in BY_SEASON}
    return known.model_copy(update=kept)


def must_be_free(code: str, owner: Organisation, named: Sequence[Organisation]) -> None:
    """Raises BadInput for a new venue's code that another organisation than its owner has.

    A grant of a venue holds for the code of its organisation too: whoever has it there would be let in here.
    """
    if any(other.id.lower() == code.lower() and other.id != owner.id for other in named):
        raise BadInput.field("code", "is the code of an organisation that does not own the venue")
