"""The data folder of a run: one run at a time has it, and a temporary one is gone in the end, also after a kill."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from deploy.programs.server import StackError

ROOM_NEEDED = 1 << 30
PREFIX = "bilet-"
LOCK = "lock"
TEMPORARY, KEPT = "temporary", "kept"


@contextmanager
def data_folder(keep: Path | None) -> Iterator[Path]:
    """The folder for data and logs of a run: `keep`, which stays, or a temporary one that is removed at the end.

    Temporary folders that killed runs left behind are removed first. Raises StackError when the folder cannot be made,
    has no room, or is another run's.
    """
    remove_left_behind(Path(tempfile.gettempdir()))
    try:
        folder, lock = _kept(keep.absolute()) if keep else _temporary()
        room = shutil.disk_usage(folder).free
    except BlockingIOError:
        raise StackError(f"{keep} is the data folder of a demo that runs: end that one, or name another") from None
    except OSError as error:
        raise StackError(f"no data folder in {keep or tempfile.gettempdir()}: {error.strerror}") from error
    with lock:
        try:
            if room < ROOM_NEEDED:
                raise StackError(f"{folder} has {room >> 20} MB free, Kafka and MongoDB need {ROOM_NEEDED >> 20} MB")
            yield folder
        finally:
            if keep is None:
                _remove(folder)


def remove_left_behind(temporary: Path) -> None:
    """Removes the temporary folders of this user whose runs were killed: the kernel has freed their locks."""
    for path in (*temporary.glob(f"{PREFIX}*/{LOCK}"), *temporary.glob(f".{PREFIX}*/{LOCK}")):
        with suppress(OSError):  # one that ends at this moment takes its folder with it
            if path.parent.is_symlink() or path.lstat().st_uid != os.getuid() or path.read_text() != TEMPORARY:
                continue
            with path.open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(path.parent)


def _temporary() -> tuple[Path, TextIO]:
    """A new folder, seen under its name only once it is locked."""
    draft = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
    lock = _locked(draft, TEMPORARY)
    return draft.rename(draft.with_name(draft.name.removeprefix("."))), lock


def _kept(folder: Path) -> tuple[Path, TextIO]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder, _locked(folder, KEPT)


def _locked(folder: Path, kind: str) -> TextIO:
    """The folder's lock, held until it is closed; raises BlockingIOError when another holds it."""
    lock = open(os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+")  # noqa: SIM115 - the caller closes it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise
    lock.truncate(0)
    lock.write(kind)
    lock.flush()
    return lock


def _remove(folder: Path) -> None:
    """Everything, the lock last: what a dying process still writes is left to the next start."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != LOCK:
            path.unlink(missing_ok=True)
    if [path.name for path in folder.iterdir()] == [LOCK]:
        (folder / LOCK).unlink()
        folder.rmdir()
