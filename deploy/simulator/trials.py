"""The season's second half: groups by competency, timetables, then rounds of trials, booked and recorded."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from deploy.simulator.acts import AtSlot, Publish, Slot
from deploy.simulator.catalogue import Catalogue
from deploy.simulator.command import staff
from deploy.simulator.draft import Draft
from deploy.simulator.population import Depth, Pupil
from deploy.simulator.scenario import Gate, Scenario
from deploy.simulator.schooldays import Window, part, within

TIMETABLES = 0.06
"""The share of the window in which venues publish; the rounds follow."""
BOOKINGS, CHANGES, SLOTS = 0.3, 0.36, 0.4
"""Shares of a round's window: booked before the first, changed before the second, held after the third."""
TIMETABLE_SIZE = 200
"""Slots in one command."""
TRIAL_GROUP = 8
EXCURSION_GROUP = 30
FRIENDS = 8
"""At most so many pupils of a school choose a competency together: a class fills a group, as its navigator books it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pupils who fill one slot; an empty group is a slot that nobody chose."""

    competency: str
    kind: str
    capacity: int
    minutes: int
    pupils: tuple[Pupil, ...]


@dataclass(frozen=True, slots=True)
class Trials:
    """Drafts the trials of a season."""

    draft: Draft
    known: Catalogue
    last: dict[int, str] = field(default_factory=dict)
    """The competency that was tried last, by the number of the pupil."""

    def hold(
        self, pupils: Sequence[Pupil], tourists: Sequence[Pupil], window: Window, shifted: Collection[int] = ()
    ) -> None:
        """All trials of the pupils and the excursions of the tourists, within a window of the season.

        The slots of some pupils are published for another time, and moved once they are booked.
        """
        rounds = trial_rounds(self.draft.scenario, pupils, self.draft.rng)
        rounds[0].extend(excursions(self.draft.scenario, tourists, self.draft.rng))
        held = (within(window, TIMETABLES), window[1])
        windows = [part(held, number, len(rounds)) for number in range(len(rounds))]
        following = [self.draft.days.at(within(one, SLOTS)) for one in windows[1:]] + [None]
        offers = [
            (number, *offer)
            for number, groups in enumerate(rounds)
            for offer in self.offers(groups, f"{number + 1}", windows[number], following[number])
        ]
        early = {slot.ref for _, slot, group in offers if any(pupil.number in shifted for pupil in group.pupils)}
        as_said = [self._otherwise(slot) if slot.ref in early else slot for _, slot, _ in offers]
        published = self.publish(as_said, (window[0], held[0]))
        for number, slot, group in offers:
            booked = self.book(slot, group.pupils, published[slot.ref], windows[number])
            if slot.ref in early:
                booked = [self._shift(slot, group.pupils, booked, windows[number])]
            if booked:
                self._attend(slot, group.pupils, booked, windows[number][1], last=number == len(rounds) - 1)

    def offers(
        self, groups: Sequence[Group], name: str, window: Window, following: datetime | None = None
    ) -> list[tuple[Slot, Group]]:
        """Slots for groups, named alike, over before those that follow: nobody can be in two at once."""
        starts = self.draft.days.slot_starts(within(window, SLOTS), window[1])
        offers, places = list[tuple[Slot, Group]](), self.draft.scenario.municipalities
        for place, group in enumerate(groups):
            starts_at = self.draft.rng.choice(starts)
            free = group.minutes if following is None else int((following - starts_at).total_seconds() // 60)
            minutes, ref = min(group.minutes, free), f"{self.draft.scenario.season}/{name}-{place + 1:05}"
            home = group.pupils[0].school.municipality if group.pupils else self.draft.rng.choice(places)
            venue = self.draft.rng.choice(self.known.venues[home.code])
            slot = Slot(ref, venue, group.competency, group.kind, starts_at, minutes, group.capacity)
            offers.append((slot, group))
        return offers

    def _otherwise(self, slot: Slot) -> Slot:
        """The slot at the time for which it is published at first."""
        return replace(slot, starts_at=slot.starts_at + timedelta(minutes=30 * self.draft.rng.randint(1, 3)))

    def _shift(self, slot: Slot, pupils: tuple[Pupil, ...], booked: Sequence[int], window: Window) -> int:
        at = self.draft.days.at(self.draft.moment((within(window, BOOKINGS), within(window, CHANGES))))
        return self.draft.act(AtSlot("shift", slot, pupils), at, booked, {"slot.moved.v1": 1})

    def publish(self, slots: Sequence[Slot], window: Window) -> dict[str, int]:
        """Timetables by venue; returns the draft number that opens each slot, by its `ref`."""
        published: dict[str, int] = {}
        by_venue = sorted(slots, key=lambda slot: (slot.venue.code, slot.starts_at))
        for code, of_venue in groupby(by_venue, key=lambda slot: slot.venue.code):
            timetable = tuple(of_venue)
            for begin in range(0, len(timetable), TIMETABLE_SIZE):
                page = timetable[begin : begin + TIMETABLE_SIZE]
                needs = {self.known.registered[code], *(self.known.competencies[slot.competency] for slot in page)}
                at, events = self.draft.days.at(self.draft.moment(window)), {"slot.opened.v1": len(page)}
                number = self.draft.add(staff("venue", code), at, Publish(page[0].venue, page), events, needs)
                published.update((slot.ref, number) for slot in page)
        return published

    def book(self, slot: Slot, pupils: Sequence[Pupil], published: int, window: Window) -> list[int]:
        """Each school's navigator books the school's pupils."""
        booked = []
        for _, schoolmates in groupby(pupils, key=lambda pupil: pupil.school.code):
            them, until = tuple(schoolmates), within(window, BOOKINGS)
            at = self.draft.days.at(self.draft.moment((window[0], until)))
            booked.append(self.draft.act(AtSlot("book", slot, them), at, (published,)))
        return booked

    def _attend(self, slot: Slot, pupils: tuple[Pupil, ...], booked: Sequence[int], end: float, *, last: bool) -> None:
        late = slot.starts_at + timedelta(minutes=self.draft.rng.randint(0, 20))
        at = max(slot.starts_at, min(late, self.draft.days.at(end)))
        after_all = self.draft.scenario.gate is Gate.AFTER_ALL_STAGES
        completing = sum(pupil.depth is Depth.COMPLETED for pupil in pupils) if after_all and last else 0
        revised = 0 if after_all or slot.kind == "excursion" else sum(self.is_new(pupil, slot) for pupil in pupils)
        issued = {"recommendation.issued.v1": completing + revised, "recommendation.withdrawn.v1": revised}
        self.last.update((pupil.number, slot.competency) for pupil in pupils)
        self.draft.act(AtSlot("attend", slot, pupils), at, booked, issued)

    def is_new(self, pupil: Pupil, slot: Slot) -> bool:
        """True where the pupil tried something else last, so that what the slot adds revises a recommendation."""
        return self.last.get(pupil.number) != slot.competency


def trial_rounds(scenario: Scenario, pupils: Sequence[Pupil], rng: Random) -> list[list[Group]]:
    """The groups of each round of trials; a pupil stands in one group of a round, so a pupil's trials never overlap.

    Who completes goes in every round, another attending pupil in one of them. Attendances by competency are the
    scenario's; a competency without any is offered by an empty group of the first round.
    """
    left = Counter({c.code: c.attended for c in scenario.competencies})
    chosen: set[tuple[int, str]] = set()
    rounds: list[list[Group]] = []
    for members in _members(pupils, scenario.trials_required, rng):
        by_competency: dict[str, list[Pupil]] = {}
        for friends in _friends(members, rng):
            _choose(friends, left, chosen, by_competency, rng)
        rounds.append([group for code, them in sorted(by_competency.items()) for group in _trials(code, them)])
    unchosen = (Group(c.code, "trial", TRIAL_GROUP, 90, ()) for c in scenario.competencies if not c.attended)
    rounds[0].extend(unchosen)
    return rounds


def excursions(scenario: Scenario, pupils: Sequence[Pupil], rng: Random) -> list[Group]:
    """The groups of an excursion, each within a municipality."""
    codes = [c.code for c in scenario.competencies]
    return [
        Group(rng.choice(codes), "excursion", EXCURSION_GROUP, 60, tuple(group))
        for _, neighbours in groupby(pupils, key=lambda pupil: pupil.school.municipality.code)
        for group in chunks(list(neighbours), EXCURSION_GROUP)
    ]


def _members(pupils: Sequence[Pupil], rounds: int, rng: Random) -> list[list[Pupil]]:
    members: list[list[Pupil]] = [[] for _ in range(rounds)]
    for pupil in pupils:
        if pupil.depth is Depth.COMPLETED:
            for round_members in members:
                round_members.append(pupil)
        elif pupil.depth is Depth.ATTENDED:
            rng.choice(members).append(pupil)
    return members


def _friends(members: Iterable[Pupil], rng: Random) -> list[list[Pupil]]:
    """Circles of friends of one school, in random order so that no school is left the rest."""
    circles: list[list[Pupil]] = []
    for _, schoolmates in groupby(members, key=lambda pupil: pupil.school.code):
        rest = list(schoolmates)
        while rest:
            size = rng.randint(FRIENDS // 2, FRIENDS)
            circles.append(rest[:size])
            rest = rest[size:]
    rng.shuffle(circles)
    return circles


def _choose(
    friends: list[Pupil],
    left: Counter[str],
    chosen: set[tuple[int, str]],
    by_competency: dict[str, list[Pupil]],
    rng: Random,
) -> None:
    """Let the friends choose, popular competencies likelier, a new one for each of them where a few draws find one."""
    while friends:
        codes, weights = zip(*left.items(), strict=True)
        draws = rng.choices(codes, weights, k=4)
        code = next((c for c in draws if not any((p.number, c) in chosen for p in friends)), draws[0])
        going, friends = friends[: left[code]], friends[left[code] :]
        left[code] -= len(going)
        chosen.update((pupil.number, code) for pupil in going)
        by_competency.setdefault(code, []).extend(going)


def _trials(code: str, pupils: list[Pupil]) -> Iterator[Group]:
    neighbours = sorted(pupils, key=lambda pupil: pupil.number)
    for place, group in enumerate(chunks(neighbours, TRIAL_GROUP)):
        yield Group(code, "partner-trial" if place % 4 == 3 else "trial", TRIAL_GROUP, 90, tuple(group))


def chunks(pupils: list[Pupil], size: int) -> Iterator[list[Pupil]]:
    """Returns the pupils in groups of a size."""
    return (pupils[begin : begin + size] for begin in range(0, len(pupils), size))
