"""A running system that commands of this machine find."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.cli.run_file import About, announced
from deploy.local.system import System


@contextmanager
def announced_as(running: System, folder: Path, checkout: str) -> Iterator[Path]:
    """The running system under a data folder of this name, as if started from that checkout."""
    folder.mkdir(parents=True)
    for name in ("identity-key.json", "gateway-port"):
        shutil.copy(running.infrastructure.data / name, folder)
    about = About(running.url, checkout, "0.1.0", "2026-11-29T10:00:00+00:00", "RU-ROS", "2020", running.processes)
    with announced(folder, running.settings, about):
        yield folder
