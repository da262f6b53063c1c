"""Acts for payment as a feed tells them; shares no code with the platform that it checks."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.chaos.told import Record, joined


class Act(NamedTuple):
    """An act of a venue that was signed."""

    kopecks: int
    lines: int
    state: str


def acts(records: Iterable[Record], season: str) -> dict[tuple[str, int], Act]:
    """The acts of a season by venue and number."""
    found: dict[tuple[str, int], Act] = {}
    for record in records:
        data = record.data
        if record.type in ("act.signed.v1", "act.paid.v1") and data["season"] == season:
            key = data["venue"], data["number"]
            known = found.get(key, Act(0, 0, "signed"))
            if record.type == "act.signed.v1":
                known = Act(known.kopecks + sum(data["kopecks"]), known.lines + len(data["kopecks"]), known.state)
            found[key] = known._replace(state="paid" if record.type == "act.paid.v1" else known.state)
    return found


def faults(records: Iterable[Record], season: str) -> Iterator[str]:
    """What is wrong once all that is due was signed: each attendance that stands is paid once, what does not is not.

    Of two entries of a pupil in one slot one is paid; where it was taken back, it is not paid again.
    """
    records = list(records)
    survivors, lines = joined(records), defaultdict[str, list[int]](list)
    stands, revoked = dict[str, tuple[str, str]](), set[str]()
    for record in records:
        data = record.data
        if data.get("season") != season:
            continue
        if record.type == "act.signed.v1":
            for attendance, kopecks in zip(data["attendances"], data["kopecks"], strict=True):
                lines[attendance].append(kopecks)
        elif record.type == "trial.attended.v1":
            id = data["participant"]
            stands[data["attendance"]] = survivors.get(id, id), data["slot"]
        elif record.type == "attendance.revoked.v1":
            revoked.add(data["attendance"])
    for attendance, sums in lines.items():
        if len(sums) > 2 or sums[0] <= 0 or sums[1:] not in ([], [-sums[0]]):
            yield f"attendance {attendance} has the lines {sums}"
    paid = {attendance for attendance, sums in lines.items() if sum(sums)}
    yield from (f"paid, though it does not stand: {one}" for one in sorted(paid - (stands.keys() - revoked)))
    of_pupil = Counter(stands[one] for one in paid & stands.keys())
    yield from (f"paid {count} times: {one}" for one, count in of_pupil.items() if count > 1)
    due = {stands[one] for one in stands.keys() - revoked - lines.keys()} - of_pupil.keys()
    yield from (f"not paid: {one}" for one in sorted(due))
    numbers = Counter(venue for venue, _ in acts(records, season))
    gaps = {(v, n) for v, count in numbers.items() for n in range(1, count + 1)} - acts(records, season).keys()
    yield from (f"a number is left out: {one}" for one in sorted(gaps))
