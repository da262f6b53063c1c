"""What was told of acts for payment, and what is to be of each: every attendance that stands is paid once."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from tests.builders.standing import Told


class Due(NamedTuple):
    """An attendance that stands: who came where on which day, and the sum of it."""

    pupil: str
    slot: str
    day: date
    kopecks: int


@dataclass
class Acts:
    """The acts of one venue."""

    lines: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By attendance, the sums of its lines."""
    numbers: Counter[str] = field(default_factory=Counter)
    """By season, that of the last act."""
    signed: list[str] = field(default_factory=list)
    paid: Counter[str] = field(default_factory=Counter)

    def hear(self, told: Told) -> None:
        """Takes in one more event; each line of an act takes its turn."""
        said = told.said
        if told.type == "act.paid.v1":
            self.paid[said["act"]] += 1
            assert self.paid[said["act"]] == 1, "an act was paid twice"
        if told.type != "act.signed.v1":
            return
        self.numbers[said["season"]] += 1
        assert said["number"] == self.numbers[said["season"]], "a number was left out, or given twice"
        self.signed.append(said["act"])
        for attendance, kopecks, turn in zip(said["attendances"], said["kopecks"], said["turns"], strict=True):
            before = self.lines[attendance]
            is_minus = len(before) % 2
            assert turn == len(before) // 2 + 1, "a line is of another turn"
            assert kopecks == -before[-1] if is_minus else kopecks > 0, f"{kopecks} after the lines {before}"
            before.append(kopecks)

    def settle(self, begins: date, ends: date, due: Mapping[str, Due], gone: Collection[str]) -> None:
        """Checks what is paid once some days are signed for: of one pupil in one slot one attendance, and no other.

        `due` are those that stand in a season, each by its id, and `gone` those that were taken back.
        """
        paid = {id for id, lines in self.lines.items() if sum(lines)}
        assert paid.isdisjoint(gone), "paid, though it was taken back"
        of_pupil = Counter((due[id].pupil, due[id].slot) for id in paid & due.keys())
        assert set(of_pupil.values()) <= {1}, "one pupil is paid for twice in one slot"
        for id, one in due.items():
            assert id not in paid or sum(self.lines[id]) == one.kopecks, "an attendance has another sum"
            if begins <= one.day <= ends:
                assert of_pupil[one.pupil, one.slot], f"attendance {id} of {one.day} is not paid"
