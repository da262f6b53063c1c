"""The README in both languages: the same content, commands that exist, links that lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest

from deploy.cli.arguments import parser

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.ru.md")
PICTURE_BYTES = 200_000
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""Its kind and what stands in it; one with a kind is run by `tests/e2e/test_tour.py`."""
BILET = re.compile(r"\.venv/bin/bilet ([^|)#\n]+)")
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]+))?\)")
NUMBER = re.compile(r"^# (\d+)\. ")


def shown(name: str) -> list[str]:
    """Every command of `bilet` and `make` that stands in a block of code."""
    blocks = "\n".join(text for kind, text in BLOCK.findall((ROOT / name).read_text()) if not kind)
    made = [line.split("#")[0].strip() for line in blocks.splitlines() if line.startswith("make ")]
    return [*(f"bilet {words.strip()}" for words in BILET.findall(blocks)), *made]


@pytest.mark.parametrize("name", READMES)
def test_a_command_that_is_shown_is_one(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = shown(name)
    assert len(commands) > 8
    for program, *words in map(shlex.split, commands):
        if program == "make":
            assert words[0] in targets
        else:
            parser().parse_args(words)


def test_both_languages_show_the_same() -> None:
    english, russian = ((ROOT / name).read_text() for name in READMES)
    assert shown("README.md") == shown("README.ru.md")
    first, second = ([block for block in BLOCK.findall(text) if block[0]] for text in (english, russian))
    assert first == second
    assert first, "the tour"
    for mark in ("\n## ", "\n|"):
        assert english.count(mark) == russian.count(mark), mark
    assert {target for target, _ in LINK.findall(english)} ^ {target for target, _ in LINK.findall(russian)} == {
        *READMES
    }


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "deploy/README.md"])
def test_a_link_leads_somewhere(name: str) -> None:
    text = (ROOT / name).read_text()
    headings = {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in re.findall(r"^#+ (.+)", text, re.M)
    }
    for target, place in LINK.findall(text):
        if target.startswith("http"):
            continue
        assert (ROOT / name).parent.joinpath(target).exists(), target
        assert not place or target or place in headings, place


def test_a_picture_is_small() -> None:
    assert (ROOT / "deploy" / "page.png").stat().st_size <= PICTURE_BYTES


def test_a_decision_has_a_number_of_its_own() -> None:
    files = sorted((ROOT / "shared" / "decisions").glob("*.md"))
    numbers = [int(path.name[:4]) for path in files]
    assert len(set(numbers)) == len(numbers) > 0
    for path, number in zip(files, numbers, strict=True):
        titled = NUMBER.match(path.read_text())
        assert titled, path.name
        assert int(titled[1]) == number, path.name


def test_what_others_must_do_stands_first_in_a_version_s_part() -> None:
    versions = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    first = re.findall(r"^### (.+)", versions[0], re.MULTILINE)
    assert versions[0].startswith("Unreleased")
    assert not first or first[:2] == ["Clients must change", "Operators must do"]
