"""Lines for the seats of slots to come, drawn at random beside a model of them: a freed seat is the first in line's."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos.told import Record
from tests.drivers.consumers import eventually
from tests.e2e.conftest import Answer, Client

SEATS, PER_SEAT = 2, 3
"""Seats of a slot, and how many wait for each at most."""


@dataclass
class Line:
    """One slot: who has a seat, and who waits in which order."""

    slot: str
    seated: dict[str, str] = field(default_factory=dict)
    """Pupil → booking."""
    waiting: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    """Who was given a seat from the line, in that order."""
    kept: set[str] = field(default_factory=set)
    """Bookings that were confirmed."""

    def serve(self) -> None:
        """The free seats are the first ones', though their bookings are not known yet."""
        while self.waiting and len(self.seated) < SEATS:
            first = self.waiting.pop(0)
            self.seated[first] = ""
            self.given.append(first)


@dataclass
class Lines:
    """Pupils of a school who book, wait, leave, confirm and give up as a random number says."""

    client: Client
    season: str
    by: Sequence[str]
    lines: Sequence[Line]
    pupils: Sequence[str]
    rng: Random
    refused: set[str] = field(default_factory=set)

    async def goes_on(self) -> None:
        """One command about any pupil and line; what it does, and what follows from it by itself, is the model's."""
        kinds: Sequence[Callable[[Line, str], Awaitable[None]]]
        kinds = (
            self.books,
            self.waits,
            self.waits,
            self.waits,
            self.leaves,
            self.gives_up,
            self.gives_up,
            self.confirms,
        )
        line = self.rng.choice(self.lines)
        kind = self.rng.choice(kinds)
        among = list(line.seated) if kind in (self.gives_up, self.confirms) and line.seated else self.pupils
        await kind(line, self.rng.choice(among))
        line.serve()
        await eventually(self.is_as_modelled(line))

    async def books(self, line: Line, pupil: str) -> None:
        answer = await self._do("POST", f"/trials/slots/{line.slot}/bookings", {"participant": pupil})
        if pupil in line.seated:
            assert answer.status in (200, 409), answer.body
        elif line.waiting or len(line.seated) == SEATS:
            self._is_refused(answer, "slot-full")
        else:
            assert answer.status == 201, answer.body
            line.seated[pupil] = answer.body["booking"]

    async def waits(self, line: Line, pupil: str) -> None:
        answer = await self._do("POST", f"/trials/slots/{line.slot}/waiting", {"participant": pupil})
        if pupil in line.waiting:
            assert (answer.status, answer.body["place"]) == (200, line.waiting.index(pupil) + 1)
        elif pupil in line.seated:
            self._is_refused(answer, "already-booked")
        elif not line.waiting and len(line.seated) < SEATS:
            self._is_refused(answer, "seats-free")
        elif len(line.waiting) == PER_SEAT * SEATS:
            self._is_refused(answer, "line-full")
        else:
            line.waiting.append(pupil)
            assert (answer.status, answer.body["place"]) == (201, len(line.waiting)), answer.body

    async def leaves(self, line: Line, pupil: str) -> None:
        answer = await self._do("DELETE", f"/trials/slots/{line.slot}/waiting/{pupil}")
        assert answer.status == 200, answer.body
        line.waiting = [one for one in line.waiting if one != pupil]

    async def gives_up(self, line: Line, pupil: str) -> None:
        booking = line.seated.pop(pupil, "")
        answer = await self._do("DELETE", f"/trials/bookings/{booking or 'none'}")
        assert answer.status == (200 if booking else 404), answer.body

    async def confirms(self, line: Line, pupil: str) -> None:
        booking = line.seated.get(pupil, "")
        answer = await self._do("POST", f"/trials/bookings/{booking or 'none'}/confirmation")
        assert answer.status == (200 if booking else 404), answer.body
        line.kept.add(booking)

    def is_as_modelled(self, line: Line) -> Callable[[], Awaitable[bool]]:
        """Tells whether every pupil has the seat or the place in a line that the model says."""

        async def agrees() -> bool:
            for pupil in self.pupils:
                booked = await self._list(pupil, "bookings")
                own = next((one for one in booked if one["slot"] == line.slot and one["cancelled"] is None), None)
                places = [one for one in await self._list(pupil, "waiting") if one["slot"] == line.slot]
                place = next((one["place"] for one in places if one["ended"] is None), None)
                due = line.waiting.index(pupil) + 1 if pupil in line.waiting else None
                if (own is not None, place) != (pupil in line.seated, due):
                    return False
                if own is not None:
                    line.seated[pupil] = own["id"]
                    assert own["confirm_by"] is None or own["id"] not in line.kept
            return True

        return agrees

    def told(self, feed: Sequence[Record]) -> None:
        """In a feed's own order no slot has more bookings than seats, and in the end those of the model."""
        for line in self.lines:
            taken, from_line = set[str](), 0
            for record in feed:
                if record.type == "trial.booked.v1" and record.data["slot"] == line.slot:
                    taken.add(record.data["booking"])
                    from_line += record.data.get("confirm_by") is not None
                elif record.type == "trial.cancelled.v1":
                    taken.discard(record.data["booking"])
                assert len(taken) <= SEATS
            assert (len(taken), from_line) == (len(line.seated), len(line.given))

    async def _list(self, pupil: str, what: str) -> list[dict[str, Any]]:
        path = f"/trials/participants/{pupil}/{what}?season={self.season}&limit=100"
        return list((await self.client.ok("GET", path, by=self.by))["items"])

    async def _do(self, method: str, path: str, body: Any = None) -> Answer:
        return await self.client.call(method, path, body, by=self.by)

    def _is_refused(self, answer: Answer, slug: str) -> None:
        assert (answer.status, answer.body["type"]) == (409, slug), answer.body
        self.refused.add(slug)
