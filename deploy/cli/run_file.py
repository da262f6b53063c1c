"""The files by which a running demo tells the commands of this machine about itself, and how they find them."""

import fcntl
import json
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TextIO

from deploy.local.folder import PREFIX
from shared.base.settings import Settings

FILE = "environment"
ABOUT = "about.json"
PER_PROCESS = frozenset({"http_host", "http_port", "log_level"})


@dataclass(frozen=True, slots=True)
class About:
    """A running demo, for people and scripts; `processes` are the URLs of its services' processes by name."""

    url: str = ""
    checkout: str = ""
    """The folder of the code that runs."""
    version: str = ""
    started: str = ""
    """RFC 3339."""
    region: str = ""
    season: str = ""
    processes: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def announced(folder: Path, environ: Mapping[str, str], about: About) -> Iterator[None]:
    """While the body runs, the settings of the system with this environment are in its data folder, and a word on it.

    The files are for their owner alone, the settings in the form of a shell. They are locked, and the kernel ends the
    lock with this process, whatever ends that: a lock that others could have is what a dead demo left behind.
    """
    draft, path = folder / f".{FILE}.{os.getpid()}", folder / FILE
    draft.unlink(missing_ok=True)
    with _for_owner(folder / ABOUT, os.O_TRUNC) as file:
        json.dump(asdict(about), file, ensure_ascii=False)
    # Every setting that the processes share, defaults too: a reader's own environment is to fill no gap.
    known = {name.upper(): f.default for name, f in Settings.model_fields.items() if name not in PER_PROCESS}
    shared = {name: "" if value in (b"", ()) else str(value) for name, value in known.items()}
    with _for_owner(draft, os.O_EXCL) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.writelines(f"{name}={shlex.quote(environ.get(name, value))}\n" for name, value in shared.items())
        file.flush()
        draft.replace(path)
        try:
            with _pointed_at(folder):
                yield
        finally:
            path.unlink(missing_ok=True)


def _for_owner(path: Path, how: int) -> TextIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "w")


@contextmanager
def _pointed_at(folder: Path) -> Iterator[None]:
    """A kept folder may be anywhere: a link among the temporary ones leads to it."""
    temporary = Path(tempfile.gettempdir())
    if folder.parent.samefile(temporary) and folder.name.startswith(PREFIX):
        yield
        return
    link = temporary / f"{PREFIX}kept-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.absolute())
    try:
        yield
    finally:
        link.unlink(missing_ok=True)


def settings_in(folder: Path) -> Mapping[str, str] | None:
    """The environment of the system that runs with this data folder; None when none does."""
    try:
        with (folder / FILE).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                words = (word.partition("=") for word in shlex.split(file.read()))
                return {name: value for name, _, value in words}
    except FileNotFoundError:
        pass
    return None


def about(folder: Path) -> About:
    """Of the demo that runs with this data folder; of one of another version, what both versions know of it."""
    try:
        said = json.loads((folder / ABOUT).read_text())
    except FileNotFoundError:
        said = {}
    return About(**{known.name: said[known.name] for known in fields(About) if known.name in said})


def running(temporary: Path) -> list[Path]:
    """The data folders of this user's demos that run now, the one that was started last first.

    Others may write where temporary folders are: what they leave there is no demo of ours.
    """
    found: dict[Path, float] = {}
    for link in temporary.glob(f"{PREFIX}*"):
        with suppress(OSError):  # one that ends at this moment takes its folder with it
            file = link.resolve() / FILE
            if file.stat().st_uid == os.getuid() and settings_in(file.parent) is not None:
                found[file.parent] = file.stat().st_mtime
            elif link.is_symlink() and link.lstat().st_uid == os.getuid():
                link.unlink()  # its demo was killed
    return sorted(found, key=lambda folder: found[folder], reverse=True)
