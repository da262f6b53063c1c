"""Where a benchmark's figures go: a section of RESULTS.md, with the machine, its load and the versions."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = "# Results of `make bench`\n\nRuns that are compared were interleaved: their ratios are what counts.\n"


def record(title: str, words: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Writes or replaces the section of this title: what was done, and a table of the rows."""
    columns = list(rows[0])
    table = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    table += [f"| {' | '.join(str(row[column]) for column in columns)} |" for row in rows]
    section = f"## {title}\n{words}\n\n_{_machine()}_\n\n" + "\n".join(table) + "\n"
    before = RESULTS.read_text() if RESULTS.exists() else HEAD
    kept = re.sub(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", "", before, flags=re.DOTALL).rstrip()
    RESULTS.write_text(f"{kept}\n\n{section}")
    print(f"\n{section}")


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("aiokafka", "faststream", "motor", "pydantic"))
    cores = os.cpu_count()
    load = f"load {os.getloadavg()[0]:.0f} in the last minute"
    return f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, {load}, Python {platform.python_version()}, {packages}"
