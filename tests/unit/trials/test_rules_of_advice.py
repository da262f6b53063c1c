"""The recommendation is a function of what stands: of attended trials and the last profiles, by rules that are data."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path import steps
from services.trials.domain.path.advice import UNWRITTEN, AdviceRules, define
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.paths import Path
from services.trials.domain.path.recommending import Causes, Profiles, recommend
from shared.base.errors import Conflict
from shared.contracts.trials import RecommendationIssued, RecommendationWithdrawn
from shared.storage.decision import Decision
from tests.builders.advice import ADVICE, RULES
from tests.builders.events import at
from tests.builders.trials import pupil, season
from tests.builders.walks import booked, ids, trial

PLACES = [
    trial(f"2020-10-1{n}", competency=code, kind="excursion" if n == 4 else "trial")
    for n, code in enumerate(("gov", "games", "law", "gov", "craft"))
]
PROFILES: Sequence[Mapping[str, float]] = ({"people": 70, "things": 20}, {"people": 10, "things": 90}, {"people": 0})


def expected(gate_is_open: bool, attended: Iterable[int], profile: Mapping[str, float]) -> tuple[str, ...] | None:
    """What is to be recommended, spelt out for the rules of the tests alone."""
    if not gate_is_open:
        return None
    order = [PLACES[n].competency for n in sorted(attended, reverse=True)]
    tried = {PLACES[n].competency for n in attended if PLACES[n].kind == "trial"}
    points = {code: 3 for code in tried} | {code: 1 for code in order if code not in tried}
    highest = max(profile.values(), default=0)
    if highest and profile.get("people", 0) == highest:
        points |= {code: points.get(code, 0) + 2 for code in ("law", "medicine")}
    if highest and profile.get("things", 0) == highest:
        points["craft"] = points.get("craft", 0) + 5
    latest = [code for code in order if code in tried] + [code for code in order if code not in tried]
    return tuple(
        sorted(points, key=lambda code: (-points[code], latest.index(code) if code in latest else 99, code))[:3]
    )


class Walk:
    """A path whose pupil sits, attends, and has attendances revoked."""

    def __init__(self, **rules: Any) -> None:
        self.gate = SeasonGate(season(**rules), ids(), ADVICE, Profiles({}))
        self.path = Path.new("p1", "2020")
        self.told: list[object] = []
        for place in PLACES:
            self.path = booked(self.path, place)

    def sit(self, diagnostic: str, profile: Mapping[str, float], minutes: int = 0) -> None:
        ref = f"{len(self.path.attempts)}"
        time = at("2020-09-14") + timedelta(minutes=minutes)
        attempt = Attempt(self.path.id, ref, f"a{ref}", diagnostic, b"", profile, time)
        self.gate.profiles.add(attempt)
        self._keep(steps.complete(self.path, pupil(), attempt, self.gate))

    def attend(self, n: int) -> None:
        booking = self.path.live_booking(PLACES[n].id)
        assert booking is not None
        time = booking.starts_at + timedelta(minutes=5)
        self._keep(steps.attend(self.path, pupil(), booking, "qr", time, self.gate))

    def revoke(self, n: int) -> None:
        mistake = next(a.id for a in self.path.attended if a.slot == PLACES[n].id)
        self._keep(steps.revoke(self.path, pupil(), mistake, "ошибка", at("2020-12-01"), self.gate))

    def _keep(self, decision: Decision[Path]) -> None:
        self.path = decision.state
        self.told += [fact.event for fact in decision.happened]
        times = [fact.time for fact in decision.happened if isinstance(fact.event, RecommendationIssued)]
        assert times in ([], [self.gate.opened_at(self.path)]), "of the gate's opening, in each revision"

    @property
    def issued(self) -> list[RecommendationIssued]:
        return [event for event in self.told if isinstance(event, RecommendationIssued)]

    @property
    def withdrawn(self) -> list[RecommendationWithdrawn]:
        return [event for event in self.told if isinstance(event, RecommendationWithdrawn)]


@given(
    acts=st.lists(st.tuples(st.sampled_from(["sit", "attend", "attend", "revoke"]), st.integers(0, 4)), max_size=25),
    required=st.integers(1, 3),
    gate=st.sampled_from(["after-all-stages", "after-diagnostics"]),
)
def test_what_is_recommended_follows_from_what_stands_and_from_nothing_else(
    acts: list[tuple[str, int]], required: int, gate: str
) -> None:
    walk = Walk(trials_required=required, recommendation_gate=gate)
    sat, present = set[str](), set[int]()
    profile: Mapping[str, float] = {}
    for number, (act, n) in enumerate(acts):
        if act == "sit":
            diagnostic = ("readiness", "interests")[n % 2]
            sat.add(diagnostic)
            walk.sit(diagnostic, PROFILES[n % 3], number)
            profile = PROFILES[n % 3] if diagnostic == "interests" else profile
        elif act == "attend":
            walk.attend(n)
            present.add(n)
        elif n in present:
            walk.revoke(n)
            present.remove(n)
        trials = sum(PLACES[n].kind == "trial" for n in present)
        is_open = len(sat) == 2 and (gate == "after-diagnostics" or trials >= required)
        in_force = walk.path.in_force
        assert (in_force and in_force.competencies) == expected(is_open, present, profile)
        assert [event.revision for event in walk.issued] == [n + 1 for n in range(len(walk.issued))]
        gone = {event.recommendation for event in walk.withdrawn}
        standing = [event for event in walk.issued if event.recommendation not in gone]
        assert [event.recommendation for event in standing] == ([in_force.id] if in_force else [])


def test_a_new_trial_brings_a_new_revision_and_the_one_before_says_that_it_is_replaced() -> None:
    walk = Walk(recommendation_gate="after-diagnostics")
    walk.sit("readiness", {})
    walk.sit("interests", PROFILES[0])
    walk.attend(0)
    first, second = walk.issued
    assert (first.competencies, first.revision, first.revised_at) == (("law", "medicine"), 1, None)
    assert (second.competencies, second.revision) == (("gov", "law", "medicine"), 2)
    assert second.revised_at == PLACES[0].starts_at + timedelta(minutes=5)
    assert [(event.recommendation, event.replaced) for event in walk.withdrawn] == [(first.recommendation, True)]


def test_a_gate_that_closes_replaces_nothing() -> None:
    walk = Walk(trials_required=1)
    walk.sit("readiness", {})
    walk.sit("interests", PROFILES[2])
    walk.attend(0)
    walk.revoke(0)
    assert [event.replaced for event in walk.withdrawn] == [False]
    walk.attend(1)
    assert [event.revision for event in walk.issued] == [1, 2]


def test_profiles_that_are_lost_take_nothing_back_that_may_rest_on_them() -> None:
    walk = Walk(trials_required=1)
    walk.sit("readiness", {})
    walk.sit("interests", PROFILES[0])
    walk.attend(0)
    lost = SeasonGate(walk.gate.season, ids(), ADVICE, Profiles({}))
    assert lost.settle(Decision(walk.path), pupil(), at("2020-12-05")).happened == ()
    walk.gate = lost
    walk.revoke(0)
    assert walk.path.in_force is None


def test_professions_rest_on_what_is_recommended_and_what_is_next_was_never_tried() -> None:
    said = recommend(ADVICE, Causes(tried=["gov"], profiles={"interests": PROFILES[0]}))
    rests = [("clerk", ("gov", "law")), ("nurse", ("medicine",))]
    assert [(one.code, one.because) for one in said.professions] == rests
    assert [one.code for one in said.untried] == ["law", "medicine"]
    assert [one.because for one in said.ranked] == [("tried",), ("people",), ("people",)]


def test_without_rules_what_was_tried_comes_first_and_the_latest_before_others() -> None:
    said = recommend(UNWRITTEN, Causes(tried=["games", "gov"], visited=["law", "craft"]))
    assert said.competencies == ("games", "gov", "law")
    assert (said.untried, said.professions) == ([], [])


def test_rules_of_a_season_in_use_come_once() -> None:
    rules = AdviceRules.model_validate(RULES)
    said = define(None, rules, in_use=True)
    assert define(said, rules, in_use=True) == said
    other = AdviceRules.model_validate({"grounds": RULES["grounds"][:1]})
    assert define(said, other, in_use=False) != said
    with pytest.raises(Conflict):
        define(said, other, in_use=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"grounds": []},
        {"grounds": [RULES["grounds"][0], RULES["grounds"][0]]},
        {"grounds": [{**RULES["grounds"][2], "highest": 0}]},
        {"grounds": [{**RULES["grounds"][0], "kind": "guessed"}]},
        {"professions": [{"code": "clerk", "name": "Юрист", "competencies": []}]},
    ],
)
def test_rules_that_say_nothing_sensible_are_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AdviceRules.model_validate({**RULES, **changed})
