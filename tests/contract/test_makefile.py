"""What `make` hands on: folders may have any name."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
CALLER_S = {"MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "KEEP", "SCENARIO", "SCALE", "PORT", "EXIT"}
"""What a `make` around this test had been given."""


def made(*words: str) -> list[str]:
    """The arguments that the demo of this call gets."""
    command = ["make", "--silent", "--old-file=setup", "demo", "BILET=printf '%s\\n'", *words]
    environ = {name: value for name, value in os.environ.items() if name not in CALLER_S}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True, timeout=60)
    return run.stdout.splitlines()[1:]


def test_a_demo_has_every_word_whole() -> None:
    assert made() == []
    words = ("KEEP=/tmp/a b", "SCENARIO=my 'own'", "SCALE=0.1", "PORT=8081", "EXIT=1")
    assert made(*words) == [
        *("--scenario", "my 'own'", "--scale", "0.1", "--keep", "/tmp/a b", "--port", "8081", "--exit"),
    ]
