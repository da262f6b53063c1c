"""Suggestions: only what admits the pupil, the best first, the same for the same facts, and each with its reasons."""

from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.catalogue.wording import Label
from services.trials.domain.path.path_parts import Attendance
from services.trials.domain.path.paths import Path
from services.trials.domain.places.needs import Need
from services.trials.domain.seats.suggestions import (
    Catalogue,
    Offer,
    Reason,
    Time,
    Traits,
    Wishes,
    liked,
    ranked,
    wishes_of,
)
from services.trials.texts import REASONS, because
from shared.contracts.venues import Environment
from tests.builders.events import at
from tests.builders.trials import season

NOW = at("2020-10-01")
HERE, NEAR, FAR = "RU-ROS-001", "RU-ROS-002", "RU-ROS-003"
ENVIRONMENTS = sorted(get_args(Environment))


def offer(**changed: Any) -> Offer:
    fields: dict[str, Any] = {
        "municipality": HERE,
        "expects": frozenset(),
        "competency": "gov",
        "kind": "trial",
        "grades": (6, 11),
        "serves": frozenset(),
        "environment": None,
        "is_online": False,
    }
    times = changed.pop("times", [Time(at("2020-10-05"), "s1")])
    return Offer(Traits(**{**fields, **changed}), times)


def catalogue(offers: Iterable[Offer]) -> Catalogue:
    found: dict[Traits, list[Offer]] = {}
    for one in offers:
        found.setdefault(one.traits, []).append(one)
    return found


def attempt(day: str, **profile: float) -> Attempt:
    return Attempt("p1/2020", day, day, "interests", b"", profile, at(day))


OFFERS = st.lists(
    st.builds(
        offer,
        municipality=st.sampled_from([HERE, NEAR, FAR]),
        expects=st.sampled_from([frozenset(), frozenset([HERE])]),
        competency=st.sampled_from(["gov", "games"]),
        kind=st.sampled_from(["trial", "museum"]),
        grades=st.sampled_from([(6, 7), (8, 11), (6, 11)]),
        serves=st.sampled_from([frozenset[str](), frozenset(["wheelchair"])]),
        environment=st.sampled_from([None, *ENVIRONMENTS]),
        is_online=st.booleans(),
        times=st.lists(
            st.builds(Time, st.integers(-3, 9).map(lambda days: NOW + timedelta(days=days)), st.uuids().map(str)),
            min_size=1,
            max_size=3,
        ).map(sorted),
    ),
    max_size=12,
)
WISHES = st.builds(
    Wishes,
    grade=st.integers(6, 11),
    municipality=st.just(HERE),
    needs=st.sampled_from([(), ("wheelchair",)]),
    likes=st.permutations(ENVIRONMENTS).map(lambda some: tuple(some[:3])),
    tried=st.sampled_from([frozenset(), frozenset(["gov"])]),
    lacks_trials=st.booleans(),
)


@given(offers=OFFERS, wishes=WISHES, seed=st.integers())
def test_only_what_admits_the_pupil_is_ranked_the_best_first_however_it_was_read(
    offers: list[Offer], wishes: Wishes, seed: int
) -> None:
    found = list(ranked(catalogue(offers), wishes, NOW))
    shuffled = list(offers)
    Random(seed).shuffle(shuffled)
    key = [(wishes.fit(one.traits), one.first(NOW)) for one in found]
    again = ranked(catalogue(shuffled), wishes, NOW)
    assert [(wishes.fit(one.traits), one.first(NOW)) for one in again] == key
    assert [fit for fit, _ in key] == sorted((fit for fit, _ in key), reverse=True)
    for one in offers:
        admitted = one.traits.grades[0] <= wishes.grade <= one.traits.grades[1]
        admitted &= set(wishes.needs) <= one.traits.serves
        assert (one in found) == (admitted and any(time.starts > NOW for time in one.times))
    for one in found:
        reasons = wishes.reasons(one.traits)
        assert len(set(reasons)) == len(reasons)
        assert not {"in-municipality", "neighbour"} <= set(reasons)
        assert ("needs-met" in reasons) == bool(wishes.needs)


def test_what_is_liked_outweighs_what_is_near_and_near_what_is_far() -> None:
    wishes = Wishes(8, HERE, likes=("smart", "safe"), tried={"gov"})
    best = offer(environment="smart", municipality=FAR)
    near, next_door, far = offer(), offer(municipality=NEAR, expects=frozenset([HERE])), offer(municipality=FAR)
    second = offer(environment="safe", municipality=NEAR, expects=frozenset([HERE]))
    assert list(ranked(catalogue([far, near, next_door, best, second]), wishes, NOW)) == [
        second,
        best,
        near,
        next_door,
        far,
    ]
    assert wishes.reasons(best.traits) == ["interest", "counts"]
    assert wishes.reasons(next_door.traits) == ["neighbour", "counts"]
    assert Wishes(8, HERE, needs=("wheelchair",), lacks_trials=False).reasons(offer(is_online=True).traits) == [
        "in-municipality",
        "online",
        "new-competency",
        "needs-met",
    ]


def test_the_last_profile_of_interests_says_what_is_liked_beside_the_rest_of_itself_alone() -> None:
    assert liked([attempt("2020-09-01", motivation=90.0, social=10.0)]) is None
    first = attempt("2020-09-01", smart=90.0, safe=10.0, social=10.0)
    last = attempt("2020-09-02", smart=20.0, safe=30.0, social=30.0, research=99.0, business=0.0)
    assert liked([last, first]) == (last, ("safe", "social", "smart"))
    assert liked([attempt("2020-09-03", smart=0.0, safe=0.0, social=0.0)]) is not None


@pytest.mark.parametrize(("kinds", "lacks"), [((), True), (("trial", "museum"), True), (("trial", "trial"), False)])
def test_a_trial_counts_until_the_season_has_its_number(kinds: tuple[str, ...], lacks: bool) -> None:
    attended = [
        Attendance.model_validate(
            {"id": f"a{n}", "time": at("2020-09-20", n), "source": "list", "booking": f"b{n}", "slot": f"s{n}"}
            | {"competency": "gov", "kind": kind}
        )
        for n, kind in enumerate(kinds)
    ]
    path = Path.new("p1", "2020").model_copy(update={"attendances": tuple(attended)})
    wishes = wishes_of(path, season(), 8, HERE)
    assert (wishes.lacks_trials, set(wishes.tried)) == (lacks, {"gov"} if kinds else set())


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    assert REASONS.keys() == set(get_args(Reason))
    assert all(words.ru and words.en for words in REASONS.values())
    told = because("interest", Label(ru="Роботы"))
    assert (told.ru, told.en) == ("Близко к тому, что тебе интересно: Роботы", "Close to what interests you: Роботы")
    assert because("counts", Label(ru="Роботы")) == REASONS["counts"]


NEEDS: tuple[Need, ...] = ("wheelchair", "assistant")


def test_all_that_is_needed_is_served_and_more_does_not_matter() -> None:
    wishes = Wishes(8, HERE, needs=NEEDS)
    assert not wishes.admit(offer(serves=frozenset(["wheelchair"])).traits)
    assert wishes.admit(offer(serves=frozenset([*NEEDS, "quiet-room"])).traits)
