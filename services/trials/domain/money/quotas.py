"""The ledger of a season's quotas: the nation has all units at first, and each level gives of its own to the next.

Every entry takes from one holder what it gives to another, so that only the nation's operator changes their sum.
"""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, computed_field
from pydantic_core import PydanticCustomError

from services.trials.domain.calendar.seasons import Season
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.codes import OrganisationCode, VenueCode
from shared.contracts.quotas import QuotaMoved, QuotaSet, QuotaUnit
from shared.identity.grants import NATION
from shared.programme.moments import LocalTime, Moment
from shared.programme.organisations import Organisation
from shared.programme.texts import Ref
from shared.storage.decision import Aggregate, Decision, Happened

MOST_UNITS = 100_000_000


def _moves(amount: int) -> int:
    if amount == 0:
        raise PydanticCustomError("amount_zero", "is zero: nothing would move")
    return amount


class Total(Input):
    """The number of a season's units."""

    value: Annotated[int, Field(ge=0, le=MOST_UNITS)]
    """The units of all holders together; a lower number takes of those that the nation has not given on."""
    occurred_at: Moment | None = None


class Transfer(Input):
    """Units that go from a holder to one below it, or come back."""

    ref: Ref
    """The giver's own name of the entry, such as the order's number; the same again is the same entry."""
    organisation: OrganisationCode
    """Code of the holder below: a region, a municipality, or with a venue a school."""
    venue: VenueCode | None = None
    """Code of the venue at which the school may book; left out for a region or a municipality."""
    amount: Annotated[int, Field(ge=-MOST_UNITS, le=MOST_UNITS), AfterValidator(_moves)]
    """Units to give; below zero, to take back of what is free."""
    occurred_at: Moment | None = None


class Holder(NamedTuple):
    """A holder of units: the nation, a region, a municipality, or a school for a venue."""

    organisation: str
    venue: str | None = None

    def key(self, season: str) -> str:
        """Returns the id of the holder's row."""
        return f"{season}/{self.organisation}/{self.venue or ''}"

    def __str__(self) -> str:
        return f"school {self.organisation} for venue {self.venue}" if self.venue else self.organisation


class Balance(BaseModel):
    """The units of a holder: of those that it has, it is free to give on or to book what is left."""

    model_config = ConfigDict(frozen=True)

    season: str
    organisation: str
    venue: str | None = None
    value: int = 0
    reserved: int = 0
    completed: int = 0
    issued: int = 0
    """Of the nation alone, the units of all holders together."""

    @property
    def holder(self) -> Holder:
        """The holder whose units these are."""
        return Holder(self.organisation, self.venue)

    @property
    def free(self) -> int:
        """The units that are left; below zero where more stand than were given, as where no quota binds."""
        return self.value - self.reserved - self.completed


class QuotaEntry(Aggregate):
    """An entry of the ledger; it never changes. Without a giver, the units are new."""

    season: str
    giver: str | None
    organisation: str
    venue: str | None
    amount: int
    """Units that came to the holder below; less than zero where they went back."""
    unit: QuotaUnit
    ref: str | None = None
    """None for a new number of units, and where the database was put back since."""
    time: LocalTime

    @computed_field  # type: ignore[prop-decorator]
    @property
    def at(self) -> datetime:
        """The time as an instant, which the database can sort by."""
        return self.time

    @property
    def moves(self) -> dict[Holder, int]:
        """The units that come to each holder; those of an entry with a giver add up to none."""
        taken = {} if self.giver is None else {Holder(self.giver): -self.amount}
        return {Holder(self.organisation, self.venue): self.amount, **taken}


def issue(season: Season, nation: Balance, total: Total, time: datetime, id: str) -> Decision[QuotaEntry] | None:
    """Sets the number of a season's units; None where it is that already, Conflict where those left are too few."""
    added = total.value - nation.issued
    if added == 0:
        return None
    season.must_be_open("season")
    if nation.free + added < 0:
        detail = f"{nation.issued - nation.free} were given on: take back some of them first"
        raise Conflict.about("value", detail, "quota-not-free")
    said = {"season": season.id, "unit": season.quota_unit}
    entry = QuotaEntry(
        id=f"{season.id}/{id}", giver=None, organisation=NATION, venue=None, amount=added, time=time, **said
    )
    event = QuotaSet(**said, entry=entry.id, value=total.value, added=added)
    return Decision(entry, (Happened(event, time),))


def giver_of(holder: Organisation, venue: str | None) -> str:
    """Returns who gives to a holder; raises BadInput for whoever can hold nothing, or not so."""
    if (venue is None) == (holder.kind == "school"):
        said = "a school holds units for a venue" if venue is None else f"a {holder.kind} holds units for no venue"
        raise BadInput.field("venue", said)
    match holder.kind:
        case "region":
            return NATION
        case "municipality":
            return holder.region
        case "school" if holder.municipality is not None:
            return holder.municipality
    raise BadInput.field("organisation", f"a {holder.kind} holds no units")


def entry_id(season: str, giver: str, ref: str) -> str:
    """Returns the id of an entry, which follows from how its giver names it, also after a database was put back."""
    return f"{season}/{sha256(f'{giver}/{ref}'.encode()).hexdigest()[:24]}"


class Parties(NamedTuple):
    """The balances of both sides of a transfer."""

    giver: Balance
    holder: Balance


def transfer(
    season: Season, parties: Parties, moved: Transfer, region: str, time: datetime, known: QuotaEntry | None
) -> Decision[QuotaEntry]:
    """Moves units between a holder and who gives to it; the same entry again changes nothing.

    Raises Conflict where less is free on the side from which they are taken, or where the ref means another entry.
    """
    giver, holder = parties
    said = {"organisation": moved.organisation, "venue": moved.venue, "amount": moved.amount}
    if known is not None:
        if any(getattr(known, name) != value for name, value in said.items()):
            raise Conflict.about("ref", "means another entry of this giver", "ref-reused")
        return Decision(known)
    season.must_be_open("season")
    source = giver if moved.amount > 0 else holder
    if source.free < abs(moved.amount):
        raise Conflict.about("amount", f"{source.free} units of {source.holder} are free", "quota-not-free")
    id = entry_id(season.id, giver.organisation, moved.ref)
    said |= {"season": season.id, "unit": season.quota_unit, "giver": giver.organisation}
    entry = QuotaEntry(id=id, ref=moved.ref, time=time, **said)
    event = QuotaMoved(entry=id, region=region, **said)
    return Decision(entry, (Happened(event, time),))
