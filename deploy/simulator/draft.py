"""A plan in the making: steps in any order, each pupil's in a chain, numbered by date at the end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random

from deploy.simulator.acts import AT_SLOT, Act, AtSlot, Step
from deploy.simulator.command import Actor, staff
from deploy.simulator.population import Pupil
from deploy.simulator.scenario import Scenario
from deploy.simulator.schooldays import SchoolDays, Window


@dataclass(slots=True)
class Draft:
    """Collects the steps of a season; a step's draft number stands for it in the needs of later ones."""

    scenario: Scenario
    days: SchoolDays
    rng: Random
    _steps: list[Step] = field(default_factory=list)
    _latest: dict[int, int] = field(default_factory=dict)

    def moment(self, window: Window) -> float:
        """Some moment of a part of the season."""
        return self.rng.uniform(*window)

    def add(
        self,
        actor: Actor,
        at: datetime,
        act: Act,
        events: Mapping[str, int],
        needs: Iterable[int] = (),
        pupils: Sequence[Pupil] = (),
    ) -> int:
        """Adds a step that is not earlier than any it needs; returns its draft number.

        It is the next step of these pupils: it needs the one before it of each of them.
        """
        number = len(self._steps)
        before = {self._latest[pupil.number] for pupil in pupils if pupil.number in self._latest}
        self._latest.update((pupil.number, number) for pupil in pupils)
        caused = {type_: count for type_, count in events.items() if count}
        self._steps.append(Step(number, actor, at, act, tuple(sorted(before.union(needs))), caused))
        return number

    def act(self, at_slot: AtSlot, at: datetime, needs: Iterable[int], more: Mapping[str, int] | None = None) -> int:
        """Adds an act at a slot, with what it causes beside the event of each pupil."""
        is_booking, pupils = at_slot.kind == "book", at_slot.pupils
        by = ("navigator", pupils[0].school.code) if is_booking else ("venue", at_slot.slot.venue.code)
        events = {AT_SLOT[at_slot.kind][1]: len(pupils), **(more or {})}
        return self.add(staff(*by), at, at_slot, events, needs, pupils)

    @property
    def acts(self) -> Iterator[Act]:
        """The acts so far, as drafted."""
        return (step.act for step in self._steps)

    def latest(self, pupil: Pupil) -> int:
        """The draft number of the pupil's last step."""
        return self._latest[pupil.number]

    def ordered(self) -> tuple[Step, ...]:
        """The steps by date, then as drafted, so that what a step needs stands before it."""
        by_date = sorted(self._steps, key=lambda step: step.at)
        place = {step.number: index for index, step in enumerate(by_date)}
        return tuple(
            replace(step, number=index, needs=tuple(place[need] for need in step.needs))
            for index, step in enumerate(by_date)
        )
