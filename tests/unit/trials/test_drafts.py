"""Drafts: of an item the answer given last stands, on whichever device and in whichever entry; and time runs out."""

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.copies.joining import Joined
from services.trials.copies.participants import ConsentChange
from services.trials.domain.testing.drafts import ON_ITS_WAY, Draft, DraftCommand, has_lapsed, joined_draft, save
from shared.base.errors import BadInput, Conflict
from tests.builders.events import at
from tests.builders.instruments import ALL_YES, worded
from tests.builders.trials import instrument, pupil

BEGUN = at("2020-09-14")
LIMIT = timedelta(minutes=20)
OPTIONS = ("no", "partly", "yes")


def saved(known: list[Draft], path: str, time: datetime, **answers: str) -> list[Draft]:
    """The drafts of all entries after one more save."""
    draft = save(known, path, worded(), DraftCommand(answers=answers), time)
    return [draft, *(other for other in known if other.path != path)]


Save = tuple[str, str, str]
SAVES = st.lists(
    st.tuples(st.sampled_from("sd"), st.sampled_from(sorted(ALL_YES)), st.sampled_from(OPTIONS)), max_size=12
)


@given(saves=SAVES, order=st.randoms(use_true_random=False))
def test_of_an_item_the_answer_given_last_stands_however_saves_arrive(saves: list[Save], order: Random) -> None:
    timed = [(BEGUN + timedelta(seconds=n), *one) for n, one in enumerate(saves)]
    expected = {item: option for _, _, item, option in timed}
    arrived = list(timed)
    order.shuffle(arrived)
    known: list[Draft] = []
    for time, entry, item, option in arrived:
        known = saved(known, f"{entry}/2020", time, **{item: option})
    known = [Draft.of(draft.document()) for draft in known]
    whole = joined_draft(known)
    assert (whole is None) == (not saves)
    if whole:
        assert {code: answer.option for code, answer in whole.answers.items()} == expected
        assert (whole.begun, whole.saved) == (timed[0][0], timed[-1][0])


def test_the_same_save_again_changes_nothing() -> None:
    once = saved([], "s/2020", BEGUN, p1="yes")
    assert saved(once, "s/2020", BEGUN, p1="yes") == once
    assert once[0].document()["answers"] == {"p1": ["yes", BEGUN.isoformat()]}


def test_a_save_for_an_item_or_an_option_that_is_not_there_is_refused() -> None:
    for answers, pointer in (({"x": "yes"}, "answers/x"), ({"p1": "maybe"}, "answers/p1")):
        with pytest.raises(BadInput) as wrong:
            saved([], "s/2020", BEGUN, **answers)
        assert [error.pointer for error in wrong.value.errors] == [pointer]
    with pytest.raises(BadInput, match="version"):
        save([], "s/2020", instrument(), DraftCommand(answers={}, version="6-7"), BEGUN)


def test_time_counts_from_the_first_save_of_any_entry() -> None:
    known = saved(saved([], "d/2020", BEGUN, p1="yes"), "s/2020", BEGUN + LIMIT / 2, p2="no")
    whole = joined_draft(known)
    assert whole is not None
    assert whole.ends(worded()) == BEGUN + LIMIT
    last = BEGUN + LIMIT + ON_ITS_WAY
    known = saved(known, "s/2020", last, n1="no")
    with pytest.raises(Conflict) as late:
        saved(known, "s/2020", last + timedelta(seconds=1), n1="yes")
    assert late.value.type == "time-over"
    without_limit = save(known, "s/2020", worded(minutes=None), DraftCommand(answers={"n1": "yes"}), last + LIMIT)
    assert without_limit.ends(worded(minutes=None)) is None


def test_an_attempt_after_the_end_has_what_was_saved_in_time() -> None:
    draft, late = saved([], "s/2020", BEGUN, **ALL_YES)[0], BEGUN + LIMIT * 2
    draft.must_admit(worded(), ALL_YES, late)
    changed = {**ALL_YES, "p1": "no"}
    draft.must_admit(worded(), changed, BEGUN + LIMIT)
    with pytest.raises(Conflict) as refused:
        draft.must_admit(worded(), changed, late)
    assert refused.value.type == "time-over"


def test_a_draft_goes_with_the_consent_under_which_it_was_saved() -> None:
    draft = saved([], "p1/2020", BEGUN, p1="yes")[0]
    consented = Joined(pupil())
    assert not has_lapsed(draft, "p1", consented)
    changes = [("0000000002", "2020-09-01", True), ("0000000003", "2020-09-10", False)]
    withdrawn = tuple(ConsentChange(sequence=n, time=at(day), given=given) for n, day, given in changes)
    assert has_lapsed(draft, "p1", Joined(pupil(consent_changes=withdrawn, consent=False)))
    again = (*withdrawn, ConsentChange(sequence="0000000004", time=at("2020-09-20"), given=True))
    assert has_lapsed(draft, "p1", Joined(pupil(consent_changes=again)))
    before = (*withdrawn, ConsentChange(sequence="0000000004", time=at("2020-09-12"), given=True))
    assert not has_lapsed(draft, "p1", Joined(pupil(consent_changes=before)))
