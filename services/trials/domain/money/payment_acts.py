"""Acts for payment: what was drafted is frozen once it is signed, and then paid."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, computed_field, field_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.money.payment_drafts import Draft, Line, Sum, sums
from services.trials.domain.places.venues import Venue
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.codes import SeasonCode
from shared.contracts.event import Envelope
from shared.contracts.payments import ActPaid, ActSigned
from shared.programme.moments import LocalTime, Moment, SeasonDay
from shared.programme.texts import Ref
from shared.storage.decision import Aggregate, Decision, Happened

ActState = Literal["draft", "signed", "paid"]
MOST_LINES = 20_000
"""Of an act: who prints it and who pays it looks at each."""
LINES_OF_AN_EVENT = 500
NO_ACT = "no such act"


class Signing(Input):
    """The operator's word that a draft is right: its sum and lines are repeated, so that no other one is signed."""

    ref: Ref
    """The operator's own name of the act; the same again is the same act."""
    season: SeasonCode
    begins: SeasonDay
    """First day of the period, by the venue's calendar."""
    ends: SeasonDay
    """Last day, included; it is over."""
    kopecks: Annotated[int, Field(ge=-(10**12), le=10**12)]
    """The sum of the draft."""
    lines: Annotated[int, Field(ge=1, le=MOST_LINES)]
    """The number of its lines."""
    occurred_at: Moment | None = None

    @field_validator("ends")
    @classmethod
    def _not_before_begins(cls, ends: date, read: ValidationInfo) -> date:
        if "begins" in read.data and ends < read.data["begins"]:
            raise PydanticCustomError("ends_too_early", "lies before begins")
        return ends


class Payment(Input):
    """The word that an act was paid."""

    occurred_at: Moment | None = None


class PaymentAct(Aggregate):
    """An act that was signed: of it, only whether it was paid changes."""

    ref: str | None
    """None where a restored database has lost it."""
    venue: str
    organisation: str
    region: str
    season: str
    begins: str
    """ISO date, as is `ends`."""
    ends: str
    number: int
    pupils: int
    lines: int
    kopecks: int
    sums: tuple[Sum, ...]
    signed_at: LocalTime
    paid_at: LocalTime | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def signed(self) -> datetime:
        """The signing as an instant, which the database can sort by."""
        return self.signed_at

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> ActState:
        """Paid, or signed alone: what is drafted is no act yet."""
        return "paid" if self.paid_at else "signed"


def sign(act: PaymentAct, drafted: Draft, command: Signing) -> Decision[PaymentAct]:
    """Signs a draft; raises Conflict where it is not the one that was looked at, or cannot be paid as it is."""
    if drafted.unpriced:
        lacking = ", ".join(f"{competency} ({count})" for competency, count in sorted(drafted.unpriced.items()))
        raise Conflict(f"no rate holds for attendances of {lacking}", slug="rate-missing")
    if len(drafted.lines) > MOST_LINES:
        raise Conflict(f"the act has more than {MOST_LINES} lines: choose a shorter period", slug="act-too-long")
    if not drafted.lines:
        raise Conflict("nothing is to be paid or taken back in this period", slug="nothing-to-pay")
    if (command.kopecks, command.lines) != (drafted.kopecks, len(drafted.lines)):
        detail = f"the draft has {len(drafted.lines)} lines and a sum of {drafted.kopecks} kopecks by now"
        raise Conflict.about("kopecks", detail, "act-changed")
    events = (Happened(event, act.signed_at) for event in _told(act, drafted))
    return Decision(act, tuple(events))


def signed(drafted: Draft, command: Signing, venue: Venue, number: int, id: str, time: datetime) -> PaymentAct:
    """Returns the act that a draft becomes; raises Conflict where its period is not over."""
    if time.date() <= command.ends:
        raise Conflict.about("ends", "this day is not over at the venue", "period-not-over")
    return PaymentAct(
        id=id,
        ref=command.ref,
        venue=venue.id,
        organisation=venue.organisation,
        region=venue.region,
        season=command.season,
        begins=str(command.begins),
        ends=str(command.ends),
        number=number,
        pupils=drafted.pupils,
        lines=len(drafted.lines),
        kopecks=drafted.kopecks,
        sums=sums(drafted.lines),
        signed_at=time,
    )


def must_be_same(known: PaymentAct, command: Signing) -> None:
    """Raises Conflict where a ref names an act of another period or sum."""
    asked = (command.season, str(command.begins), str(command.ends), command.kopecks, command.lines)
    if asked != (known.season, known.begins, known.ends, known.kopecks, known.lines):
        raise Conflict.about("ref", "this ref names another act of the venue", "ref-reused")


def pay(known: PaymentAct, time: datetime) -> Decision[PaymentAct]:
    """Notes that an act was paid; again, it changes nothing."""
    if known.paid_at is not None:
        return Decision(known)
    if time < known.signed_at:
        raise BadInput.field("occurred_at", "lies before the signing")
    fields = {name: getattr(known, name) for name in ("venue", "season", "region", "number", "kopecks")}
    event = ActPaid(act=known.id, **fields)
    return Decision(known.model_copy(update={"paid_at": time}), (Happened(event, time),))


def _told(act: PaymentAct, drafted: Draft) -> Iterator[ActSigned]:
    starts = range(0, len(drafted.lines), LINES_OF_AN_EVENT)
    said = {name: getattr(act, name) for name in ("venue", "season", "region", "number", "organisation", "pupils")}
    for part, start in enumerate(starts, 1):
        lines = drafted.lines[start : start + LINES_OF_AN_EVENT]
        yield ActSigned(
            **said,
            act=act.id,
            begins=drafted.period.begins,
            ends=drafted.period.ends,
            part=part,
            parts=len(starts),
            attendances=tuple(line.attendance for line in lines),
            slots=tuple(line.slot for line in lines),
            rates=tuple(line.rate for line in lines),
            kopecks=tuple(line.kopecks for line in lines),
            turns=tuple(line.turn for line in lines),
        )


def restored_lines(event: ActSigned) -> list[Line]:
    """Returns the lines that an event tells."""
    turns = event.turns or (1,) * len(event.attendances)
    told = zip(event.attendances, event.slots, event.rates, event.kopecks, turns, strict=True)
    return [Line(*one) for one in told]


def restored_act(known: PaymentAct | None, envelope: Envelope, event: ActSigned, lines: list[Line]) -> PaymentAct:
    """Returns an act as far as its parts are told by now; the operator's own name of it is in no event."""
    told = sums(lines, known.sums if known else ())
    said = event.model_dump(include={"venue", "organisation", "region", "season", "number", "pupils"})
    return PaymentAct(
        id=event.act,
        sequence=int(envelope.sequence),
        ref=known.ref if known else None,
        begins=str(event.begins),
        ends=str(event.ends),
        lines=sum(one.lines for one in told),
        kopecks=sum(one.total for one in told),
        sums=told,
        signed_at=envelope.time,
        **said,
    )
