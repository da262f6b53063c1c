"""Which Python the environment is made from."""

import os
import sys
from pathlib import Path

from tests.images.interpreter import chosen, on_path, seconds


def test_the_first_stays_unless_another_is_clearly_faster() -> None:
    assert chosen({"python3": 1.1, "other": 1.0}) == "python3"
    assert chosen({"python3": 1.6, "other": 1.0, "third": 1.1}) == "other"
    assert chosen({"python3": 1.0}) == "python3"


def test_every_interpreter_of_the_path_is_found_once_and_in_order(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "python3").write_text("#!/bin/sh\n")
        (tmp_path / folder / "python3").chmod(0o755)
    (tmp_path / "a" / "python3.11").symlink_to("python3")
    (tmp_path / "b" / "python3.12").write_text("not executable")
    found = list(on_path(os.pathsep.join((f"{tmp_path}/a", f"{tmp_path}/b", f"{tmp_path}/gone"))))
    assert found == [f"{tmp_path}/a/python3", f"{tmp_path}/b/python3"]


def test_what_runs_has_a_time_and_what_does_not_has_none(tmp_path: Path) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    taken = seconds(sys.executable)
    assert taken is not None
    assert taken > 0
    assert seconds(str(broken)) is None
    assert seconds(str(tmp_path / "gone")) is None
