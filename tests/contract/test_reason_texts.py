"""Whatever a file or a line of it can be refused for has a Russian sentence with the same gaps."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from services.registration.domain.import_columns import IS_NUMBERS
from services.registration.domain.import_lines import PLAIN
from services.registration.handlers.numbers import IS_PUPILS
from services.registration.texts.reasons import RUSSIAN
from shared.base.errors import IN_JSON, PATTERNS
from shared.tables.files import OTHERS

ROOT = Path(__file__).parents[2]
DETAIL = {
    **dict.fromkeys(("FieldError", "field", "about", "PydanticCustomError", "complaint"), 1),
    **dict.fromkeys(("Conflict", "Forbidden", "Excluded", "NotFound", "NotKnownYet", "ServiceError", "ValueError"), 0),
    **dict.fromkeys(("worded", "phrase", "_refuse"), 0),
}
"""The place of the sentence among the arguments of what refuses."""
DOMAIN = (
    "admission birth_dates classes clocks consents definitions directories enrolment identities import_lines moves "
    "numbers organisations roster_consents roster_entries roster_rules rosters school_ages school_names "
    "school_years templates"
)
MODULES = [
    *(f"services.registration.domain.{name}" for name in DOMAIN.split()),
    *(
        f"services.registration.handlers.{name}"
        for name in ["directories", "import_batches", "import_keys", "numbers", "rosters"]
    ),
    "services.registration.copies.seasons",
    "services.registration.importing",
    "services.registration.imports",
    *(f"shared.tables.{name}" for name in ["cells", "csv_text", "files", "headers", "merges", "table", "workbook"]),
    *(f"shared.programme.{name}" for name in ["closing", "legal_entities", "moments", "texts"]),
    "shared.base.quota",
    "shared.identity.exceptions",
    "shared.identity.grants",
    "shared.storage.namesakes",
]
"""Where files and their lines are refused."""
ELSEWHERE = {
    "consents": {"channel_of", "withdraw_consent"},
    "templates": {"_is_of_the_text", "_has_a_text", "_of_participation", "define"},
    "quota": {"parse"},
    "grants": {"must_cover_whole"},
}
"""Functions there that refuse requests of other kinds alone."""
NEAR = ("services.registration.domain", "services.registration.copies", "shared.tables", "shared.programme")
OF_REQUESTS = {
    "services.registration.domain.cabinets",
    "services.registration.domain.imports",
    "services.registration.domain.majority",
    "shared.tables.columns",
}
"""Modules nearby that refuse no file: a code's new issue, a request to import, a consent that is asked for, our own
table of titles."""
GAP = re.compile(r"\{(\w+)\}")
PHRASES = {
    *OTHERS.values(),
    IS_NUMBERS,
    IS_PUPILS,
    "this pupil",
    "this guardian",
    "child",
    "guardian",
    "kind",
    "parent",
}
"""Parts of sentences."""
BY_HAND = {"has {count} items; {most} is the most"}
"""Of a module that says others which no file meets."""
SAID_AS_THEY_ARE = {"detail", "args"}
"""Attributes of a refusal that is told again."""


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class Sentences:
    """The sentences of one function, or of what stands outside of functions."""

    def __init__(self, module: ModuleType, function: ast.AST) -> None:
        self._module = module
        self._function = function
        self._parameters = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}

    def all(self) -> Iterator[str]:
        """Yields those that a call refuses with."""
        for node in ast.walk(self._function):
            place = DETAIL.get(_called(node.func)) if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and place is not None and len(node.args) > place:
                yield from self._of(node.args[place])

    def _of(self, node: ast.expr) -> Iterator[str]:
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.IfExp(body=one, orelse=other):
                yield from (*self._of(one), *self._of(other))
            case ast.Call(func=func) if _called(func) in DETAIL:
                return  # it is walked through by itself
            case ast.Call(func=func) if _called(func) in ("put_out_of", "join"):
                return
            case ast.Attribute(attr=name) | ast.Subscript(value=ast.Attribute(attr=name)) if name in SAID_AS_THEY_ARE:
                return
            case ast.Name(id=name):
                yield from self._named(name)
            case _:
                yield eval(ast.unparse(node), vars(self._module))  # an f-string of constants, or a fault of this module

    def _named(self, name: str) -> Iterator[str]:
        if isinstance(said := getattr(self._module, name, None), str):
            yield getattr(said, "pattern", said)
            return
        if name in self._parameters or name in LOOPED:
            return
        values = [value for node in ast.walk(self._function) for target, value in _given(node) if target == name]
        assert values, f"{self._module.__name__}: {name}"
        for value in values:
            yield from self._of(value)


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yields the names to which a statement gives a value, with it."""
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


LOOPED = {"what", "field", "fault", "other"}
"""Names of loops, whose words stand in tables; a test of its own looks at these."""


def sentences(name: str) -> set[str]:
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    skipped = ELSEWHERE.get(name.rpartition(".")[2], set())
    outside = [
        node for node in tree.body if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    parts = [*outside, *(one for one in functions if one.name not in skipped)]
    return {text for part in parts for text in Sentences(module, part).all()}


def _imported(name: str) -> Iterator[str]:
    """The modules of domain, tables and texts that a module imports."""
    tree = ast.parse(Path(str(importlib.import_module(name).__file__)).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(NEAR):
            yield node.module


def test_every_module_that_may_refuse_a_line_is_looked_at() -> None:
    waiting, found = list(MODULES), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _imported(name)
    assert {name for name in found - {*MODULES} if _refuses(name)} == OF_REQUESTS


def _refuses(name: str) -> bool:
    tree = ast.parse(Path(str(importlib.import_module(name).__file__)).read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(len(call.args) > DETAIL.get(_called(call.func), 1_000) for call in calls)


@pytest.mark.parametrize("module", MODULES)
def test_each_refusal_of_a_file_has_its_sentence_in_russian(module: str) -> None:
    assert sentences(module) - RUSSIAN.keys() == set()


def test_what_sentences_are_filled_with_has_words_too() -> None:
    assert PHRASES | {*PATTERNS.values(), *PLAIN.values(), IN_JSON["missing"]} | BY_HAND <= RUSSIAN.keys()


@pytest.mark.parametrize("pattern", RUSSIAN)
def test_a_sentence_in_russian_is_filled_with_the_same(pattern: str) -> None:
    gaps = set(GAP.findall(RUSSIAN[pattern]))
    assert gaps <= set(GAP.findall(pattern))
    assert re.search("[а-я]", RUSSIAN[pattern]) or gaps


def test_no_sentence_is_kept_that_nobody_says() -> None:
    phrases = PHRASES | {*PATTERNS.values(), *PLAIN.values(), IN_JSON["missing"]} | BY_HAND
    assert RUSSIAN.keys() - phrases == set().union(*map(sentences, MODULES)) - phrases
