"""The catalogue as it is shown: seasons, diagnostics, competencies, venues and slots, with names beside codes."""

from datetime import date

from services.trials.catalogue import Season, Venue
from services.trials.instruments import Definition, Instrument
from services.trials.names import Names
from services.trials.slots import Slot
from shared.base.models import Answer
from shared.contracts.trials import Gate, Registry, SlotKind
from shared.http.paging import Page
from shared.programme.moments import LocalTime


class SeasonView(Answer):
    """A season's rules; they no longer change once it is in use."""

    season: str
    """Code of the season."""
    name: str
    """Name, in Russian."""
    opens: date
    """First day, by the calendar of each region."""
    closes: date
    """Last day, included."""
    grades: tuple[int, int]
    """Lowest and highest grade, both included."""
    diagnostics: tuple[str, ...]
    """Codes of the diagnostics, all of them required."""
    trials_required: int
    """Practical trials that a pupil attends to complete the season."""
    recommendation_gate: Gate
    """When a recommendation is issued: after all stages, or after the diagnostics alone."""
    in_use: bool
    """True since the season's first fact: its rules no longer change."""

    @classmethod
    def of(cls, season: Season) -> "SeasonView":
        """From the aggregate."""
        return cls.model_validate(season.model_dump() | {"season": season.id})


class NamedSeason(SeasonView):
    """A season with the names of its diagnostics."""

    diagnostic_names: dict[str, str | None]
    """Code of a diagnostic → its name; null before it is published."""

    @classmethod
    def named(cls, season: Season, names: Names) -> "NamedSeason":
        """From the aggregate."""
        shown = SeasonView.of(season).model_dump()
        return cls(**shown, diagnostic_names=names.all_of("diagnostic", season.diagnostics))


class SeasonPage(Page[NamedSeason]):
    """Seasons by their codes."""


class DiagnosticView(Definition):
    """An instrument; it no longer changes once an attempt has used it."""

    code: str
    """Code of the diagnostic."""
    used: bool
    """True since the first attempt: the instrument no longer changes."""


class DiagnosticEntry(Answer):
    """An instrument in a list, without what it is made of."""

    code: str
    """Code of the diagnostic."""
    name: str
    """Name, in Russian."""
    method: str
    """How answers become a profile, in a few words."""
    scales: int
    """How many scales its profile has."""
    items: int
    """How many items a pupil answers."""
    used: bool
    """True since the first attempt: the instrument no longer changes."""

    @classmethod
    def of(cls, instrument: Instrument) -> "DiagnosticEntry":
        """From the instrument."""
        sizes = {"scales": len(instrument.scales), "items": len(instrument.items)}
        return cls(**instrument.model_dump(include={"code", "name", "method", "used"}), **sizes)


class DiagnosticPage(Page[DiagnosticEntry]):
    """Diagnostics by their codes."""


class CompetencyView(Answer):
    """An approved competency."""

    code: str
    """Code of the competency."""
    name: str
    """Name, in Russian."""


class CompetencyPage(Page[CompetencyView]):
    """Competencies by their codes."""


class VenueView(Answer):
    """A venue with its registry by season."""

    venue: str
    """Code of the venue."""
    organisation: str
    """Code of the organisation that owns it."""
    name: str
    """Name, in Russian."""
    region: str
    """Code of the region in which it lies."""
    municipality: str
    """Code of the municipality in which it lies."""
    seasons: dict[str, Registry]
    """Season → the registry that has the venue in it, the federal or the regional one."""

    @classmethod
    def of(cls, venue: Venue) -> "VenueView":
        """From the aggregate."""
        return cls.model_validate(venue.model_dump() | {"venue": venue.id})


class NamedVenue(VenueView):
    """A venue with the names of where it belongs; null where the register's definition has not arrived."""

    organisation_name: str | None
    """Name of the organisation that owns it."""
    region_name: str | None
    """Name of the region, in Russian; null while its definition is missing."""
    municipality_name: str | None
    """Name of the municipality, in Russian; null while its definition is missing."""
    season_names: dict[str, str | None]
    """Code of a season → its name."""

    @classmethod
    def named(cls, venue: Venue, names: Names) -> "NamedVenue":
        """From the aggregate."""
        return cls(
            **VenueView.of(venue).model_dump(),
            organisation_name=names.of("organisation", venue.organisation),
            region_name=names.of("organisation", venue.region),
            municipality_name=names.of("organisation", venue.municipality),
            season_names=names.all_of("season", venue.seasons),
        )


class VenuePage(Page[NamedVenue]):
    """Venues by their codes."""


class SlotView(Answer):
    """A slot with the seats that are left."""

    slot: str
    """Random id."""
    ref: str | None
    """The venue's own name of the slot; null where it gave none."""
    venue: str
    """Code of the venue where it is held."""
    season: str
    """Code of the season to which it belongs."""
    region: str
    """Code of the venue's region."""
    competency: str
    """Code of the competency that is tried."""
    kind: SlotKind
    """Only `trial` and `partner-trial` count as a practical trial; every other kind counts as taking part."""
    starts_at: LocalTime
    """Start, on the region's clock."""
    minutes: int
    """Length in minutes."""
    capacity: int
    """Seats in all."""
    open_seats: int
    """Seats that are left."""
    grades: tuple[int, int]
    """Lowest and highest grade for which it is held, both included."""
    accessibility: tuple[str, ...]
    """Codes of the disability groups for which the venue is equipped."""

    @classmethod
    def of(cls, slot: Slot) -> "SlotView":
        """From the aggregate."""
        shown = slot.model_dump(include=set(SlotView.model_fields), exclude={"slot", "open_seats"})
        return SlotView(slot=slot.id, open_seats=slot.capacity - slot.booked, **shown)


class NamedSlot(SlotView):
    """A slot with the names of what it mentions; null where a definition has not arrived."""

    venue_name: str | None
    """Name of the venue, in Russian; null while its definition is missing."""
    season_name: str | None
    """Name of the season, in Russian; null while its definition is missing."""
    region_name: str | None
    """Name of the region, in Russian; null while its definition is missing."""
    competency_name: str | None
    """Name of the competency, in Russian; null while its definition is missing."""

    @classmethod
    def named(cls, slot: Slot, names: Names) -> "NamedSlot":
        """From the aggregate."""
        return cls(
            **SlotView.of(slot).model_dump(),
            venue_name=names.of("venue", slot.venue),
            season_name=names.of("season", slot.season),
            region_name=names.of("organisation", slot.region),
            competency_name=names.of("competency", slot.competency),
        )


class SlotPage(Page[NamedSlot]):
    """Slots by their start."""
