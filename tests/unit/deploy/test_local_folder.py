"""Data folders: one run at a time, and what a killed run leaves is gone at the next start."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.folder import LOCK, data_folder
from deploy.programs.server import StackError

RUN = """
import sys
from pathlib import Path
from deploy.local.folder import data_folder
with data_folder(Path(sys.argv[1]) if sys.argv[1:] else None) as folder:
    (folder / "mongo").mkdir()
    (folder / "mongo" / "data").write_bytes(bytes(1000))
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def a_run(temporary: Path, *keep: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that has a data folder, killed in the end."""
    command, environ = [sys.executable, "-c", RUN, *keep], {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        yield run, Path(run.stdout.readline().strip())
        run.send_signal(signal.SIGKILL)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are, for this process too."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_killed_run_s_folder_is_removed_at_the_next_start_and_no_other(temporary: Path) -> None:
    kept, strange = temporary / "bilet-kept", temporary / "bilet-old"
    strange.mkdir()
    with a_run(temporary, str(kept)), a_run(temporary) as (_, killed):
        pass
    assert (killed / "mongo" / "data").exists()
    with a_run(temporary) as (_, running), data_folder(None) as own:
        assert not killed.exists()
        assert {path.name for path in temporary.iterdir()} == {kept.name, strange.name, running.name, own.name}
    assert (kept / "mongo" / "data").exists()


def test_what_a_dying_process_still_writes_is_removed_by_a_later_start(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_run(temporary) as (_, killed):
        pass
    with monkeypatch.context() as busy:
        busy.setattr("shutil.rmtree", lambda path, ignore_errors: None)
        with data_folder(temporary / "mine"):
            assert (killed / LOCK).exists()
    with data_folder(temporary / "mine"):
        assert not killed.exists()


def test_a_folder_that_a_demo_has_is_refused_in_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    with (
        data_folder(folder),
        pytest.raises(StackError, match=r"a b is the data folder of a demo that runs"),
        data_folder(folder),
    ):
        pass
    with data_folder(folder), (folder / LOCK).open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
