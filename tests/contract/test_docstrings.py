"""Docstrings are plain sentences in the third person, or noun phrases: no dangling clause, no command."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("shared", "services", "deploy")
CLAUSES = re.compile(r"(how|that|those|wh(at|en|ere)(ever)?|whether|which|who(ever|m|se)?|why)\b", re.IGNORECASE)
"""Begin half a sentence: "What a caller is told" says of nothing that it is so."""
COMMANDS = re.compile(
    r"(Add|Apply|Ask|Build|Call|Check|Collect|Commit|Compute|Convert|Count|Create|Decide|Define|Delete|Do|Drop|Encode|"
    r"Ensure|Fetch|Find|Get|Give|Handle|Insert|Keep|Load|Look|Make|Move|Open|Parse|Print|Put|Raise|Read|Remove|Render|"
    r"Return|Run|Save|Send|Set|Show|Start|Stop|Store|Take|Tell|Test|Try|Update|"
    r"Use(?! cases?:)|Validate|Wait|Write|Yield)\b"
)
"""Bare verbs: the reader is told to do what the function does."""


def _docstrings(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "name", "module"), getattr(node, "lineno", 1), text


MODULES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_are_sentences_in_the_third_person(module: Path) -> None:
    wrong = [
        f"{name}, line {line}: {text.splitlines()[0]}"
        for name, line, text in _docstrings(ast.parse(module.read_text(encoding="utf-8")))
        if CLAUSES.match(text) or COMMANDS.match(text)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("text", ["What it does.", "Return the sum.", "Whether it fits."])
def test_a_clause_and_a_command_are_found(text: str) -> None:
    assert CLAUSES.match(text) or COMMANDS.match(text)
