"""Seasons, instruments and slots of trials, and its copies of what registration owns."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.copies.learning import learn
from services.trials.copies.participants import Participant
from services.trials.domain.calendar import seasons
from services.trials.domain.calendar.seasons import Season, SeasonRules
from services.trials.domain.catalogue.definitions import Definition
from services.trials.domain.places import venues
from services.trials.domain.places.venues import Venue, VenueEntry
from services.trials.domain.timetable.slots import Schedule, Slot, SlotOffer, open_slot
from shared.base.errors import BadInput, Conflict
from shared.contracts.event import Envelope
from shared.contracts.registration import AccountLinked, ConsentGiven, ConsentWithdrawn
from shared.programme.organisations import Organisation
from shared.storage.decision import Decision
from tests.builders.events import PLACE, ROSTOV, at, enveloped, guardian_linked, registered
from tests.builders.trials import ANSWERS, INSTRUMENT, OFFER, PROFILE, RULES, VENUE, instrument, season

TIME = at("2020-07-01")
OWNER = Organisation(
    id=VENUE, kind="college", region="RU-ROS", municipality="RU-ROS-001", utc_offset="+03:00", sequence="0000000001"
)
HOST = Venue(
    id=VENUE,
    organisation=VENUE,
    name="Колледж",
    region="RU-ROS",
    municipality="RU-ROS-001",
    seasons={"2020": "regional"},
)


def define(known: Season | None, **changed: Any) -> Decision[Season]:
    return seasons.define(known, "2020", SeasonRules.model_validate({**RULES, **changed}), TIME)


def test_a_season_changes_until_it_is_in_use() -> None:
    first = define(None)
    assert [fact.event.type for fact in first.happened] == ["season.defined.v1"]
    assert define(first.state).happened == ()
    assert define(first.state, trials_required=3).state.trials_required == 3
    used = first.state.model_copy(update={"in_use": True})
    assert define(used).happened == ()
    with pytest.raises(Conflict) as refused:
        define(used, trials_required=3)
    assert refused.value.type == "season-in-use"


@pytest.mark.parametrize(
    "changed",
    [
        {"opens": "2020-12-17"},
        {"grades": [9, 6]},
        {"grades": [0, 6]},
        {"diagnostics": []},
        {"diagnostics": ["a", "a"]},
        {"diagnostics": ["a.b"]},
        {"trials_required": 0},
        {"recommendation_gate": "never"},
    ],
)
def test_rules_that_contradict_themselves_are_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SeasonRules.model_validate({**RULES, **changed})


def test_a_venue_keeps_its_organisation_and_gathers_seasons() -> None:
    entry = VenueEntry(organisation=VENUE, name="Колледж", registry="federal", season="2021")
    decision = venues.register(HOST, VENUE, entry, OWNER, TIME)
    assert decision.state.seasons == {"2020": "regional", "2021": "federal"}
    assert venues.register(decision.state, VENUE, entry, OWNER, TIME).happened == ()
    other = entry.model_copy(update={"organisation": "other"})
    with pytest.raises(Conflict, match="belongs to"):
        venues.register(HOST, VENUE, other, OWNER, TIME)
    region = OWNER.model_copy(update={"kind": "region", "municipality": None})
    with pytest.raises(BadInput, match="organisation"):
        venues.register(None, "RU-ROS", entry, region, TIME)


def opened(known: Slot | None = None, **changed: Any) -> Decision[Slot]:
    offer = SlotOffer.model_validate({**OFFER, "ref": "r1", **changed})
    return open_slot(Schedule(HOST, season(), {"gov"}, ROSTOV), offer, known, "s1", TIME)


def test_a_slot_opens_in_local_time_and_the_same_ref_is_the_same_slot() -> None:
    decision = opened(starts_at="2020-10-05T11:00:00Z")
    (fact,) = decision.happened
    assert '"starts_at":"2020-10-05T14:00:00+03:00"' in fact.event.model_dump_json()
    taken = decision.state.with_seat_taken()
    assert opened(taken).happened == ()
    with pytest.raises(Conflict) as refused:
        opened(taken, capacity=9)
    assert refused.value.type == "ref-reused"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"competency": "unknown"}, "competency"),
        ({"starts_at": "2020-12-16T22:00:00Z"}, "starts_at"),
        ({"starts_at": "2020-07-06T20:00:00Z"}, "starts_at"),
        ({"grades": [5, 8]}, "grades"),
    ],
)
def test_a_slot_keeps_the_rules_of_its_season(changed: Mapping[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        opened(**changed)
    assert refused.value.errors[0].pointer == field


def test_the_seasons_last_local_evening_belongs_to_it() -> None:
    assert opened(starts_at="2020-12-16T20:59:00Z").state.starts_at.date().isoformat() == "2020-12-16"


def test_a_profile_is_the_percentage_of_the_attainable_points() -> None:
    known = instrument()
    assert known.score(known.encode(ANSWERS)) == PROFILE
    lowest = {"m1": "no", "m2": "yes", "p1": "no"}
    assert known.score(known.encode(lowest)) == {"motivation": 0.0, "planning": 0.0}


@given(
    points=st.lists(st.integers(-100, 100), min_size=2, max_size=6, unique=True),
    picks=st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=20),
)
def test_reversing_every_item_mirrors_the_profile(points: list[int], picks: list[tuple[int, bool]]) -> None:
    def profile(mirrored: bool) -> float:
        items = [{"code": f"i{n}", "scale": "s", "reversed": back != mirrored} for n, (_, back) in enumerate(picks)]
        options = [{"code": f"o{n}", "points": p} for n, p in enumerate(points)]
        known = instrument(scales=[{"code": "s", "name": "s"}], options=options, items=items)
        answers = {f"i{n}": f"o{pick % len(points)}" for n, (pick, _) in enumerate(picks)}
        return known.score(known.encode(answers))["s"]

    assert 0 <= profile(mirrored=False) <= 100
    assert profile(mirrored=True) == pytest.approx(100 - profile(mirrored=False), abs=0.11)


def entered(season: str, school_class: str, sequence: int) -> Envelope:
    """A roster of a season's first of September."""
    event = registered("p1", season=season, school_class=school_class, grade=int(school_class[:-1]))
    return enveloped(event, sequence, at(f"{season}-09-01"))


