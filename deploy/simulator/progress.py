"""The progress of a play: a bar with rate and time left on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.simulator.player import Show

LINE_SECONDS = 5.0


@contextmanager
def progress(console: Console, total: int) -> Iterator[Show]:
    """Shows the way to `total` visible events while the block runs."""
    if not console.is_terminal:
        yield _lines(console, total)
        return
    rate = TextColumn("events, {task.fields[rate]:.0f}/s, left")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=console, refresh_per_second=4) as bars:
        bar = bars.add_task("season", total=total, rate=0.0)
        yield lambda visible, rate: bars.update(bar, completed=visible, rate=rate)


def _lines(console: Console, total: int) -> Show:
    begun = last = time.monotonic()

    def show(visible: int, rate: float) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= LINE_SECONDS or visible == total:
            last, left = now, (total - visible) * (now - begun) / max(1, visible)
            console.print(f"{visible:,} of {total:,} events, {rate:,.0f}/s, {left:.0f} s left", highlight=False)

    return show
