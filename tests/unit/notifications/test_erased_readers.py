"""A guardian who was erased reads nothing any more, also where a link is told late or an account stands alone."""

from typing import Any

from services.notifications.documents import head_document, head_of
from services.notifications.domain.notices import Head, Reader, Readers
from shared.identity.family import change_of
from tests.builders.events import enveloped, guardian_erased, guardian_linked

MOTHER, FATHER = Reader("a-g1", ["guardian"]), Reader("a-g2", ["guardian"])


def linked(guardian: str, sequence: int) -> Any:
    return change_of(enveloped(guardian_linked(guardian=guardian), sequence))


def test_who_was_erased_reads_nothing_and_a_late_link_opens_nothing() -> None:
    readers = Readers().after([linked("g1", 1), linked("g2", 2)]).without(guardian_erased())
    for after in (readers, readers.after([linked("g1", 1)])):
        assert not after.admit(MOTHER)
        assert not after.refuse(MOTHER), "nothing of hers is remembered"
        assert after.admit(FATHER)
        assert "a-g1" not in repr(after)
    stored = head_of({"last": 3, **head_document(Head(3, readers))}).readers
    assert (stored.erased, stored.accounts) == (readers.erased, readers.accounts)


def test_an_account_that_an_earlier_release_kept_alone_goes_too() -> None:
    old = Readers([{"account": "a-g1", "role": "guardian"}, {"account": "a-g1", "role": "pupil"}])
    assert [one["role"] for one in old.without(guardian_erased()).accounts] == ["pupil"]


def test_of_an_erased_pupil_nothing_is_kept() -> None:
    assert Readers(act="act").without(guardian_erased()) == Readers(act="act")
