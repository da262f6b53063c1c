"""The guardians' cells: by the account, a guardian counts once in each row while any child's cabinet is open. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from services.analytics.verification.pupils import FOR_EVER, Pupil, of_type
from services.analytics.verification.rows import Row
from services.analytics.verification.told import Fact

CABINETS = ("guardian.linked.v1", "guardian.unlinked.v1")
Open = tuple[str, str, str]
"""An account, the day since which it has a cabinet of an entry, and the day until which it had."""


class Cabinets:
    """The cabinets of one pupil."""

    def __init__(self, pupil: Pupil) -> None:
        self._pupil = pupil
        self._open = list(_cabinets(pupil.own))
        for id, facts in pupil.others.items():
            for account, since, until in _cabinets(facts):
                self._open.append((account, since, self._end(id, account, since, until)))
        self._since: dict[str, str] = {}

    def rows(self, day: str) -> Iterator[tuple[str, Row]]:
        """Yields each account's rows at the end of a day; days are asked for in order, from the registration on.

        The day since which a guardian has had a cabinet without a break tells rows apart, too.
        """
        accounts = {account for account, since, until in self._open if since <= day < until}
        self._since = {account: self._since.get(account, day) for account in sorted(accounts)}
        season, at = self._pupil.season.code, self._pupil.place(day)
        for account, since in self._since.items():
            for table, municipality, place in (
                ("region-guardians", "", at.region),
                ("municipality-guardians", at.municipality, at.municipality),
            ):
                area = table, season, at.region, municipality, place
                yield account, (*area, "all")
                yield account, (*area, "grade", at.grade)
                yield account, (*area, "day", since)
            school = "school-guardians", season, at.region, at.municipality, at.school
            yield account, (*school, "all")
            yield account, (*school, "class", at.school_class, at.grade)
            link = "links", season, at.region, at.municipality, at.school
            yield account, (*link, at.school_class, at.grade, account, self._pupil.id, since)

    def _end(self, duplicate: str, account: str, since: str, until: str) -> str:
        """Returns when a duplicate's cabinet ended: also what the survivor closes after the merging is closed for all.

        Registration opens for the survivor what a duplicate's guardians had, and closes it there alone.
        """
        words = of_type(self._pupil.own, "participant.merged.v1", "participant.unmerged.v1")
        merged = [word.sequence for word in words if word.said["other"] == duplicate][-1:]
        closed = [
            fact.day
            for fact in _asked_closings(self._pupil.own)
            if merged and fact.sequence > merged[0] and fact.said["account"] == account and fact.day >= since
        ]
        return min([until, *closed])


def _cabinets(facts: Sequence[Fact]) -> Iterator[Open]:
    """Yields an entry's cabinets: at a day's end one is open where the last word by then opened it.

    Two schools know one guardian under two ids: an account has a cabinet while one of them has.
    """
    told = sorted([*of_type(facts, "guardian.linked.v1"), *_asked_closings(facts)], key=lambda fact: fact.sequence)
    days = sorted({fact.day for fact in told})
    since: dict[str, str] = {}
    for day in days:
        opened = set[tuple[str, str]]()
        for fact in (fact for fact in told if fact.day <= day):
            key = fact.said["account"], fact.said["guardian"]
            (opened.add if fact.type == "guardian.linked.v1" else opened.discard)(key)
        accounts = {account for account, _ in opened}
        yield from ((account, since.pop(account), day) for account in sorted(since.keys() - accounts))
        since |= {account: day for account in accounts if account not in since}
    yield from ((account, begun, FOR_EVER) for account, begun in since.items())


def _asked_closings(facts: Iterable[Fact]) -> list[Fact]:
    """Returns the closings but those of age: a guardian of a child who grows up has taken part, and counts on."""
    return [fact for fact in of_type(facts, "guardian.unlinked.v1") if fact.said["reason"] != "of-age"]
