"""Reads of suggestions: the trials that suit a pupil, each of which a booking would give at this moment."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from services.trials.answers.suggestions import SuggestionsView, SuggestionView
from services.trials.collections import NEEDS, PARTICIPANTS
from services.trials.copies.joining import Joined
from services.trials.domain.catalogue.wording import Label
from services.trials.domain.path.caller import Caller, Said, UnknownParticipant, clock_of, reaches
from services.trials.domain.path.claims import Allowance
from services.trials.domain.path.paths import Paths, path_id
from services.trials.domain.path.states import States
from services.trials.domain.seats.bookings import BookingBatch
from services.trials.domain.seats.statements import in_force
from services.trials.domain.seats.suggestions import Offer, Wishes, liked, ranked, wishes_of
from services.trials.domain.timetable.slots import Slot
from services.trials.reads.open_slots import OpenSlots
from services.trials.repository import Repository
from shared.base.errors import ServiceError
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.storage.mongo import Mongo, Transaction

ROUNDS = 4
"""So often more offers are looked at where those before were full, or the pupil is elsewhere at their times."""
TIMES = 2
"""Times of one offer that are looked at."""

Allowed: TypeAlias = Callable[[Iterable[tuple[str, Slot]], States, Transaction], Awaitable[Allowance]]
"""Reads what is left of the quotas that pupils need in slots."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A pupil by any of the entries, the season, and how many suggestions are wanted by whom."""

    participant: str
    season: str
    most: int
    who: Principal
    now: datetime


@dataclass(frozen=True, slots=True)
class Seeker:
    """A pupil with all that a booking is decided upon, and what is wished for."""

    id: str
    states: States
    caller: Caller
    wishes: Wishes
    interests: Mapping[str, Label]
    """The names of the scales by the surroundings that they are about."""

    def could_book(self, slot: Slot, free: Allowance) -> bool:
        """Tells whether a booking would give a seat that the pupil has not yet; `free` is left of the quotas."""
        pupil = self.states.pupils[self.id]
        if self.states.paths.of(pupil.id, slot.season).live_booking(slot.id):
            return False
        try:
            batch = BookingBatch({slot.id: slot}, self.states, lambda: "", free)
            batch.must_admit(pupil, slot, Said(), self.caller)
        except ServiceError:
            return False
        return True


class SuggestionReads:
    """Reads of suggestions, each on behalf of a principal."""

    def __init__(self, mongo: Mongo, repository: Repository, open_slots: OpenSlots, allowed: Allowed) -> None:
        self._mongo = mongo
        self._repository = repository
        self._open = open_slots
        self._allowed = allowed

    async def of(self, asked: Asked) -> SuggestionsView:
        """Returns suggestions; raises UnknownParticipant outside the scope."""
        async with self._mongo.snapshot() as session:
            seeker = await self._seeker(asked, session)
            pupil = seeker.states.pupils[seeker.id]
            is_known = asked.season in seeker.states.seasons
            offers = await self._open.of(asked.season, pupil.region, asked.now) if is_known else {}
            found = await self._seats(seeker, ranked(offers, seeker.wishes, asked.now), asked, session)
            clock = clock_of(seeker.states.zones, pupil)
        items = []
        for offer, slot in found:
            own = seeker.states.zones.of(pupil.region, offer.traits.municipality)
            interest = seeker.interests.get(offer.traits.environment or "")
            items.append(SuggestionView.of(slot, offer, seeker.wishes, interest, zone(own) if own else clock))
        return SuggestionsView(participant=seeker.id, season=asked.season, suggestions=items)

    async def _seeker(self, asked: Asked, session: Transaction) -> Seeker:
        id, season = asked.participant, asked.season
        of = {PARTICIPANTS: [id], "paths": [path_id(id, season)], "seasons": [season], NEEDS: [id]}
        await self._mongo.read_ahead(of, session)
        joined = (await self._repository.copies.joined([id], session)).get(id)
        if joined is None or not reaches(asked.who, joined.pupil):
            raise UnknownParticipant.about("participant", "no such participant in your scope")
        pupil = joined.pupil
        about([pupil.id])
        pupils, zones = {pupil.id: pupil}, await self._repository.copies.register.clocks([pupil.region])
        states = States(
            pupils=pupils,
            paths=Paths(await self._repository.walks([(joined, season) for season in pupil.seasons], session)),
            seasons=await self._repository.rules([asked.season], session),
            zones=zones,
            entries={pupil.id: joined.ids},
        )
        wishes, interests = await self._wishes(joined, states, asked, session)
        return Seeker(pupil.id, states, Caller(asked.who, asked.now, pupils, zones), wishes, interests)

    async def _wishes(
        self, joined: Joined, states: States, asked: Asked, session: Transaction
    ) -> tuple[Wishes, Mapping[str, Label]]:
        """Returns what a pupil wishes for, with the names of interests."""
        pupil, season = joined.pupil, states.seasons.get(asked.season)
        if season is None:
            return Wishes(pupil.grade, pupil.municipality), {}
        wishes = wishes_of(states.paths.of(pupil.id, season.id), season, pupil.grade, pupil.municipality)
        attempts = await self._repository.attempts.on([path_id(id, season.id) for id in joined.ids], session)
        last = liked(attempt for some in attempts.values() for attempt in some)
        held = in_force(joined, await self._repository.statements.load(joined.ids, session), asked.now)
        wishes = replace(wishes, needs=tuple(held.needs) if held else (), likes=last[1] if last else ())
        return wishes, await self._interests(last[0].diagnostic, session) if last else {}

    async def _interests(self, diagnostic: str, session: Transaction) -> Mapping[str, Label]:
        known = (await self._repository.instruments([diagnostic], session)).get(diagnostic)
        return {scale.code: scale.name for scale in known.scales} if known else {}

    async def _seats(
        self, seeker: Seeker, best: Iterator[Offer], asked: Asked, session: Transaction
    ) -> list[tuple[Offer, Slot]]:
        """Returns the best offers that can be booked, each with its first slot that can."""
        found: list[tuple[Offer, Slot]] = []
        for _ in range(ROUNDS):
            looked = list(islice(best, asked.most))
            times = {offer: _slots(offer, asked.now) for offer in looked}
            slots = await self._repository.slots.load((id for ids in times.values() for id in ids), session)
            free = await self._allowed(((seeker.id, slot) for slot in slots.values()), seeker.states, session)
            for offer in looked:
                there = (slots[id] for id in times[offer] if id in slots)
                slot = next((one for one in there if seeker.could_book(one, free)), None)
                found += [(offer, slot)] if slot else []
            if len(found) >= asked.most or not looked:
                break
        return found[: asked.most]


def _slots(offer: Offer, now: datetime) -> list[str]:
    return [time.slot for time in islice(offer.after(now), TIMES)]
