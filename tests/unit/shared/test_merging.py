"""Which entries are joined, by what each last said of the other, whatever was heard first."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.event import Envelope
from shared.programme.merging import Word, duplicates_of, survivor_of, with_word, word_of
from tests.builders.events import enveloped, registered
from tests.builders.merging import merged, unmerged

FACTS = st.lists(st.tuples(st.sampled_from(["d1", "d2"]), st.booleans()), max_size=6)


def story(facts: Iterable[tuple[str, bool]]) -> list[Envelope]:
    """Mergings of two duplicates into one survivor and their partings, numbered by entry."""
    told: list[Envelope] = []
    for duplicate, is_merging in facts:
        for event in (merged if is_merging else unmerged)("s", duplicate):
            told.append(enveloped(event, 1 + sum(one.subject == event.subject for one in told)))
    return told


def heard(envelopes: Iterable[Envelope]) -> dict[str, tuple[Word, ...]]:
    words: dict[str, tuple[Word, ...]] = {}
    for envelope in envelopes:
        word = word_of(envelope)
        assert word is not None
        words[envelope.subject] = with_word(words.get(envelope.subject, ()), word)
    return words


@given(st.data(), FACTS)
def test_entries_are_joined_whose_last_word_of_each_other_is_the_merging(
    data: st.DataObject, facts: list[tuple[str, bool]]
) -> None:
    told = story(facts)
    words = heard(data.draw(st.permutations([*told, *told[:2]])))
    last = dict(facts)
    expected = tuple(sorted(duplicate for duplicate, is_merging in last.items() if is_merging))
    assert duplicates_of("s", words) == expected
    assert {id: survivor_of(id, words) for id in ("s", "d1", "d2")} == {
        "s": "s",
        **{id: "s" if last.get(id) else id for id in ("d1", "d2")},
    }


@given(FACTS)
def test_until_both_have_said_it_each_stands_alone(facts: list[tuple[str, bool]]) -> None:
    words = heard(story(facts))
    for silent in ("s", "d1"):
        known = {id: said for id, said in words.items() if id != silent}
        assert survivor_of("d1", known) == "d1"
        assert "d1" not in duplicates_of("s", known)


def test_one_role_on_both_sides_joins_nobody() -> None:
    first, second = merged("s", "d")
    words = heard([enveloped(first), enveloped(second.model_copy(update={"role": "survivor"}))])
    assert (duplicates_of("s", words), survivor_of("d", words)) == ((), "d")


def test_of_two_survivors_the_one_counts_that_was_named_last() -> None:
    """The former one has said that it parted, which is not heard yet."""
    words = heard([*map(enveloped, merged("a", "d")), *(enveloped(event, 2) for event in merged("b", "d"))])
    assert survivor_of("d", words) == "b"


def test_other_events_say_nothing_of_others() -> None:
    assert word_of(enveloped(registered())) is None
