"""All that use cases and consumers load and save: aggregates, attempts, seats, and copies of what others own."""

import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from pymongo import UpdateOne

from services.trials.actors import Actors
from services.trials.advice import AdviceRows
from services.trials.applications import Applications
from services.trials.attempts import Attempts
from services.trials.copies.joining import Joined
from services.trials.copies.store import Copies, touch
from services.trials.domain.calendar.seasons import Season, overlap
from services.trials.domain.catalogue.competencies import Competency
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.path.paths import Path, Paths, path_id
from services.trials.domain.path.states import States
from services.trials.domain.places.programmes import Programme
from services.trials.domain.places.venues import Venue
from services.trials.domain.timetable.slots import Slot
from services.trials.drafts import Drafts
from services.trials.education import Education
from services.trials.fixed import Fixed
from services.trials.half_corrections import HalfCorrections
from services.trials.ledger import Ledger
from services.trials.lessons import Lessons
from services.trials.lines import Lines
from services.trials.payments import Payments
from services.trials.repeats import Repeats
from services.trials.reviews import Reviews
from services.trials.statements import Statements
from services.trials.timetable import Timetable
from shared.identity.acting import acting, changed
from shared.storage import code_twins
from shared.storage.decision import Decision, Happened
from shared.storage.losses import Losses
from shared.storage.mongo import Document, Mongo, Transaction, by_ids
from shared.storage.outbox import Outbox
from shared.storage.repository import Repository as Aggregates

T = TypeVar("T")
Walked: TypeAlias = tuple[Joined, str]
"""A pupil, and the season whose path is meant."""


