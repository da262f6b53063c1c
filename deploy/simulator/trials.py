"""The season's second half: groups by competency, timetables, then rounds of trials, booked and recorded."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from random import Random

from deploy.simulator.acts import Attend, Book, Publish, Slot
from deploy.simulator.catalogue import Catalogue
from deploy.simulator.command import staff
from deploy.simulator.draft import Draft
from deploy.simulator.population import Depth, Pupil
from deploy.simulator.scenario import Gate, Scenario
from deploy.simulator.schooldays import Window, part, within

TIMETABLES = 0.06
"""The share of the window in which venues publish; the rounds follow."""
BOOKINGS, SLOTS = 0.3, 0.4
"""Shares of a round's window: booked before the first, held after the second."""
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

    def hold(self, pupils: Sequence[Pupil], tourists: Sequence[Pupil], window: Window) -> None:
        """All trials of the pupils and the excursions of the tourists, within a window of the season."""
        rounds = trial_rounds(self.draft.scenario, pupils, self.draft.rng)
        rounds[0].extend(excursions(self.draft.scenario, tourists, self.draft.rng))
        held = (within(window, TIMETABLES), window[1])
        windows = [part(held, number, len(rounds)) for number in range(len(rounds))]
        offers = [
            (number, *offer) for number, groups in enumerate(rounds) for offer in self._offers(groups, number, windows)
        ]
        published = self._publish([slot for _, slot, _ in offers], (window[0], held[0]))
        for number, slot, group in offers:
            booked = self._book(slot, group.pupils, published[slot.ref], windows[number])
            if booked:
                self._attend(slot, group.pupils, booked, windows[number][1], last=number == len(rounds) - 1)

    def _offers(self, groups: Sequence[Group], number: int, windows: Sequence[Window]) -> list[tuple[Slot, Group]]:
        """Slots for the groups of a round, over before the next round's begin: nobody can be in two at once."""
        window = windows[number]
        starts = self.draft.days.slot_starts(within(window, SLOTS), window[1])
        following = self.draft.days.at(within(windows[number + 1], SLOTS)) if number + 1 < len(windows) else None
        offers, places = list[tuple[Slot, Group]](), self.draft.scenario.municipalities
        for place, group in enumerate(groups):
            starts_at = self.draft.rng.choice(starts)
            free = group.minutes if following is None else int((following - starts_at).total_seconds() // 60)
            minutes, ref = min(group.minutes, free), f"{self.draft.scenario.season}/{number + 1}-{place + 1:05}"
            home = group.pupils[0].school.municipality if group.pupils else self.draft.rng.choice(places)
            venue = self.draft.rng.choice(self.known.venues[home.code])
            slot = Slot(ref, venue, group.competency, group.kind, starts_at, minutes, group.capacity)
            offers.append((slot, group))
        return offers

    def _publish(self, slots: Sequence[Slot], window: Window) -> dict[str, int]:
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

    def _book(self, slot: Slot, pupils: Sequence[Pupil], published: int, window: Window) -> list[int]:
        """Each school's navigator books the school's pupils."""
        booked = []
        for code, schoolmates in groupby(pupils, key=lambda pupil: pupil.school.code):
            them, until = tuple(schoolmates), within(window, BOOKINGS)
            at = self.draft.days.at(self.draft.moment((window[0], until)))
            act, events = Book(slot, them), {"trial.booked.v1": len(them)}
            booked.append(self.draft.add(staff("navigator", code), at, act, events, (published,), them))
        return booked

    def _attend(self, slot: Slot, pupils: tuple[Pupil, ...], booked: Sequence[int], end: float, *, last: bool) -> None:
        late = slot.starts_at + timedelta(minutes=self.draft.rng.randint(0, 20))
        at = max(slot.starts_at, min(late, self.draft.days.at(end)))
        opens_gate = self.draft.scenario.gate is Gate.AFTER_ALL_STAGES and last
        completing = sum(pupil.depth is Depth.COMPLETED for pupil in pupils) if opens_gate else 0
        events = {"trial.attended.v1": len(pupils), "recommendation.issued.v1": completing}
        self.draft.add(staff("venue", slot.venue.code), at, Attend(slot, pupils), events, booked, pupils)


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
        for group in _chunks(list(neighbours), EXCURSION_GROUP)
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
    for place, group in enumerate(_chunks(neighbours, TRIAL_GROUP)):
        yield Group(code, "partner-trial" if place % 4 == 3 else "trial", TRIAL_GROUP, 90, tuple(group))


def _chunks(pupils: list[Pupil], size: int) -> Iterator[list[Pupil]]:
    return (pupils[begin : begin + size] for begin in range(0, len(pupils), size))
