"""Revisions of a closed season: each number once, in order, whoever publishes it again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.calendar import restored_seasons
from services.trials.domain.calendar.season_revisions import RevisionEntry
from services.trials.domain.calendar.seasons import Season, close, correct
from shared.base.errors import ServiceError
from tests.builders.events import at, enveloped
from tests.builders.trials import season

CLOSED = close(season(), "2020", at("2020-12-20")).state
TOLD = st.lists(st.tuples(st.integers(1, 4), st.sampled_from(("a", "b")), st.integers(-1, 3)), max_size=12)


@given(TOLD)
def test_numbers_come_in_order_and_keep_what_was_said(told: list[tuple[int, str, int]]) -> None:
    """Days are counted from the closing."""
    known, published = CLOSED, list[tuple[str, int]]()
    for number, reason, day in told:
        last = published[-1][1] if published else 0
        entry, time = RevisionEntry(reason=reason), at("2020-12-20") + timedelta(days=day)
        expected = None
        if number <= len(published):
            expected = None if published[number - 1][0] == reason else "revision-published"
        elif number > len(published) + 1:
            expected = "revision-not-next"
        elif day < last:
            expected = "bad-input"
        if expected is not None:
            with pytest.raises(ServiceError) as refusal:
                correct(known, "2020", number, entry, time)
            assert refusal.value.type == expected
            continue
        decision = correct(known, "2020", number, entry, time)
        assert len(decision.happened) == (number > len(published))
        published += [(reason, day)] * len(decision.happened)
        known = decision.state
    assert [one.reason for one in known.revisions] == [reason for reason, _ in published]


def test_a_season_that_runs_has_none() -> None:
    for known, slug in ((season(), "season-open"), (None, "not-found")):
        with pytest.raises(ServiceError) as refusal:
            correct(known, "2020", 1, RevisionEntry(reason="a"), at("2020-12-21"))
        assert refusal.value.type == slug


def test_a_restored_season_knows_the_revision_and_not_its_reason() -> None:
    decision = correct(CLOSED, "2020", 1, RevisionEntry(reason="a"), at("2020-12-21"))
    (fact,) = decision.happened
    restored = restored_seasons.corrected(CLOSED, enveloped(fact.event, 3, fact.time))
    assert isinstance(restored, Season)
    assert [(one.reason, one.time) for one in restored.revisions] == [(None, at("2020-12-21"))]
