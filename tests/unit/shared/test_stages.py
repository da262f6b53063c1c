"""Family, school and operator see the same stages of a pupil on the same days, whatever happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.analytics.enrolments import stage_days
from services.analytics.facts import Pupil, learn
from services.registration.copies.steps import Steps, step
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.path.path_parts import Attendance, Recommendation
from services.trials.domain.path.paths import Path, stages
from shared.contracts.event import Envelope
from shared.programme.stages import STAGES, Rules, Stages
from tests.builders import events as builders
from tests.builders.events import ROSTOV, at, enveloped
from tests.builders.trials import season

MOMENTS = st.datetimes(
    datetime(2020, 7, 7), datetime(2020, 12, 16), timezones=st.sampled_from([ROSTOV, timezone(timedelta(hours=9))])
)
"""In two offsets: an earlier release kept the one that was given."""
ATTENDED = st.tuples(st.sampled_from(["trial", "excursion"]), st.booleans(), MOMENTS)
"""Kind, whether revoked, when."""
Test = tuple[str, int, datetime]
"""Code, round, when."""

REQUIRED = ("readiness", "interests")


def _events(
    registered: datetime,
    tests: Sequence[Test],
    activities: Sequence[tuple[str, bool, datetime]],
    recommended: Sequence[datetime],
) -> list[Envelope]:
    """What was published: of the recommendations all but the last were withdrawn."""
    facts = [enveloped(builders.registered(), time=registered)]
    for n, (code, round, time) in enumerate(tests):
        facts.append(enveloped(builders.diagnosed(diagnostic=code, attempt=f"a{n}", round=round), time=time))
    for n, (kind, is_revoked, time) in enumerate(activities):
        facts.append(enveloped(builders.attended(slot=f"s{n}", kind=kind), time=time))
        facts += [enveloped(builders.revoked(slot=f"s{n}", kind=kind), time=at("2020-12-16"))] if is_revoked else []
    for n, time in enumerate(recommended):
        facts.append(enveloped(builders.recommended(recommendation=f"r{n}"), time=time))
        if n + 1 < len(recommended):
            facts.append(enveloped(builders.withdrawn(recommendation=f"r{n}"), time=at("2020-12-16")))
    return facts


def _of_operator(events: Sequence[Envelope], rules: Rules) -> Mapping[str, str]:
    pupil = Pupil()
    for event in events:
        learn(pupil, event)
    return {str(stage): day for stage, day in stage_days(pupil.season("2020"), rules).items()}


def _of_school(events: Sequence[Envelope], rules: Rules) -> Mapping[str, str]:
    sets: dict[str, list[Any]] = {}
    for event in events:
        if (found := step(event)) is not None:
            sets.setdefault(found[0], []).append(found[1])
    return _days(Stages.of(Steps.of(sets).facts(events[0].time), rules))


def _of_family(
    registered: datetime,
    tests: Sequence[Test],
    activities: Sequence[tuple[str, bool, datetime]],
    recommended: Sequence[datetime],
    rules: Season,
) -> Mapping[str, str]:
    path = Path.new("p1", "2020").model_copy(
        update={
            "diagnostics": _first(tests, 1),
            "second_round": _first(tests, 2),
            "attendances": tuple(
                Attendance.model_validate(
                    {"id": f"t{n}", "time": time, "booking": "b", "slot": "s", "competency": "gov", "kind": kind}
                    | {"source": "list", "revoked": at("2020-12-16") if is_revoked else None}
                )
                for n, (kind, is_revoked, time) in enumerate(activities)
            ),
            "recommendation": Recommendation(id="r", time=recommended[-1], competencies=()) if recommended else None,
        }
    )
    return _days(stages(path, rules, registered))


def _first(tests: Sequence[Test], round: int) -> Mapping[str, datetime]:
    return {code: min(t for c, n, t in tests if (c, n) == (code, round)) for code, n, _ in tests if n == round}


def _days(reached: Stages) -> Mapping[str, str]:
    times = {name: getattr(reached, name) for name in STAGES}
    return {name: time.date().isoformat() for name, time in times.items() if time is not None}


def test_a_season_that_asks_for_no_trial_is_completed_with_the_recommendation() -> None:
    """Trials defines none, but what another client publishes must not end who folds it."""
    tests = [("readiness", 1, at("2020-09-10")), ("interests", 1, at("2020-09-12"))]
    events = _events(at("2020-09-01"), tests, [], [at("2020-09-12")])
    for required in (0, -1):
        days = _of_operator(events, Rules(frozenset(season().diagnostics), required))
        assert days["completed"] == days["recommended"] == "2020-09-12"
        assert "attended" not in days


@given(
    MOMENTS,
    st.lists(st.tuples(st.sampled_from(["readiness", "interests", "other"]), st.integers(1, 2), MOMENTS), max_size=5),
    st.lists(ATTENDED, max_size=5),
    st.lists(MOMENTS, max_size=3),
    st.integers(1, 3),
    st.sampled_from(["first-round", "any-round"]),
)
@example(at("2020-11-01"), [(code, 1, at("2020-09-20")) for code in REQUIRED], [], [], 2, "first-round")
@example(at("2020-09-01"), [(code, 2, at("2020-09-20")) for code in REQUIRED], [], [at("2020-09-20")], 2, "any-round")
def test_three_services_tell_the_same_days(
    registered: datetime,
    tests: list[Test],
    activities: list[tuple[str, bool, datetime]],
    recommended: list[datetime],
    required: int,
    tested_by: str,
) -> None:
    of_family = season(trials_required=required, tested_by=tested_by, second_round={"opens": "2020-10-15"})
    rules = Rules.of(vars(of_family))
    events = _events(registered, tests, activities, recommended)
    operator = _of_operator(events, rules)
    assert operator == _of_school(events, rules)
    assert operator == _of_family(registered, tests, activities, recommended, of_family)
    assert operator["registered"] == min(operator.values())


def test_the_second_round_is_taking_part_and_counts_for_tested_where_the_season_says_so() -> None:
    second = [(code, 2, at("2020-12-01")) for code in REQUIRED]
    events = _events(at("2020-09-01"), second, [], [])
    first_round, any_round = (Rules(frozenset(REQUIRED), 2, any_round=said) for said in (False, True))
    assert _of_operator(events, first_round) == {"registered": "2020-09-01", "participated": "2020-12-01"}
    assert _of_school(events, any_round)["tested"] == "2020-12-01"
    both = _events(at("2020-09-01"), [("readiness", 1, at("2020-09-20")), *second], [], [])
    assert "tested" not in _of_school(both, first_round)
    assert _of_operator(both, any_round)["tested"] == "2020-12-01"
