"""Trials that go wrong, beside those of a scenario: called off, missed, or recorded by mistake. Its figures stay."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from deploy.simulator.acts import AtSlot, Sit, Slot
from deploy.simulator.command import staff
from deploy.simulator.corrections import Chosen, What
from deploy.simulator.population import Depth, Pupil
from deploy.simulator.scenario import Gate
from deploy.simulator.schooldays import TRIALS, Window, within
from deploy.simulator.trials import BOOKINGS, CHANGES, TIMETABLES, TRIAL_GROUP, Group, Trials, chunks

BEFORE: Window = (0.368, within(TRIALS, TIMETABLES))
"""Once entries are merged, and before the first booking of a trial that is held."""
SITTING, AFTER = (0.98, 0.985), (0.985, 1.0)
MINUTES, SHORTEST = 60, 15


@dataclass(frozen=True, slots=True)
class Mishaps:
    """Drafts what comes to nothing in the trials, and the second round of diagnostics, which changes no stage."""

    trials: Trials
    chosen: Chosen

    @property
    def window(self) -> Window:
        """The part of the season in which trials are held."""
        goes_on = self.chosen.numbers["revocation"] or self.chosen.numbers["second round"]
        return (TRIALS[0], SITTING[0]) if goes_on else TRIALS

    def begin(self, pupils: Sequence[Pupil]) -> None:
        """Before the trials: slots that the venue calls off, and slots to which nobody comes."""
        draft = self.trials.draft
        for slot, them, booked in self._booked(pupils, "closing", BEFORE):
            at = draft.days.at(draft.moment((within(_held(BEFORE), BOOKINGS), within(_held(BEFORE), CHANGES))))
            draft.act(AtSlot("close", slot, them), at, booked, {"slot.closed.v1": 1})
        for slot, them, booked in self._booked(pupils, "absence", BEFORE):
            draft.act(AtSlot("miss", slot, them), slot.starts_at, booked)

    def end(self, pupils: Sequence[Pupil]) -> None:
        """After the trials: attendances recorded by mistake, which are revoked one after the other.

        A later play knows by their number whose were revoked.
        """
        draft, before = self.trials.draft, tuple[int, ...]()
        for slot, them, booked in self._booked(pupils, "revocation", AFTER):
            revised = [pupil for pupil in them if self._is_recommended(pupil) and self.trials.is_new(pupil, slot)]
            deserving = [pupil for pupil in them if self._would_complete(pupil)]
            issued = len(revised) + len(deserving)
            told = {"recommendation.issued.v1": issued, "recommendation.withdrawn.v1": len(revised)}
            attended = draft.act(AtSlot("mistake", slot, them), slot.starts_at, booked, told)
            for pupil in them:
                told = {"recommendation.issued.v1": int(pupil in revised)}
                told["recommendation.withdrawn.v1"] = int(pupil in revised or pupil in deserving)
                before = (draft.act(AtSlot("revoke", slot, (pupil,)), slot.starts_at, (attended, *before), told),)

    def sit_again(self, pupils: Sequence[Pupil]) -> None:
        """In the second round pupils take the first diagnostic again."""
        draft = self.trials.draft
        for pupil in pupils:
            if self.chosen.has(pupil, "second round"):
                by, at = staff("navigator", pupil.school.code), draft.days.at(draft.moment(SITTING))
                act = Sit(draft.scenario.diagnostics[0], (pupil,), round=2)
                draft.add(by, at, act, {"diagnostic.completed.v1": 1}, pupils=(pupil,))

    def _booked(
        self, pupils: Sequence[Pupil], what: What, window: Window
    ) -> Iterator[tuple[Slot, tuple[Pupil, ...], list[int]]]:
        """Yields slots of their own for those whom something befalls, with the draft numbers of their bookings.

        Raises ValueError where the season leaves no time for them.
        """
        them = [pupil for pupil in pupils if self.chosen.has(pupil, what)]
        offers = self.trials.offers(list(self._groups(them)), what, _held(window), self._following(window))
        if any(slot.minutes < SHORTEST for slot, _ in offers):
            raise ValueError(f"`corrections` ask for `{what}s`, but the season is too short for them")
        published = self.trials.publish([slot for slot, _ in offers], (window[0], _held(window)[0]))
        for slot, group in sorted(offers, key=lambda offer: offer[0].starts_at):
            yield slot, group.pupils, self.trials.book(slot, group.pupils, published[slot.ref], _held(window))

    def _groups(self, pupils: Sequence[Pupil]) -> Iterator[Group]:
        """Pupils of a municipality, each group with one competency."""
        codes = [competency.code for competency in self.trials.draft.scenario.competencies]
        for _, neighbours in groupby(pupils, key=lambda pupil: pupil.school.municipality.code):
            for group in chunks(list(neighbours), TRIAL_GROUP):
                yield Group(self.trials.draft.rng.choice(codes), "trial", TRIAL_GROUP, MINUTES, tuple(group))

    def _following(self, window: Window) -> datetime | None:
        """The time by which all of a window's slots are over; none where nothing follows."""
        return self.trials.draft.days.at(BEFORE[1]) if window == BEFORE else None

    def _is_recommended(self, pupil: Pupil) -> bool:
        after_all = self.trials.draft.scenario.gate is Gate.AFTER_ALL_STAGES
        return pupil.depth >= (Depth.COMPLETED if after_all else Depth.TESTED)

    def _would_complete(self, pupil: Pupil) -> bool:
        """True where one attendance more opens the gate."""
        scenario, attended = self.trials.draft.scenario, int(pupil.depth is Depth.ATTENDED)
        is_last = Depth.TESTED <= pupil.depth < Depth.COMPLETED and attended + 1 == scenario.trials_required
        return scenario.gate is Gate.AFTER_ALL_STAGES and is_last


def _held(window: Window) -> Window:
    """The part of a window in which slots are booked and held, once they are published."""
    return within(window, TIMETABLES), window[1]
