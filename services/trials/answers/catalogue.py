"""The catalogue as it is shown: seasons, diagnostics, competencies, venues and slots, with names beside codes."""

from datetime import date, datetime
from typing import Any, Literal

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.places.venue_terms import VenueTerms
from shared.base.models import Answer
from shared.contracts.cancellations import ClosingReason
from shared.contracts.quotas import QuotaUnit
from shared.contracts.trials import Gate, SlotKind, TestedBy
from shared.contracts.venues import Registry
from shared.http.paging import Page
from shared.programme.moments import LocalTime


class SecondRoundView(Answer):
    """The second round of a season's diagnostics."""

    opens: date
    """The day from which on an attempt belongs to it, by the calendar of each region."""


class RevisionView(Answer):
    """A revision of a closed season: with it, the corrections count that were made until then."""

    revision: int
    """Its number, from 1; 0 is the closing."""
    reason: str | None
    """The reason why the told figures change; null where it was lost with a database."""
    time: datetime
    """When it was published, in UTC."""


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
    second_round: SecondRoundView | None
    """The second round of diagnostics; null where all are of one round."""
    tested_by: TestedBy
    """The rounds in which a diagnostic counts for `tested` and the gate; for taking part, each does."""
    attempts_per_round: int | None
    """Attempts that a pupil has of each diagnostic in a round, but by leave; null for as many as are wanted."""
    quota_unit: QuotaUnit
    """A unit of the season's quotas: an attendance, or all that one pupil books in it."""
    quotas_bind: bool
    """True where no booking goes beyond the quota of the school for the venue; else bookings are only counted."""
    in_use: bool
    """True since the season's first fact: its rules no longer change."""
    closed_at: datetime | None
    """The time from which on only corrections are recorded, in UTC; null while the season is open."""
    revisions: list[RevisionView]
    """Published since the closing, in order."""


def coded(season: Season) -> dict[str, Any]:
    """Returns the fields of a view that its season has under other names."""
    revisions = [{"revision": n, **one.model_dump()} for n, one in enumerate(season.revisions, 1)]
    return {"season": season.id, "revisions": revisions}


class NamedSeason(SeasonView):
    """A season with the names of its diagnostics."""

    diagnostic_names: dict[str, str | None]
    """Code of a diagnostic → its name; null before it is published."""


class SeasonPage(Page[NamedSeason]):
    """Seasons by their codes."""


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
    terms: dict[str, VenueTerms]
    """Season → what the venue has said of itself; none for a season for which it has said nothing."""


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
    """Seats that can be taken; none where it was called off, or where pupils wait for those that become free."""
    waiting: int
    """Pupils who wait for a seat."""
    closed: ClosingReason | None
    """The reason why it was called off; null as long as it is held."""
    grades: tuple[int, int]
    """Lowest and highest grade for which it is held, both included."""
    accessibility: tuple[str, ...]
    """Codes of the disability groups for which the venue is equipped."""
    programme: str | None
    """Code of the trial programme that is held; null where the slot names none."""


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
    programme_name: str | None
    """Name of the trial programme, in Russian; null where the slot names none."""


class SlotPage(Page[NamedSlot]):
    """Slots by their start."""


class OpenedAnswer(SlotView):
    """A slot that was offered alone."""

    status: Literal["opened", "known"]
    """`opened` now, or `known` from an earlier request with the same ref."""
