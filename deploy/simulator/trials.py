"""The season's second half: timetables, then rounds of trials, booked by schools and recorded by venues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from random import Random

from deploy.simulator.acts import Attend, Book, Publish, Slot, staff
from deploy.simulator.catalogue import Catalogue
from deploy.simulator.draft import Draft
from deploy.simulator.groups import Group, excursions, trial_rounds
from deploy.simulator.population import Depth, Pupil
from deploy.simulator.scenario import Gate, Scenario
from deploy.simulator.schooldays import SchoolDays, Window, part, within

TIMETABLES = 0.06
"""The share of the window in which venues publish; the rounds follow."""
BOOKINGS, SLOTS = 0.3, 0.4
"""Shares of a round's window: booked before the first, held after the second."""
TIMETABLE_SIZE = 200
"""Slots in one command."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Drafts the trials of a season."""

    scenario: Scenario
    days: SchoolDays
    known: Catalogue
    draft: Draft
    rng: Random

    def hold(self, pupils: Sequence[Pupil], tourists: Sequence[Pupil], window: Window) -> None:
        """All trials of the pupils and the excursions of the tourists, within a window of the season."""
        rounds = trial_rounds(self.scenario, pupils, self.rng)
        rounds[0].extend(excursions(self.scenario, tourists, self.rng))
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
        starts = self.days.slot_starts(within(window, SLOTS), window[1])
        following = self.days.at(within(windows[number + 1], SLOTS)) if number + 1 < len(windows) else None
        offers, places = list[tuple[Slot, Group]](), self.scenario.municipalities
        for place, group in enumerate(groups):
            starts_at = self.rng.choice(starts)
            free = group.minutes if following is None else int((following - starts_at).total_seconds() // 60)
            minutes, ref = min(group.minutes, free), f"{self.scenario.season}/{number + 1}-{place + 1:05}"
            home = group.pupils[0].school.municipality if group.pupils else self.rng.choice(places)
            venue = self.rng.choice(self.known.venues[home.code])
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
                at, events = self.days.at(self.rng.uniform(*window)), {"slot.opened.v1": len(page)}
                number = self.draft.add(staff("venue", code), at, Publish(page[0].venue, page), events, needs)
                published.update((slot.ref, number) for slot in page)
        return published

    def _book(self, slot: Slot, pupils: Sequence[Pupil], published: int, window: Window) -> list[int]:
        """Each school's navigator books the school's pupils."""
        booked = []
        for code, schoolmates in groupby(pupils, key=lambda pupil: pupil.school.code):
            them, at = tuple(schoolmates), self.days.at(self.rng.uniform(window[0], within(window, BOOKINGS)))
            act, events = Book(slot, them), {"trial.booked.v1": len(them)}
            booked.append(self.draft.add(staff("navigator", code), at, act, events, (published,), them))
        return booked

    def _attend(self, slot: Slot, pupils: tuple[Pupil, ...], booked: Sequence[int], end: float, *, last: bool) -> None:
        late = slot.starts_at + timedelta(minutes=self.rng.randint(0, 20))
        at = max(slot.starts_at, min(late, self.days.at(end)))
        opens_gate = self.scenario.gate is Gate.AFTER_ALL_STAGES and last
        completing = sum(pupil.depth is Depth.COMPLETED for pupil in pupils) if opens_gate else 0
        events = {"trial.attended.v1": len(pupils), "recommendation.issued.v1": completing}
        self.draft.add(staff("venue", slot.venue.code), at, Attend(slot, pupils), events, booked, pupils)
