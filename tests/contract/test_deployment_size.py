"""What deploys stays small: it serves who runs Bilet, and what serves tests alone is theirs.

The simulator plays what may go wrong in a season; each kind of it costs lines here.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOUNDS = {"deploy": 6_694, "deploy/local": 849, "deploy/simulator": 2_907, "deploy/cli": 1_895}
"""Lines of Python."""


@pytest.mark.parametrize(("folder", "bound"), BOUNDS.items(), ids=BOUNDS)
def test_a_part_of_the_deployment_is_small(folder: str, bound: int) -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py"))
    assert 0 < lines <= bound
