"""Modules stay short enough to be read at once."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300
MODULES = sorted(path for package in ("shared", "services", "deploy") for path in (ROOT / package).rglob("*.py"))


def test_the_modules_are_found() -> None:
    assert ROOT / "shared" / "messaging" / "consumer.py" in MODULES


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST, "split it by concept"


def test_a_test_file_has_a_name_of_its_own() -> None:
    """Pytest takes two of one name, in folders that it runs together, for the same module."""
    together = ("unit", "contract", "integration", "e2e")
    names = [path.name for folder in together for path in (ROOT / "tests" / folder).glob("test_*.py")]
    assert sorted(names) == sorted(set(names))
