"""Every setting of the services is in the operations page, with its default; the page names none that is not there."""

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from shared.base.settings import Settings

ROOT = Path(__file__).parents[2]
ROW = re.compile(r'^ *\| `([A-Z_]+)` \| (?:`([^`]*)`|([\d/]+|—|"")) \|', re.MULTILINE)


def _shown(path: str) -> dict[str, str]:
    """The settings of a page's tables, with the defaults that it shows."""
    return {name: quoted or plain for name, quoted, plain in ROW.findall((ROOT / path).read_text(encoding="utf-8"))}


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    if default is PydanticUndefined:
        return "—"
    if default in ("", b"", ()):
        return '""'
    return str(default).lower() if isinstance(default, bool) else re.sub(r"\.0$", "", str(default))


SHOWN = _shown("deploy/README.md") | _shown("SECURITY.md")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_documented_with_its_default(name: str) -> None:
    assert SHOWN[name.upper()] == _default(name)


def test_no_setting_is_documented_that_there_is_not() -> None:
    assert SHOWN.keys() == {name.upper() for name in Settings.model_fields}
