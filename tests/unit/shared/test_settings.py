"""What a process says whose settings are wrong: one line that names the variables, and no secret."""

import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "s3cret-and-nobody-s-business"
ONE_SECRET = {
    "deploy.sidecars.identity": (("IDENTITY_CLIENT_SECRET", SECRET), "IDENTITY_KEY: Field required"),
    "deploy.sidecars.mongo_setup": (
        ("MONGO_URL", f"mongodb://root:{SECRET}@127.0.0.1"),
        "MONGO_MEMBER: Field required",
    ),
}


@pytest.mark.parametrize(("module", "given"), ONE_SECRET.items(), ids=ONE_SECRET)
def test_missing_settings_are_named_in_one_line_without_a_secret(
    module: str, given: tuple[tuple[str, str], str]
) -> None:
    (variable, value), complaint = given
    argv = [sys.executable, "-m", module]
    root = Path(__file__).parents[3]
    said = subprocess.run(argv, env={variable: value}, cwd=root, capture_output=True, text=True, timeout=60)
    assert said.returncode == 2
    (line,) = said.stderr.splitlines()
    assert line.startswith("settings: ")
    assert complaint in line
    assert variable not in line
    assert SECRET not in said.stderr + said.stdout
