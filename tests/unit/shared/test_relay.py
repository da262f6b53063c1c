"""What a relay forgets: documents of which every row has arrived, unless one that stays has to precede them again."""

import pytest

from shared.messaging.relay import forgettable
from shared.storage.outbox import Row, Waiting


def document(*ids: str) -> Waiting:
    """Rows `<key><number>`: `a1` is the first of key `a`."""
    return Waiting(ids[0], [Row(id, "topic", id[:1].encode(), b"{}", []) for id in ids])


@pytest.mark.parametrize(
    ("waiting", "missing", "forgotten"),
    [
        pytest.param([("a1", "b1"), ("a2",)], "", ["a1", "a2"], id="all arrived"),
        pytest.param([("a1", "b1"), ("c1",)], "b1", ["c1"], id="one row of it did not"),
        pytest.param([("a1",), ("a2", "b1"), ("b2",)], "a2", ["a1"], id="its other key waits with it"),
        pytest.param([("a1", "b1"), ("b2", "c1"), ("c2",), ("d1",)], "a1", ["d1"], id="and so do theirs"),
        pytest.param([("a1",), ("b1",)], "a1 b1", [], id="nothing arrived"),
    ],
)
def test_a_document_is_forgotten_whole_or_not_at_all(
    waiting: list[tuple[str, ...]], missing: str, forgotten: list[str]
) -> None:
    documents = [document(*ids) for ids in waiting]
    acknowledged = [row.id not in missing.split() for d in documents for row in d.rows]
    assert [d.id for d in forgettable(documents, acknowledged)] == forgotten
