"""The outcome of a verification, as it is told to people and to scripts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from services.analytics.verification.rows import shown
from services.analytics.verification.scratch import Difference


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that has had no effect on the figures, by name."""

    group: str
    position: str
    """`topic:partition:offset`"""
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison of every cell of every figure."""

    position: Mapping[str, Mapping[str, int]]
    """By group: `topic:partition` → the offset of the next event; the live figures stand for what is below."""
    records: int
    seconds: float
    cells: int
    """Cells that are not zero, live or recounted."""
    differing: int
    first: Sequence[Difference]
    """The first of those that differ."""
    left_out: Sequence[LeftOut]

    @property
    def is_proven(self) -> bool:
        """True where every cell is what the recount says."""
        return self.differing == 0

    @property
    def rate(self) -> int:
        """Records a second."""
        return round(self.records / self.seconds) if self.seconds else 0

    def as_json(self) -> str:
        """Returns it as one line."""
        first = [{**one._asdict(), "cell": one.cell.split("\t")} for one in self.first]
        whole = {**asdict(self), "seconds": round(self.seconds, 1), "rate": self.rate, "proven": self.is_proven}
        return json.dumps(whole | {"first": first}, ensure_ascii=False)

    def lines(self) -> Iterator[str]:
        """Yields it for people."""
        for group, reached in self.position.items():
            offsets = [f"{name} {offset:,}" for name, offset in sorted(reached.items())]
            yield f"{group} at {', '.join(offsets) or 'nothing'}"
        yield f"{self.records:,} records read in {self.seconds:,.1f} s, {self.rate:,} a second"
        for one in self.left_out:
            yield f"left out by {one.group}: {one.position}  {one.reason}"
        yield f"{self.cells:,} cells compared, {self.differing:,} differ"
        for difference in self.first:
            yield f"  {shown(difference.cell)}: live {difference.live:,}, recounted {difference.recounted:,}"
        if self.differing > len(self.first):
            yield f"  and {self.differing - len(self.first):,} more"