class Repository:
    """The database of trials, as use cases and consumers have it."""

    def __init__(self, mongo: Mongo, outbox: Outbox, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.seasons = Aggregates(mongo, outbox, "seasons", Season)
        self.competencies = Aggregates(mongo, outbox, "competencies", Competency)
        self.programmes = Aggregates(mongo, outbox, "programmes", Programme)
        self.venues = Aggregates(mongo, outbox, "venues", Venue)
        self.applications = Applications(mongo)
        self.slots = Aggregates(mongo, outbox, "slots", Slot)
        self.paths = Aggregates(mongo, outbox, "paths", Path)
        self.payments = Payments(mongo, outbox)
        self.attempts = Attempts(mongo)
        self.education = Education(mongo)
        self.advice = AdviceRows(mongo, self.attempts, monotonic)
        self.drafts = Drafts(mongo)
        self.repeats = Repeats(mongo)
        self.statements = Statements(mongo)
        self.reviews = Reviews(mongo)
        self.lines = Lines(mongo)
        self.lessons = Lessons(mongo)
        self.copies = Copies(mongo, monotonic)
        self.actors = Actors(mongo)
        self.losses, self.corrections = Losses(mongo), HalfCorrections(mongo)
        self.timetable = Timetable(mongo)
        self._mongo = mongo
        self._outbox = outbox
        self.ledger = Ledger(mongo, outbox, Fixed(self.rules, lambda season: season.in_use, monotonic).load)
        self._instruments = Fixed(self.stored_instruments, lambda instrument: instrument.used, monotonic)

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Runs `body` in one transaction, again after a write conflict."""
        return await self._mongo.transact(body)

    # The catalogue.

    def alone(self, catalogue: str, code: str, word: str = "code") -> Callable[[Transaction], Awaitable[None]]:
        """Returns a check that raises Conflict where a code is new and differs from another by case alone."""
        return partial(code_twins.must_be_alone, self._mongo, catalogue, code, word=word)

    async def rules(self, codes: Iterable[str], tx: Transaction) -> dict[str, Season]:
        """Returns the seasons that exist among `codes`."""
        return await self.seasons.load(codes, tx)

    async def instruments(self, codes: Iterable[str], tx: Transaction) -> dict[str, Instrument]:
        """Returns the instruments that exist among `codes`; words that were just added may be missing."""
        return await self._instruments.load(codes, tx)

    async def stored_instruments(self, codes: Iterable[str], tx: Transaction) -> dict[str, Instrument]:
        """Returns the same as they are stored."""
        documents = await by_ids(self._mongo["instruments"], codes, tx)
        return {d["_id"]: Instrument.model_validate(d | {"code": d["_id"]}) for d in documents}

    async def put_instrument(self, instrument: Instrument, tx: Transaction) -> None:
        """Stores an instrument as it was published."""
        document = instrument.document() | changed(acting())
        await self._mongo["instruments"].replace_one({"_id": instrument.code}, document, upsert=True, session=tx)

    async def mark_used(self, instruments: Iterable[str], tx: Transaction) -> None:
        """Makes instruments immutable; conflicts with a change that is under way."""
        await self._mark("instruments", instruments, "used", tx)

    async def mark_in_use(self, seasons: Iterable[str], tx: Transaction) -> None:
        """Makes seasons immutable; conflicts with a change that is under way."""
        await self._mark("seasons", seasons, "in_use", tx)

    async def _mark(self, collection: str, codes: Iterable[str], flag: str, tx: Transaction) -> None:
        wanted = list(codes)
        if wanted:
            query = {"_id": {"$in": wanted}, flag: False}
            await self._mongo[collection].update_many(query, {"$set": {flag: True}}, session=tx)

    async def tell(self, fact: Happened, tx: Transaction) -> None:
        """Puts an event into the outbox that is the only one of its subject."""
        await self._outbox.tell(fact, tx)

    async def count_seats(self, taken: Mapping[str, int], tx: Transaction) -> None:
        """Counts seats taken (or, below zero, freed) by slot; two at once conflict, if both read the slot before."""
        writes = [UpdateOne({"_id": slot}, {"$inc": {"booked": seats}}) for slot, seats in taken.items() if seats]
        if writes:
            await self._mongo["slots"].bulk_write(writes, ordered=False, session=tx)

    # Paths, each with those of the entries joined to the pupil's.

    async def hold_paths(self, walked: Iterable[Walked], tx: Transaction) -> None:
        """Lets this transaction conflict with every step that is being taken on the paths."""
        await touch(self._mongo["paths"], _ids(walked), tx)

    async def walks(self, walked: Collection[Walked], tx: Transaction) -> list[Path]:
        """Returns the paths of pupils through seasons, as far as any of their entries has one."""
        rows = await self.paths.load(_ids(walked), tx)
        found = {}
        for joined, season in walked:
            own, *others = (rows.get(path_id(id, season)) for id in joined.ids)
            duplicates = tuple(path for path in others if path is not None)
            if own is not None or duplicates:
                path = own or Path.new(joined.pupil.id, season)
                found[path.id] = path.model_copy(update={"duplicates": duplicates}) if duplicates else path
        return list(found.values())

    async def save_walks(self, decisions: Sequence[Decision[Path]], tx: Transaction) -> None:
        """Stores the paths of decisions, each with those of duplicates.

        These are written without a change, too: whoever parts them meanwhile conflicts. Before a first step no row is
        there in which to conflict with whatever is learned of the pupil, but the pupil's own. Where nothing is told, a
        survivor's path that has no row gets none: its next event would take it for new. What they hold of quotas is
        counted with them, also where nothing else changed.
        """
        made = [decision for decision in await self.ledger.settled(decisions, tx) if decision.made]
        await self.copies.hold([decision.state.participant for decision in made if not decision.state.sequence], tx)
        beside = [Decision(one, quiet=True, by=decision.by) for decision in made for one in decision.state.duplicates]
        own = [decision for decision in made if decision.happened or decision.state.sequence]
        await self.paths.save([*own, *beside], tx)

    async def states(self, named: Collection[tuple[str, str]], tx: Transaction, *, takes_seats: bool = False) -> States:
        """Returns what steps are decided upon, of pupils named by any entry; `takes_seats` adds the seats elsewhere."""
        pupils = await self.copies.joined((participant for participant, _ in named), tx)
        walked = [(pupils[participant], season) for participant, season in named if participant in pupils]
        beside = await self.beside(walked, tx) if takes_seats else []
        return States(
            pupils={id: one.pupil for id, one in pupils.items()},
            paths=Paths(await self.walks([*walked, *beside], tx)),
            seasons=await self.rules({season for _, season in named}, tx),
            zones=await self.copies.register.clocks(one.pupil.region for one in pupils.values()),
            entries={one.pupil.id: one.ids for one in pupils.values()},
        )

    async def beside(self, walked: Collection[Walked], tx: Transaction) -> list[Walked]:
        """Returns the pupils with the other seasons whose dates overlap, in which they may have seats too.

        Of two who seat a pupil in two seasons each writes a path that the other one reads: they conflict by the pupil.
        """
        others = [(one, known, season) for one, season in walked for known in one.pupil.seasons if known != season]
        rules = await self.rules({code for _, *both in others for code in both}, tx) if others else {}
        met = [(one, known) for one, known, season in others if overlap(rules.get(known), rules.get(season))]
        await self.copies.hold({one.pupil.id for one, _ in met}, tx)
        return met

    async def holders(self, bookings: Collection[str]) -> dict[str, str]:
        """Returns whose path has each of the bookings, by booking."""
        rows = self._mongo["paths"].find({"bookings.id": {"$in": list(bookings)}}, {"participant": 1, "bookings.id": 1})
        wanted = set(bookings)
        return {b["id"]: row["participant"] async for row in rows for b in row["bookings"] if b["id"] in wanted}

    async def walk_with(self, part: str, id: str) -> tuple[str, str] | None:
        """Returns whose path has this booking (`bookings`) or attendance (`attendances`), and through which season."""
        found: Document | None = await self._mongo["paths"].find_one({f"{part}.id": id}, ["participant", "season"])
        return None if found is None else (found["participant"], found["season"])


def _ids(walked: Iterable[Walked]) -> Sequence[str]:
    return [path_id(id, season) for joined, season in walked for id in joined.ids]
