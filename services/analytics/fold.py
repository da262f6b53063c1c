"""The fold of a poll: facts that pupils learn, and the change that this makes to the figures. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.analytics.documents import Packing
from services.analytics.enrolments import Link, Terms, stage_days
from services.analytics.entries import counted
from services.analytics.facts import Pupil, SeasonFacts, learn
from services.analytics.figures.cells import difference
from services.analytics.figures.registry import Contribution, contribution
from services.analytics.revisions import standing
from services.analytics.states import packed, unpacked
from shared.contracts.trials import PathEvent
from shared.messaging.poll import Received

Parts = dict[tuple[str, str], Contribution]
"""The contributions of pupils, by who counts and season."""


@dataclass(slots=True)
class Moved:
    """The change that a poll makes to one guardian's links."""

    gone: set[Link] = field(default_factory=set)
    come: set[Link] = field(default_factory=set)


class Change(Packing):
    """The change that a poll makes to the figures."""

    def __init__(self, partition: int) -> None:
        super().__init__(partition)
        self.links: dict[tuple[str, str], Moved] = {}
        """By season and guardian."""

    def add(self, old: Contribution, new: Contribution) -> None:
        """Counts the difference of a pupil's contribution."""
        self.count(difference(old.cells, new.cells))
        for link in old.links ^ new.links:
            moved = self.links.setdefault((link.season, link.guardian), Moved())
            (moved.come if link in new.links else moved.gone).add(link)


def pupil_of(state: bytes | None) -> Pupil:
    """Returns the facts in a state, of whom nothing is known or who is apart none."""
    return unpacked(state) if state else Pupil()


def learn_of_pupil(
    participant: str, state: bytes | None, events: Sequence[Received], terms: Mapping[str, Terms], change: Change
) -> bytes | None:
    """Adds the events to a pupil's facts and the difference to the change; returns the new state.

    None where figures need none of the events, or know them all.
    """
    pupil = pupil_of(state)
    if not any([learn(pupil, r.envelope) for r in events]) or (new := packed(pupil)) == state:
        return None
    before = pupil_of(state)
    for season in _touched(before, pupil, events, terms):
        change.add(*(contribution_under(participant, season, facts, terms[season]) for facts in (before, pupil)))
    return new


def _touched(before: Pupil, pupil: Pupil, events: Iterable[Received], terms: Mapping[str, Terms]) -> Iterable[str]:
    """Returns the seasons to which events may make a difference: steps to their own, what else is said to all."""
    if not all(isinstance(r.event, PathEvent) for r in events):
        return pupil.seasons
    own = {r.event.season for r in events} & pupil.seasons.keys()
    return [season for season in own if differ(before.seasons.get(season), pupil.seasons[season], terms[season])]


def differ(before: SeasonFacts | None, after: SeasonFacts, terms: Terms) -> bool:
    """Tells that figures may count a season otherwise after some steps; to most steps they are indifferent."""
    if before is None or terms.limit is not None:
        return True
    seen = (_seen(facts) for facts in (before, after))
    return next(seen) != next(seen) or stage_days(before, terms.rules) != stage_days(after, terms.rules)


def _seen(facts: SeasonFacts) -> object:
    """Returns the steps that figures count by themselves, beside the stages that are reached by all."""
    return facts.booked, facts.cancelled, facts.attended, facts.revoked


def learn_of_entries(
    entries: Mapping[str, Pupil], told: Iterable[Received], terms: Mapping[str, Terms], change: Change
) -> None:
    """Adds the events to the facts of entries, and the difference that these make as pupils to the change."""
    before = contributions_of(entries, terms)
    for received in told:
        learn(entries[received.event.participant], received.envelope)
    recount(before, contributions_of(entries, terms), change)


def recount(before: Parts, after: Parts, change: Change) -> None:
    """Adds the difference between contributions to the change."""
    for key in before | after:
        change.add(before.get(key, Contribution()), after.get(key, Contribution()))


def contributions_of(entries: Mapping[str, Pupil], terms: Mapping[str, Terms]) -> Parts:
    """Returns the contributions of the pupils that entries make, by who counts and season.

    Which entries are one pupil may be another matter in a closed season.
    """
    seasons = terms.keys() & {season for pupil in entries.values() for season in pupil.seasons}
    found: Parts = {}
    for limit in {terms[season].limit for season in seasons}:
        for id, pupil in counted({id: standing(entry, limit) for id, entry in entries.items()}):
            for season in pupil.seasons.keys() & seasons:
                if terms[season].limit == limit:
                    found[id, season] = contribution(id, season, pupil, terms[season])
    return found


def contribution_under(participant: str, season: str, pupil: Pupil, terms: Terms) -> Contribution:
    """Returns what a pupil of one entry adds to a season's figures under its terms."""
    return contribution(participant, season, standing(pupil, terms.limit), terms)
