"""Suggestions: the trials that suit a pupil, with the reasons why, in an order that is the same for the same facts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path.paths import Path
from services.trials.domain.places.needs import Need
from shared.contracts.trials import TRIAL_KINDS, SlotKind
from shared.contracts.venues import Environment

Reason = Literal["interest", "in-municipality", "neighbour", "online", "new-competency", "counts", "needs-met"]
BY_INTEREST = (30, 20, 10)
"""For the surroundings that the pupil likes most, those that come second, and third."""
ENVIRONMENTS = frozenset(get_args(Environment))
LEAST_SCALES = 3
"""Surroundings that a profile names before it is one of interests."""


class Time(NamedTuple):
    """A slot, by when it starts."""

    starts: datetime
    slot: str


@dataclass(frozen=True, slots=True)
class Traits:
    """All by which an offer is weighed: many offers share it."""

    municipality: str
    """The one in which the site stands."""
    expects: frozenset[str]
    """Municipalities whose pupils the venue expects besides."""
    competency: str
    kind: SlotKind
    grades: tuple[int, int]
    serves: frozenset[str]
    """The needs that are served."""
    environment: Environment | None
    """Of the programme; None where there is none."""
    is_online: bool


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """The slots of a venue that differ in their times alone."""

    traits: Traits
    times: Sequence[Time]
    """In their order."""
    names: Mapping[str, str | None] = field(default_factory=dict)
    """As they are shown, by what has them: the venue, the municipality, the competency and the programme."""

    def first(self, now: datetime) -> Time | None:
        """Returns the next time that is still to come."""
        return next(self.after(now), None)

    def after(self, now: datetime) -> Iterator[Time]:
        """Yields the times that are still to come."""
        return (time for time in self.times if time.starts > now)


Catalogue = Mapping[Traits, Sequence[Offer]]
"""The offers of a region in a season, by their traits."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The facts of a pupil by which offers are weighed."""

    grade: int
    municipality: str
    needs: Sequence[Need] = ()
    likes: tuple[str, ...] = ()
    """At most three surroundings, the most liked first."""
    tried: Collection[str] = field(default_factory=frozenset)
    """Competencies that were attended, or in which a seat is held."""
    lacks_trials: bool = True
    """True until the number of trials stands that the season asks for."""

    def admit(self, traits: Traits) -> bool:
        """Tells whether an offer is for the pupil's grade, and serves all that the pupil needs."""
        return traits.grades[0] <= self.grade <= traits.grades[1] and traits.serves.issuperset(self.needs)

    def weights(self, traits: Traits) -> dict[Reason, int]:
        """Returns why an offer suits the pupil, and what each reason weighs."""
        found: dict[Reason, int] = {}
        if traits.environment in self.likes:
            found["interest"] = BY_INTEREST[self.likes.index(traits.environment)]
        if traits.municipality == self.municipality:
            found["in-municipality"] = 20
        elif self.municipality in traits.expects:
            found["neighbour"] = 12
        if traits.is_online:
            found["online"] = 16
        if traits.competency not in self.tried:
            found["new-competency"] = 15
        if self.lacks_trials and traits.kind in TRIAL_KINDS:
            found["counts"] = 10
        if self.needs:
            found["needs-met"] = 0
        return found

    def fit(self, traits: Traits) -> int:
        """Returns how well an offer suits the pupil."""
        return sum(self.weights(traits).values())

    def reasons(self, traits: Traits) -> list[Reason]:
        """Returns why an offer suits the pupil, the strongest reason first."""
        weights = self.weights(traits)
        return sorted(weights, key=lambda reason: -weights[reason])


def ranked(catalogue: Catalogue, wishes: Wishes, now: datetime) -> Iterator[Offer]:
    """Yields the offers that admit a pupil and are still to come: the best first, of equal ones the earliest."""
    levels: dict[int, list[Offer]] = defaultdict(list)
    for traits, offers in catalogue.items():
        if wishes.admit(traits):
            levels[wishes.fit(traits)] += offers
    for fit in sorted(levels, reverse=True):
        coming = [(first, offer) for offer in levels[fit] if (first := offer.first(now)) is not None]
        yield from (offer for _, offer in sorted(coming, key=lambda one: one[0]))


def liked(attempts: Iterable[Attempt]) -> tuple[Attempt, tuple[str, ...]] | None:
    """Returns the last attempt at a diagnostic of interests with the surroundings that the pupil likes most.

    They are compared with each other alone, never with what others answered.
    """
    told = [one for one in attempts if len(ENVIRONMENTS & one.profile.keys()) >= LEAST_SCALES]
    if not told:
        return None
    last = max(told, key=lambda one: (one.time, one.id))
    known = {scale: value for scale, value in last.profile.items() if scale in ENVIRONMENTS and value > 0}
    return last, tuple(sorted(known, key=lambda scale: (-known[scale], scale))[: len(BY_INTEREST)])


def wishes_of(path: Path, season: Season, grade: int, municipality: str) -> Wishes:
    """Returns what a pupil's path says of wishes, before needs and interests are known."""
    attended = path.attended
    tried = {one.competency for one in attended} | {one.competency for one in path.all_bookings if one.is_live}
    trials = sum(one.kind in TRIAL_KINDS for one in attended)
    return Wishes(grade, municipality, tried=tried, lacks_trials=trials < season.trials_required)
