"""What a running demo leaves in its data folder for the commands of this machine, and how they find it."""

import fcntl
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.settings import Settings

FILE = "environment"
FOLDERS = "bilet-*"
"""The names of temporary data folders."""
PER_PROCESS = frozenset({"http_host", "http_port", "log_level"})


@contextmanager
def announced(folder: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """While the body runs, the settings of the system with this environment are in its data folder.

    The file is for its owner alone and in the form of a shell. It is locked, and the kernel ends the lock with this
    process, whatever ends that: a lock that others could have is what a dead demo left behind.
    """
    draft, path = folder / f".{FILE}.{os.getpid()}", folder / FILE
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in _settings(environ).items())
        file.flush()
        draft.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def settings_in(folder: Path) -> Mapping[str, str] | None:
    """The environment of the system that runs with this data folder; None when none does."""
    try:
        with (folder / FILE).open() as file:
            return _parsed(file.read()) if _locked(file.fileno()) else None
    except FileNotFoundError:
        return None


def newest(temporary: Path) -> Path | None:
    """The data folder of the demo that this user started last and that still runs; None when there is none.

    Others may write where temporary folders are: what they leave there is no demo of ours.
    """
    found: list[tuple[float, Path]] = []
    for file in temporary.glob(f"{FOLDERS}/{FILE}"):
        with suppress(OSError):  # one that ends at this moment takes its folder with it
            if file.stat().st_uid == os.getuid():
                found.append((file.stat().st_mtime, file.parent))
    return next((folder for _, folder in sorted(found, reverse=True) if settings_in(folder) is not None), None)


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Every setting that a system's processes share, defaults too: a reader's own environment is to fill no gap."""
    names = [name for name in Settings.model_fields if name not in PER_PROCESS]
    return {name.upper(): environ.get(name.upper(), str(Settings.model_fields[name].default)) for name in names}


def _parsed(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (word.partition("=") for word in shlex.split(text))}


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
