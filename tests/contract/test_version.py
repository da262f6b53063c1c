"""What the product says of itself is said once, or the same everywhere."""

import tomllib
from pathlib import Path

import yaml

from shared import VERSION

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHON = "Programming Language :: Python :: 3."


def test_the_package_has_the_version_of_the_code() -> None:
    assert PROJECT["version"] == VERSION


def test_ci_tries_every_python_that_the_package_names() -> None:
    named = [f"3.{line.removeprefix(PYTHON)}" for line in PROJECT["classifiers"] if line.startswith(PYTHON)]
    ci = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert ci["jobs"]["check-and-test"]["strategy"]["matrix"]["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]}"
