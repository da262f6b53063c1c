"""What an import keeps of its request, and the bounds of those who send many."""

import pytest

from services.registration.domain.imports import (
    MOST_KEPT,
    MOST_OF_ALL,
    MOST_WAITING,
    Counts,
    Import,
    must_have_room,
    stored_grants,
)
from shared.base.errors import BadInput, Conflict, FieldError, Unavailable
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.builders.registration import NOW

WHO = Principal(
    "somebody", "account", (Grant("navigator", "S1", frozenset({"7А"})), Grant("regional-operator", "RU-ROS"))
)
IMPORT = Import(
    id="i",
    season="2020",
    school="S1",
    school_class=None,
    region="RU-ROS",
    municipality="M1",
    occurred_at=NOW,
    dry_run=False,
    kind="csv",
    key=b"wrapped",
    sent_at=NOW,
    by=WHO.account,
    grants=tuple(stored_grants(WHO)),
)


def test_an_import_enters_with_the_grants_of_its_request() -> None:
    row = {**IMPORT.model_dump(exclude={"id", "by"}), "_id": "i", "changed": {"by": "account"}}
    again = Import.of(row)
    assert again == IMPORT
    assert (again.who.account, again.who.grants) == ("account", WHO.grants)
    assert again.actor.roles == ("navigator", "regional-operator")


def test_a_file_s_problem_has_no_pointers_since_who_asks_has_sent_no_body() -> None:
    why = BadInput.of([FieldError("", "line 3: a quotation mark is opened and not closed")])
    problem = IMPORT.over("broken-off", NOW, why).problem
    assert problem is not None
    assert "errors" not in problem
    assert (problem["type"], problem["detail"]) == ("bad-input", "line 3: a quotation mark is opened and not closed")


def test_counts_add_up() -> None:
    both = Counts(created=1, known=2, refused=3).plus(Counts(created=1, known=1, corrected=1))
    assert (both, both.lines) == (Counts(created=2, known=3, corrected=1, refused=3), 8)


@pytest.mark.parametrize(
    ("sizes", "refusal"),
    [((MOST_WAITING, 0, 0), Conflict), ((0, MOST_KEPT, 0), Conflict), ((0, 0, MOST_OF_ALL), Unavailable)],
)
def test_who_has_sent_too_much_waits(sizes: tuple[int, int, int], refusal: type[Exception]) -> None:
    must_have_room(MOST_WAITING - 1, MOST_KEPT - 1, MOST_OF_ALL - 1)
    with pytest.raises(refusal):
        must_have_room(*sizes)
