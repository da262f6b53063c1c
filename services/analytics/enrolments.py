"""The days on which figures count a pupil: where, since when until when, and the stages reached. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.analytics.facts import Day, Pupil, SeasonFacts
from services.analytics.revisions import Limit
from shared.programme.place import Place
from shared.programme.stages import Facts, Rules, Stage, reached


class Span(NamedTuple):
    """Days from one on until the day before another; None for as long as nothing else is said."""

    begins: Day
    ends: Day | None

    def within(self, other: "Span") -> "Span | None":
        """Returns the part that lies within another; None where there is none."""
        begins = max(self.begins, other.begins)
        ends = min((day for day in (self.ends, other.ends) if day is not None), default=None)
        return Span(begins, ends) if ends is None or begins < ends else None


class Link(NamedTuple):
    """A guardian's cabinet of one pupil of a season, while the pupil belongs to one place.

    Links do not add up: a guardian may have children anywhere, and is one by the account, since every school knows the
    guardian under an id of its own.
    """

    season: str
    participant: str
    guardian: str
    """The account."""
    place: Place
    day: Day
    """The day on which the cabinet was opened, or the pupil registered if that was later."""
    span: Span


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A pupil's season as figures count it, from the day of the registration on, in one place where the pupil was."""

    season: str
    place: Place
    stay: Span
    """The days in the place."""
    registered: Day
    facts: SeasonFacts
    stages: Mapping[Stage, Day]
    """The day on which each stage was reached."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of a season's definition that figures need."""

    rules: Rules
    closes: Day
    """Its last day: a later move takes nothing of it along."""
    limit: Limit | None = None
    """Up to when it was told, once it is closed."""

    @classmethod
    def of(cls, season: Mapping[str, Any]) -> "Terms":
        """Returns the terms of a season's definition, as the event or a row has it."""
        return cls(Rules.of(season), str(season["closes"]), Limit.of(season))


def stage_days(facts: SeasonFacts, rules: Rules) -> dict[Stage, Day]:
    """Returns the day on which each stage was reached; none before the registration is known."""
    if facts.registered is None:
        return {}
    return reached(
        Facts(
            facts.registered,
            facts.completed(),
            [(kind, day) for _, kind, day, _ in facts.attendances()],
            [day for key, day in facts.recommended.items() if key not in facts.withdrawn],
            facts.completed(round=2),
        ),
        rules,
    )


def enrolments(pupil: Pupil, season: str, terms: Terms) -> Iterator[Enrolment]:
    """Yields the pupil's season as figures count it, for each place where the pupil was; none before the registration.

    Of a pupil who was entered by mistake there is none either.
    """
    facts = pupil.seasons.get(season)
    if facts is None or facts.place is None or facts.registered is None or pupil.is_mistake:
        return
    stages = stage_days(facts, terms.rules)
    first = facts.registered, facts.entered, facts.place
    for place, stay in stays(first, placements(pupil), terms.closes):
        yield Enrolment(season, place, stay, facts.registered, facts, stages)


Placement = tuple[Day, str, Place]
"""A day from which a pupil belongs to a place, and the sequence of what said so."""


def placements(pupil: Pupil) -> Iterator[Placement]:
    """Yields all that was said of where a pupil is: by moves, and by the registrations of all seasons."""
    for (day, sequence), place in pupil.moves.items():
        yield day, sequence, place
    for facts in pupil.seasons.values():
        if facts.place is not None and facts.registered is not None:
            yield facts.registered, facts.entered, facts.place


def stays(first: Placement, others: Iterable[Placement], closes: Day) -> list[tuple[Place, Span]]:
    """Returns where a pupil was from when until when, beginning with the registration.

    A day's place is that of the placement with the latest day until then, of one day with the latest sequence. Those
    after the season's last day are none of its own.
    """
    later = sorted(other for other in others if first[:2] < other[:2] and other[0] <= closes)
    on = {day: place for day, _, place in (first, *later)}
    days = [day for day, before in zip(on, [None, *on.values()], strict=False) if on[day] != before]
    return [(on[day], Span(day, ends)) for day, ends in zip(days, [*days[1:], None], strict=True)]


def cabinets(pupil: Pupil) -> Iterator[tuple[str, Span]]:
    """Yields the account and the days on which its guardian had a cabinet for the pupil, as few spans as there are.

    Two schools know one guardian under two ids: what was opened under both is one cabinet, since the first of them.
    """
    opened: dict[tuple[str, str], Day] = {}
    spans: dict[str, list[Span]] = {}
    for _, (account, guardian, is_open, day) in sorted(pupil.cabinets.items()):
        key = account, guardian
        if is_open:
            opened[key] = min(day, opened.get(key, day))
        elif (begins := opened.pop(key, day)) < day:
            spans.setdefault(account, []).append(Span(begins, day))
    for (account, _), begins in opened.items():
        spans.setdefault(account, []).append(Span(begins, None))
    for account, of_account in spans.items():
        for span in joined(of_account) if len(of_account) > 1 else of_account:
            yield account, span


def joined(spans: Iterable[Span]) -> list[Span]:
    """Returns the days that lie in any of the spans, as few spans that do not touch."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.begins):
        last = found[-1] if found else None
        if last is None or (last.ends is not None and last.ends < span.begins):
            found.append(span)
        elif last.ends is not None:
            found[-1] = Span(last.begins, None if span.ends is None else max(last.ends, span.ends))
    return found
