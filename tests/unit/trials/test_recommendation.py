"""The gate of the recommendation: when it opens, when it closes again, and which causes are named."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.path import steps
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.paths import Path, stages
from shared.base.errors import BadInput
from shared.contracts.trials import TRIAL_KINDS, AttendanceRevoked, RecommendationIssued, RecommendationWithdrawn
from shared.storage.decision import Decision
from tests.builders.events import at
from tests.builders.trials import pupil, season
from tests.builders.walks import GATE, attended, booked, diagnosed, ids, sat, trial


def completed() -> Decision[Path]:
    first, second = trial("2020-10-05"), trial("2020-10-06", competency="games")
    path = attended(booked(booked(diagnosed(), first), second), first).state
    return attended(path, second)


def test_the_recommendation_comes_with_the_last_stage_at_its_time() -> None:
    decision = completed()
    attendance, issued = decision.happened
    assert isinstance(issued.event, RecommendationIssued)
    assert issued.time == attendance.time
    assert issued.event.competencies == ("games", "gov"), "the latest first"
    reached = stages(decision.state, season(), at("2020-09-01"))
    assert reached.tested == at("2020-09-15")
    assert reached.participated == at("2020-09-14")
    assert reached.attended == at("2020-10-05", 14) + timedelta(minutes=5)
    assert reached.completed == reached.recommended == issued.time


def test_a_late_diagnostic_opens_the_gate_at_the_latest_of_all_causes() -> None:
    first, second = trial("2020-10-05"), trial("2020-10-06")
    walked = booked(booked(sat(Path.new("p1", "2020"), "readiness", "2020-09-14").state, first), second)
    walked = attended(attended(walked, first).state, second).state
    decision = sat(walked, "interests", "2020-09-15")
    assert decision.happened[-1].time == at("2020-10-06", 14) + timedelta(minutes=5)


def test_other_activities_do_not_count_as_trials() -> None:
    places = [trial(f"2020-10-0{day}", kind="excursion") for day in (5, 6, 7)]
    path = diagnosed()
    for place in places:
        path = attended(booked(path, place), place).state
    assert path.recommendation is None
    assert stages(path, season(), at("2020-09-01")).attended is None


def test_after_diagnostics_nothing_more_is_needed() -> None:
    rules = season(recommendation_gate="after-diagnostics")
    path = sat(Path.new("p1", "2020"), "interests", "2020-09-20", rules).state
    issued = sat(path, "readiness", "2020-09-14", rules).happened[-1]
    assert isinstance(issued.event, RecommendationIssued)
    assert (issued.time, issued.event.competencies) == (at("2020-09-20"), ())


def test_a_revoked_attendance_closes_the_gate_and_another_opens_it_anew() -> None:
    path = completed().state
    mistake = path.attendances[0].id
    decision = steps.revoke(path, pupil(), mistake, "wrong list", at("2020-11-01"), GATE)
    assert [type(fact.event) for fact in decision.happened] == [AttendanceRevoked, RecommendationWithdrawn]
    assert {fact.time for fact in decision.happened} == {at("2020-11-01")}
    again = steps.revoke(decision.state, pupil(), mistake, "again", at("2020-11-02"), GATE)
    assert again.happened == ()
    third = trial("2020-10-20")
    assert isinstance(attended(booked(decision.state, third), third).happened[-1].event, RecommendationIssued)


def test_a_revocation_lies_after_what_it_revokes() -> None:
    path = completed().state
    with pytest.raises(BadInput, match="occurred_at"):
        steps.revoke(path, pupil(), path.attendances[0].id, "x", at("2020-10-01"), GATE)


@given(
    acts=st.lists(st.tuples(st.sampled_from(["sit", "attend", "revoke"]), st.integers(0, 5)), max_size=25),
    required=st.integers(1, 3),
    gate=st.sampled_from(["after-all-stages", "after-diagnostics"]),
)
def test_a_recommendation_is_in_force_exactly_while_the_gate_is_open(
    acts: list[tuple[str, int]], required: int, gate: str
) -> None:
    rules = season(trials_required=required, recommendation_gate=gate)
    places = [trial(f"2020-10-1{n}", kind="excursion" if n == 5 else "trial") for n in range(6)]
    path, done, present = Path.new("p1", "2020"), set[str](), set[int]()
    for place in places:
        path = booked(path, place)
    issued = withdrawn = 0
    for act, n in acts:
        if act == "sit":
            diagnostic = ("readiness", "interests")[n % 2]
            done.add(diagnostic)
            decision = sat(path, diagnostic, "2020-09-14", rules)
        elif act == "attend":
            present.add(n)
            decision = attended(path, places[n], rules)
        elif n in present:
            present.remove(n)
            mistake = next(a.id for a in path.attended if a.slot == places[n].id)
            decision = steps.revoke(path, pupil(), mistake, "x", at("2020-12-01"), SeasonGate(rules, ids()))
        else:
            continue
        path = decision.state
        issued += sum(isinstance(fact.event, RecommendationIssued) for fact in decision.happened)
        withdrawn += sum(isinstance(fact.event, RecommendationWithdrawn) for fact in decision.happened)
        trials = sum(places[n].kind in TRIAL_KINDS for n in present)
        is_open = len(done) == 2 and (gate == "after-diagnostics" or trials >= required)
        assert (path.recommendation is not None) == is_open
        assert issued - withdrawn == int(is_open)


def test_a_recommendation_that_names_what_was_revoked_is_issued_anew() -> None:
    third = trial("2020-10-07", competency="law")
    path = attended(booked(completed().state, third), third).state
    assert path.recommendation is not None
    mistake = next(a.id for a in path.attendances if a.competency == "gov")
    decision = steps.revoke(path, pupil(), mistake, "wrong list", at("2020-11-01"), GATE)
    _, gone, anew = decision.happened
    assert isinstance(gone.event, RecommendationWithdrawn)
    assert isinstance(anew.event, RecommendationIssued)
    assert gone.event.recommendation == path.recommendation.id != anew.event.recommendation
    assert anew.event.competencies == ("law", "games")
    assert anew.time == third.starts_at + timedelta(minutes=5), "when the gate opened by what is left"


def test_a_recommendation_that_names_what_was_attended_twice_stays() -> None:
    third, fourth = trial("2020-10-07", competency="gov"), trial("2020-10-08", competency="law")
    path = completed().state
    for place in (third, fourth):
        path = attended(booked(path, place), place).state
    mistake = next(a.id for a in path.attendances if a.competency == "gov")
    decision = steps.revoke(path, pupil(), mistake, "wrong list", at("2020-11-01"), GATE)
    assert [type(fact.event) for fact in decision.happened] == [AttendanceRevoked]


@pytest.mark.parametrize("merged_on", ["2020-11-01", "2020-12-21"])
def test_in_a_closed_season_a_merging_of_before_brings_no_recommendation(merged_on: str) -> None:
    closed = season().model_copy(update={"closed_at": at("2020-12-20")})
    path = completed().state.model_copy(update={"recommendation": None})
    settled = SeasonGate(closed, ids()).settle(Decision(path), pupil(), at(merged_on))
    assert bool(settled.happened) is (merged_on > "2020-12-20")
