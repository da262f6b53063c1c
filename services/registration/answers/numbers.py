"""The outcome of a report of numbers of pupils, as it is answered."""

from services.registration.answers.directories import LineFault
from shared.base.models import Answer


class NumbersView(Answer):
    """The outcome of a report of numbers of pupils by school and class."""

    dry_run: bool
    """True where nothing was stored."""
    year: str
    """The school year that it fills, by the calendar year of its first day."""
    lines: int
    """Lines of the file that hold something, its header and sums left out."""
    changed: int
    """Schools whose numbers are others now, or were not known before."""
    known: int
    """Schools whose numbers are known as the file says them."""
    refused: int
    """Lines that were refused; of a school either all lines are entered or none."""
    faults: list[LineFault]
    """The faults of lines that were refused, by line; 1,000 at most."""
