"""Rates: the money that an attendance is worth, as data that operators enter, each from a day on."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from shared.base.models import Input
from shared.contracts.codes import Code, CompetencyCode, OrganisationCode, SeasonCode, VenueCode
from shared.contracts.trials import SlotKind
from shared.programme.moments import Moment, SeasonDay

SCOPE = ("region", "venue", "competency", "programme", "kind")
"""The fields that narrow a rate."""
ANY = "-"
"""Stands in an id for what a rate leaves open; no code is spelt so."""


class RateEntry(Input):
    """A rate, as an operator sets it: the same scope and day once more is the same rate with another sum."""

    season: SeasonCode
    region: OrganisationCode | None = None
    """Region of the venues; left out, it holds everywhere, and is the national operator's to set."""
    venue: VenueCode | None = None
    """The one venue for which it holds, of the region."""
    competency: CompetencyCode | None = None
    """The competency for whose slots it holds."""
    programme: Code | None = None
    """The trial programme for whose slots it holds."""
    kind: SlotKind | None = None
    """The kind of slots for which it holds; an excursion that is not paid has a rate of nothing."""
    since: SeasonDay
    """The first day of slots for which it holds, by the venue's calendar."""
    kopecks: Annotated[int, Field(ge=0, le=100_000_000)]
    """The sum for one attendance, with all taxes."""
    occurred_at: Moment | None = None


class Held(NamedTuple):
    """The parts of a slot by which it is paid."""

    region: str
    venue: str
    competency: str
    programme: str | None
    kind: str
    day: date
    """On which it was held, by the venue's calendar."""


class Rate(BaseModel):
    """A rate; `id` is made of all that says for which slots it holds."""

    model_config = ConfigDict(frozen=True)

    id: str
    season: str
    region: str | None
    venue: str | None
    competency: str | None
    programme: str | None
    kind: SlotKind | None
    since: str
    """ISO date: the database has no type for a day."""
    kopecks: int

    @classmethod
    def of(cls, entry: RateEntry) -> "Rate":
        """Returns the rate of an entry."""
        scope = entry.model_dump(include=set(SCOPE))
        parts = [entry.season, *(scope[name] or ANY for name in SCOPE), str(entry.since)]
        return cls(id="/".join(parts), season=entry.season, since=str(entry.since), kopecks=entry.kopecks, **scope)

    def holds_for(self, slot: Held) -> bool:
        """Tells whether a slot is paid by it, unless another rate says more."""
        said = (getattr(self, name) for name in SCOPE)
        is_within = all(one is None or one == getattr(slot, name) for one, name in zip(said, SCOPE, strict=True))
        return is_within and self.since <= slot.day.isoformat()

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, bool, str]:
        """The order of rates that hold for one slot: what names a venue goes before all that does not, and so on."""
        named = [getattr(self, name) is not None for name in ("venue", "programme", "competency", "kind", "region")]
        venue, programme, competency, kind, region = named
        return venue, programme, competency, kind, region, self.since


def rate_of(slot: Held, rates: Iterable[Rate]) -> Rate | None:
    """Returns the rate of a slot: of those that hold, the closest to it, and of these the newest."""
    return max((rate for rate in rates if rate.holds_for(slot)), key=lambda rate: rate.rank, default=None)
