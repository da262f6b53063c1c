"""Family, school and operator see the same stages of a pupil on the same days, whatever happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.analytics.enrolments import stage_days
from services.analytics.facts import Pupil, learn
from services.registration.copies.steps import Steps, step
from services.trials.domain.path_parts import Attendance, Recommendation
from services.trials.domain.paths import Path, stages
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


def _events(
    registered: datetime,
    tests: Sequence[tuple[str, datetime]],
    activities: Sequence[tuple[str, bool, datetime]],
    recommended: Sequence[datetime],
) -> list[Envelope]:
    """What was published: of the recommendations all but the last were withdrawn."""
    facts = [enveloped(builders.registered(), time=registered)]
    for n, (code, time) in enumerate(tests):
        facts.append(enveloped(builders.diagnosed(diagnostic=code, attempt=f"a{n}"), time=time))
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
    tests: Sequence[tuple[str, datetime]],
    activities: Sequence[tuple[str, bool, datetime]],
    recommended: Sequence[datetime],
    required: int,
) -> Mapping[str, str]:
    path = Path.new("p1", "2020").model_copy(
        update={
            "diagnostics": {code: min(t for c, t in tests if c == code) for code, _ in tests},
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
    return _days(stages(path, season(trials_required=required), registered))


def _days(reached: Stages) -> Mapping[str, str]:
    times = {name: getattr(reached, name) for name in STAGES}
    return {name: time.date().isoformat() for name, time in times.items() if time is not None}


def test_a_season_that_asks_for_no_trial_is_completed_with_the_recommendation() -> None:
    """Trials defines none, but what another client publishes must not end who folds it."""
    tests = [("readiness", at("2020-09-10")), ("interests", at("2020-09-12"))]
    events = _events(at("2020-09-01"), tests, [], [at("2020-09-12")])
    for required in (0, -1):
        days = _of_operator(events, Rules(frozenset(season().diagnostics), required))
        assert days["completed"] == days["recommended"] == "2020-09-12"
        assert "attended" not in days


@given(
    MOMENTS,
    st.lists(st.tuples(st.sampled_from(["readiness", "interests", "other"]), MOMENTS), max_size=5),
    st.lists(ATTENDED, max_size=5),
    st.lists(MOMENTS, max_size=3),
    st.integers(1, 3),
)
@example(at("2020-11-01"), [("readiness", at("2020-09-20")), ("interests", at("2020-09-20"))], [], [], 2)
def test_three_services_tell_the_same_days(
    registered: datetime,
    tests: list[tuple[str, datetime]],
    activities: list[tuple[str, bool, datetime]],
    recommended: list[datetime],
    required: int,
) -> None:
    rules = Rules(frozenset(season().diagnostics), required)
    events = _events(registered, tests, activities, recommended)
    operator = _of_operator(events, rules)
    assert operator == _of_school(events, rules)
    assert operator == _of_family(registered, tests, activities, recommended, required)
    assert operator["registered"] == min(operator.values())