LATE = [
    entered("2021", "8Б", 1),
    enveloped(guardian_linked("p1", account="a1", school_class="8Б", grade=8), 2),
    entered("2020", "7А", 3),
    entered("2019", "6А", 4),
]


@given(facts=st.permutations(LATE), again=st.lists(st.sampled_from(LATE)))
def test_a_roster_that_is_entered_late_says_where_the_pupil_was_and_not_where_the_pupil_is(
    facts: list[Envelope], again: list[Envelope]
) -> None:
    pupil = told(facts + again)
    assert (pupil.school_class, pupil.grade) == ("8Б", 8)
    moved = learn(pupil, entered("2022", "9Б", 5))
    assert (moved.school_class, moved.grade) == ("9Б", 9)


def test_every_wrong_answer_is_named() -> None:
    with pytest.raises(BadInput) as refused:
        instrument().encode({"m1": "maybe", "m2": "no", "q/9": "yes"})
    assert {e.pointer: e.detail for e in refused.value.errors} == {
        "answers/m1": "no such option",
        "answers/p1": "not answered",
        "answers/q~19": "no such item",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"scales": [{"code": "motivation", "name": "x"}]},
        {"options": [{"code": "a", "points": 1}, {"code": "b", "points": 1}]},
        {"items": [{"code": "m1", "scale": "motivation"}]},
        {"items": [*INSTRUMENT["items"], INSTRUMENT["items"][0]]},
    ],
)
def test_an_instrument_that_cannot_be_scored_is_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Definition.model_validate({**INSTRUMENT, **changed})


LIFE = [
    enveloped(registered("p1"), 1),
    enveloped(ConsentGiven(**{**PLACE, "participant": "p1", "version": "1", "channel": "paper"}), 2),
    enveloped(guardian_linked("p1", account="a1"), 3),
    enveloped(ConsentWithdrawn(**{**PLACE, "participant": "p1", "school_class": "7Б"}), 4),
    enveloped(registered("p1", season="2021", school_class="8Б", grade=8), 5),
    enveloped(guardian_linked("p1", account="a2", school_class="8Б", grade=8), 6),
    enveloped(AccountLinked(**{**PLACE, "participant": "p1", "school_class": "8Б", "grade": 8, "account": "a2"}), 7),
]


def told(facts: list[Envelope]) -> Participant:
    pupil: Participant | None = None
    for fact in facts:
        pupil = learn(pupil, fact)
    assert pupil is not None
    return pupil


@given(facts=st.permutations(LIFE), again=st.lists(st.sampled_from(LIFE)))
def test_a_copy_is_the_same_in_whatever_order_and_however_often_it_is_told(
    facts: list[Envelope], again: list[Envelope]
) -> None:
    pupil, straight = told(facts + again), told(LIFE)
    assert pupil.model_copy(update={"accounts": set(pupil.accounts)}) == straight.model_copy(
        update={"accounts": set(straight.accounts)}
    )
    assert (pupil.school_class, pupil.grade, pupil.consent) == ("8Б", 8, False)
    assert set(pupil.seasons) == {"2020", "2021"}
    linked = {(link.account, link.role) for link in pupil.accounts}
    assert linked == {("a1", "guardian"), ("a2", "guardian"), ("a2", "pupil")}


def test_what_is_known_already_changes_nothing() -> None:
    pupil = told(LIFE)
    assert all(learn(pupil, fact) is pupil for fact in LIFE)
