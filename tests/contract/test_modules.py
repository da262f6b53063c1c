"""Modules, classes and functions stay short enough to be read at once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_MODULE, LONGEST_CLASS, LONGEST_FUNCTION = 300, 150, 40
"""Lines."""
PRODUCT = sorted(path for package in ("shared", "services", "deploy") for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_modules_are_found() -> None:
    assert ROOT / "shared" / "messaging" / "consumer.py" in PRODUCT
    assert ROOT / "tests" / "unit" / "trials" / "test_trials_domain.py" in TESTS


def test_modules_are_short() -> None:
    lines = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in (*PRODUCT, *TESTS)}
    assert {name: n for name, n in lines.items() if n > LONGEST_MODULE} == {}, "split it by concept"


def _too_long(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            most = LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > most:
                yield f"{node.name}: {lines} of {most} lines"


def test_classes_and_functions_are_short() -> None:
    found = {_name(path): list(_too_long(ast.parse(path.read_text(encoding="utf-8")))) for path in PRODUCT}
    assert {name: too_long for name, too_long in found.items() if too_long} == {}


def test_a_test_file_has_a_name_of_its_own() -> None:
    """Pytest takes two of one name, in folders that it runs together, for the same module."""
    together = ("unit", "contract", "integration", "e2e")
    names = [path.name for folder in together for path in (ROOT / "tests" / folder).rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def _of_tests(tree: ast.AST) -> Iterator[str]:
    """Yields what a module imports of modules that pytest collects."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [alias.name for alias in node.names]
            said = [f"{node.module}.{name}" for name in names] if isinstance(node, ast.ImportFrom) else names
            yield from (name for name in said if re.match(r"tests\..*\btest_", name))


def test_nothing_is_imported_from_a_test() -> None:
    """What several tests need stands in a driver if it does something, and in a builder if it makes something."""
    found = {_name(path): list(_of_tests(ast.parse(path.read_text(encoding="utf-8")))) for path in (*PRODUCT, *TESTS)}
    assert {name: imported for name, imported in found.items() if imported} == {}
