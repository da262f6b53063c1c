"""Whose notices an account reads while entries are merged, and once they are parted, whatever was heard first."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain import notices as domain
from services.notifications.domain.notices import Head, Reader, Readers
from shared.contracts.event import Envelope
from shared.identity.family import change_of
from shared.programme.merging import word_of
from tests.builders.events import enveloped, guardian_linked, guardian_unlinked
from tests.builders.merging import merged, unmerged

MOTHER, FATHER = Reader("mother", ["guardian"]), Reader("father", ["guardian"])
STORY = [
    enveloped(guardian_linked("s", account="mother"), 1),
    enveloped(merged()[0], 2),
    enveloped(guardian_linked("d", guardian="g2", account="father"), 1),
    enveloped(merged()[1], 2),
]
ADOPTED = enveloped(guardian_linked("s", guardian="g2", account="father"), 3)
PARTED = [enveloped(unmerged()[0], 5), enveloped(unmerged()[1], 3)]


def heads(envelopes: Sequence[Envelope]) -> dict[str, Head]:
    found: dict[str, Head] = {}
    for envelope in envelopes:
        links, words = change_of(envelope), word_of(envelope)
        before = found.get(envelope.event.key, Head())
        found[envelope.event.key] = before.after([links] if links else [], [words] if words else [])
    return found


@given(st.permutations(STORY))
def test_the_survivor_s_family_reads_both_and_the_duplicate_s_goes_on(told: list[Envelope]) -> None:
    assert domain.visible(heads(told), MOTHER) == {"s": "s", "d": "s"}
    assert domain.visible(heads(told), FATHER) == {"d": "s"}, "until the survivor's cabinet is open, what was its own"
    assert domain.visible(heads([*told, ADOPTED]), FATHER) == {"s": "s", "d": "s"}


@given(st.permutations([*STORY, ADOPTED]), st.sampled_from(PARTED))
def test_parted_each_family_reads_its_own_again(told: list[Envelope], first: Envelope) -> None:
    closed = enveloped(guardian_unlinked("s", guardian="g2", account="father"), 6)
    assert domain.visible(heads([*told, first, closed]), MOTHER) == {"s": "s"}
    assert domain.visible(heads([*told, first, closed]), FATHER) == {"d": "d"}


def test_whom_the_survivor_s_school_puts_out_reads_the_duplicate_no_more() -> None:
    closed = enveloped(guardian_unlinked("s", guardian="g2", account="father"), 4)
    assert domain.visible(heads([*STORY, ADOPTED, closed]), FATHER) == {}


def test_an_erased_entry_is_read_by_nobody_and_hears_nothing_more() -> None:
    known = heads(STORY)
    known["d"] = Head(4, Readers(act="act"))
    assert domain.visible(known, MOTHER) == {"s": "s"}
    assert known["d"].after([], [word for one in STORY if (word := word_of(one))]) == known["d"]


def test_an_account_in_another_role_reads_nothing() -> None:
    assert domain.visible(heads(STORY), Reader("mother", ["pupil"])) == {}
