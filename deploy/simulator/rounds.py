"""The season's second half: timetables, then rounds of trials, booked by schools and recorded by venues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from deploy.simulator.catalogue import Catalogue
from deploy.simulator.draft import Draft
from deploy.simulator.groups import Group, excursions, trial_rounds
from deploy.simulator.population import Depth, Pupil
from deploy.simulator.scenario import Gate, Scenario
from deploy.simulator.schooldays import SchoolDays, Window, part, within
from deploy.simulator.steps import (
    RECOMMENDATION_ISSUED,
    SLOT_OPENED,
    TRIAL_ATTENDED,
    TRIAL_BOOKED,
    Attend,
    Book,
    Publish,
    Slot,
    staff,
)

TIMETABLES = 0.06
"""The share of the window in which venues publish; the rounds follow."""
BOOKINGS, SLOTS = 0.3, 0.4
"""Shares of a round's window: booked before the first, held after the second."""
TIMETABLE_SIZE = 200
"""Slots in one command."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot, who takes it, and in which round."""

    slot: Slot
    group: Group
    round: int


@dataclass(frozen=True, slots=True)
class Rounds:
    """Drafts the rounds of a season."""

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
        offers = [offer for number, groups in enumerate(rounds) for offer in self._offers(groups, number, windows)]
        published = self._publish(offers, (window[0], held[0]))
        for offer in offers:
            booked = self._book(offer, published[offer.slot.ref], windows[offer.round])
            if booked:
                self._attend(offer, booked, windows[offer.round])

    def _offers(self, groups: Sequence[Group], number: int, windows: Sequence[Window]) -> list[Offer]:
        """Slots for the groups of a round, over before the next round's begin: nobody can be in two at once."""
        window = windows[number]
        starts = self.days.slot_starts(within(window, SLOTS), window[1])
        following = self.days.at(within(windows[number + 1], SLOTS)) if number + 1 < len(windows) else None
        offers = []
        for place, group in enumerate(groups):
            starts_at = self.rng.choice(starts)
            free = group.minutes if following is None else int((following - starts_at).total_seconds() // 60)
            slot = self._slot(group, f"{number + 1}-{place + 1:05}", starts_at, min(group.minutes, free))
            offers.append(Offer(slot, group, number))
        return offers

    def _slot(self, group: Group, place: str, starts_at: datetime, minutes: int) -> Slot:
        home = group.pupils[0].school.municipality if group.pupils else self.rng.choice(self.scenario.municipalities)
        venue = self.rng.choice(self.known.venues[home.code])
        ref = f"{self.scenario.season}/{place}"
        return Slot(ref, venue, group.competency, group.kind, starts_at, minutes, group.capacity)

    def _publish(self, offers: Sequence[Offer], window: Window) -> dict[str, int]:
        """Timetables by venue; returns the draft number that opens each slot, by its `ref`."""
        published: dict[str, int] = {}
        by_venue = sorted((offer.slot for offer in offers), key=lambda slot: (slot.venue.code, slot.starts_at))
        for code, slots in groupby(by_venue, key=lambda slot: slot.venue.code):
            timetable = tuple(slots)
            for begin in range(0, len(timetable), TIMETABLE_SIZE):
                page = timetable[begin : begin + TIMETABLE_SIZE]
                needs = {self.known.registered[code], *(self.known.competencies[slot.competency] for slot in page)}
                at = self.days.at(self.rng.uniform(*window))
                act = Publish(page[0].venue, page)
                number = self.draft.add(staff("venue", code), at, act, needs, {SLOT_OPENED: len(page)})
                published.update((slot.ref, number) for slot in page)
        return published

    def _book(self, offer: Offer, published: int, window: Window) -> list[int]:
        """Each school's navigator books the school's pupils."""
        booked = []
        for code, schoolmates in groupby(offer.group.pupils, key=lambda pupil: pupil.school.code):
            pupils = tuple(schoolmates)
            at = self.days.at(self.rng.uniform(window[0], within(window, BOOKINGS)))
            act, events = Book(offer.slot, pupils), {TRIAL_BOOKED: len(pupils)}
            booked.append(self.draft.add_for(pupils, staff("navigator", code), at, act, events, needs=(published,)))
        return booked

    def _attend(self, offer: Offer, booked: Sequence[int], window: Window) -> None:
        late = offer.slot.starts_at + timedelta(minutes=self.rng.randint(0, 20))
        opens_gate = self.scenario.gate is Gate.AFTER_ALL_STAGES and offer.round == self.scenario.trials_required - 1
        completing = sum(pupil.depth is Depth.COMPLETED for pupil in offer.group.pupils) if opens_gate else 0
        attended = len(offer.group.pupils)
        self.draft.add_for(
            offer.group.pupils,
            staff("venue", offer.slot.venue.code),
            max(offer.slot.starts_at, min(late, self.days.at(window[1]))),
            Attend(offer.slot, offer.group.pupils),
            {TRIAL_ATTENDED: attended, RECOMMENDATION_ISSUED: completing},
            needs=booked,
        )
