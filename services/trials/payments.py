"""Rates and the lines of acts for payment in the database, and the attendances that lines are made of.

Rates are no events, since what was signed by them has its sums; acts are.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.trials.collections import PAYMENT_ACTS, PAYMENT_LINES, RATES
from services.trials.copies.store import touch
from services.trials.domain.money.payment_acts import PaymentAct
from services.trials.domain.money.payment_drafts import Attended, Line
from services.trials.domain.money.rates import Held, Rate
from shared.identity.acting import acting, changed
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction
from shared.storage.outbox import Outbox
from shared.storage.repository import Repository as Aggregates

HELD = {"region": 1, "venue": 1, "competency": 1, "programme": 1, "kind": 1, "starts_at": 1}


class Payments:
    """The rates, acts and lines of one database."""

    def __init__(self, mongo: Mongo, outbox: Outbox) -> None:
        self.acts = Aggregates(mongo, outbox, PAYMENT_ACTS, PaymentAct)
        self._rates = mongo[RATES]
        self._lines = mongo[PAYMENT_LINES]
        self._signed = mongo[PAYMENT_ACTS]
        self._slots = mongo["slots"]
        self._paths = mongo["paths"]
        self._venues = mongo["venues"]

    async def set_rate(self, rate: Rate, time: datetime, tx: Transaction) -> None:
        """Stores a rate, new or with another sum."""
        row = rate.model_dump(exclude={"id"}) | {"set_at": time.isoformat()} | changed(acting())
        await self._rates.replace_one({"_id": rate.id}, row, upsert=True, session=tx)

    async def rates(self, season: str, venue: str, tx: Transaction) -> list[Rate]:
        """Returns the rates of a season, but for those of other venues."""
        query = {"season": season, "venue": {"$in": [None, venue]}}
        rows = await self._rates.find(query, session=tx).to_list(None)
        return [Rate.model_validate(row | {"id": row["_id"]}) for row in rows]

    async def hold(self, venue: str, tx: Transaction) -> None:
        """Lets this transaction conflict with one that signs another act of the venue."""
        await touch(self._venues, [venue], tx)

    async def slots(self, venue: str, season: str, tx: Transaction) -> dict[str, Held]:
        """Returns the slots of a venue in a season."""
        found = self._slots.find({"venue": venue, "season": season}, HELD, batch_size=WHOLE, session=tx)
        return {row.pop("_id"): _held(row) for row in await found.to_list(None)}

    async def attended(self, slots: Collection[str], tx: Transaction) -> list[Attended]:
        """Returns the attendances in slots, revoked ones too; `pupil` is the entry that has each."""
        query, fields = {"attendances.slot": {"$in": list(slots)}}, {"participant": 1, "attendances": 1}
        rows = await self._paths.find(query, fields, batch_size=WHOLE, session=tx).to_list(None) if slots else []
        return [
            Attended(
                id=one["id"],
                pupil=row["participant"],
                slot=one["slot"],
                time=datetime.fromisoformat(one["time"]),
                revoked=one.get("revoked") is not None,
            )
            for row in rows
            for one in row["attendances"]
            if one.get("slot") in slots
        ]

    async def lines(self, venue: str, season: str, tx: Transaction) -> list[Line]:
        """Returns the lines of all acts of a venue in a season."""
        found = self._lines.find({"venue": venue, "season": season}, batch_size=WHOLE, session=tx)
        return [line_of(row) for row in await found.to_list(None)]

    async def add(self, act: PaymentAct, lines: Sequence[Line], tx: Transaction) -> None:
        """Stores the lines of an act; raises BulkWriteError where another act has one of them."""
        if lines:
            await self._lines.insert_many([_row(act, line) for line in lines], ordered=False, session=tx)

    async def by_ref(self, venue: str, ref: str, tx: Transaction) -> PaymentAct | None:
        """Returns the act of a venue that a ref names."""
        row: Document | None = await self._signed.find_one({"venue": venue, "ref": ref}, session=tx)
        return None if row is None else PaymentAct.model_validate(row | {"id": row["_id"]})

    async def next_number(self, venue: str, season: str, tx: Transaction) -> int:
        """Returns the number behind the last act's of a venue in a season."""
        query = {"venue": venue, "season": season}
        last: Document | None = await self._signed.find_one(query, {"number": 1}, sort=[("number", -1)], session=tx)
        return 1 if last is None else last["number"] + 1


def _held(row: Document) -> Held:
    day = datetime.fromisoformat(row.pop("starts_at")).date()
    return Held(day=day, programme=row.pop("programme", None), **row)


def _row(act: PaymentAct, line: Line) -> Document:
    paid = line.attendance if line.turn == 1 else f"{line.attendance}/{line.turn}"
    id = f"{paid}/minus" if line.minus else paid
    return {"_id": id, "act": act.id, "venue": act.venue, "season": act.season, **line._asdict()}


def line_of(row: Document) -> Line:
    """Returns the line of a stored row; the release before knew first turns alone, and did not say so."""
    return Line(*(row[name] for name in Line._fields if name in row))
