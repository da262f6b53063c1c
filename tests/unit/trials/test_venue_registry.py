"""Venues in the registry of a season: what they say of themselves, who asked and who decided."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.domain.path import restoring
from services.trials.domain.places import applications, venues
from services.trials.domain.places.applications import (
    MOST_ASKED,
    MOST_STEPS,
    Application,
    HistoryStep,
    RegistryDecision,
    application_id,
)
from services.trials.domain.places.venue_terms import VenueTerms
from services.trials.domain.places.venues import Venue, VenueEntry
from services.trials.domain.timetable.slots import Schedule, Slot, SlotOffer, open_slot
from shared.base.errors import BadInput, Conflict
from shared.contracts.venues import VenueRegistered, VenueWithdrawn
from shared.identity.acting import Actor
from shared.programme.organisations import Organisation
from shared.storage.decision import Decision
from tests.builders.events import ROSTOV, at
from tests.builders.trials import OFFER, VENUE, season

TIME = at("2020-07-01")
OPERATOR = Actor("a1", ("regional-operator",), "POST /trials/venues/{code}/applications")
OWNER = Organisation(
    id=VENUE, kind="college", region="RU-ROS", municipality="RU-ROS-001", utc_offset="+03:00", sequence="0000000001"
)
TERMS: Mapping[str, Any] = {
    "grades": [8, 9],
    "accessibility": ["wheelchair", "quiet-room"],
    "capacity": 12,
    "expects": ["RU-ROS-002"],
    "contact": "дежурный администратор",
    "address": {"municipality": "RU-ROS-002", "line": "г. Азов, ул. Мира, 1"},
}


def entry(**changed: Any) -> VenueEntry:
    said = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": "2020", **changed}
    return VenueEntry.model_validate(said)


def entered(known: Venue | None = None, **changed: Any) -> Decision[Venue]:
    return venues.register(known, VENUE, entry(**changed), OWNER, TIME)


def test_a_venue_says_of_itself_what_its_event_tells_but_for_who_answers_there() -> None:
    decision = entered(**TERMS)
    (fact,) = decision.happened
    event = fact.event
    assert isinstance(event, VenueRegistered)
    assert (event.grades, event.accessibility, event.capacity) == ((8, 9), ("wheelchair", "quiet-room"), 12)
    assert event.expects == ("RU-ROS-002",)
    assert restoring.terms(event, decision.state.terms_in("2020")) == decision.state.terms_in("2020")
    assert (event.address, event.address_municipality) == ("г. Азов, ул. Мира, 1", "RU-ROS-002")
    assert "администратор" not in event.model_dump_json()
    assert decision.state.terms_in("2020").contact == "дежурный администратор"
    assert entered(decision.state, **TERMS).happened == ()


def test_a_venue_of_an_earlier_release_has_said_nothing_and_is_entered_again_without_news() -> None:
    old = Venue.model_validate(
        {
            "id": VENUE,
            "sequence": 1,
            "organisation": VENUE,
            "name": "Колледж",
            "region": "RU-ROS",
            "municipality": "RU-ROS-001",
            "seasons": {"2020": "regional"},
        }
    )
    assert old.terms_in("2020") == VenueTerms()
    assert entered(old).happened == ()


def test_a_venue_says_something_else_in_every_season() -> None:
    decision = entered(entered(**TERMS).state, season="2021", capacity=30)
    assert decision.state.terms_in("2020").capacity == 12
    assert decision.state.terms_in("2021") == VenueTerms(capacity=30)
    assert entered(decision.state).state.terms_in("2020") == VenueTerms(), "an entry is taken as a whole"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"accessibility": ["ramp"]}, "/accessibility/0"),
        ({"accessibility": ["wheelchair", "wheelchair"]}, "/accessibility"),
        ({"grades": [9, 8]}, "/grades"),
        ({"capacity": 0}, "/capacity"),
        ({"contact": "Администратор, +7 (863) 222-33-44"}, "/contact"),
        ({"contact": "Администратор 22-33-44"}, "/contact"),
        ({"contact": "admin@example.org"}, "/contact"),
        ({"contact": "12-34"}, "/contact"),
        ({"address": {"line": "ул. Мира"}}, "/address/municipality"),
        ({"address": {"municipality": "RU-ROS-001", "line": "ул. Мира", "phone": "1"}}, "/address/phone"),
    ],
)
def test_what_a_venue_cannot_say_is_refused_by_its_field(said: Mapping[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        entry(**said)
    assert BadInput.invalid(refused.value).errors[0].pointer == field


@pytest.mark.parametrize("role", ["Заместитель директора по УВР", "Администратор, каб. 215", "Вахта (корпус 12)"])
def test_a_role_may_name_a_room(role: str) -> None:
    assert entry(contact=role).contact == role


def opened(venue: Venue, **changed: Any) -> Decision[Slot]:
    offer = SlotOffer.model_validate({**OFFER, "grades": [8, 9], **changed})
    return open_slot(Schedule(venue, season(), {"gov"}, ROSTOV), offer, None, "s1", TIME)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"grades": [7, 9]}, "grades"),
        ({"grades": [8, 10]}, "grades"),
        ({"capacity": 13}, "capacity"),
        ({"accessibility": ["wheelchair", "sign-language"]}, "accessibility"),
        ({"accessibility": ["hearing"]}, "accessibility"),
    ],
)
def test_a_slot_stays_within_what_its_venue_has_said(changed: Mapping[str, Any], field: str) -> None:
    venue = entered(**TERMS).state
    assert opened(venue, capacity=12, accessibility=["quiet-room"]).happened
    assert opened(entered().state, **changed).happened, "what a venue has not said binds no slot"
    with pytest.raises(BadInput) as refused:
        opened(venue, **changed)
    assert refused.value.errors[0].pointer == field


def test_a_venue_that_says_it_serves_no_need_has_no_slot_that_does() -> None:
    with pytest.raises(BadInput, match="assistant"):
        opened(entered(accessibility=[]).state, accessibility=["assistant"])


def test_a_venue_that_is_withdrawn_leaves_that_season_alone() -> None:
    venue = entered(entered(**TERMS).state, season="2021").state
    decision = venues.withdraw(venue, "2020", TIME)
    (fact,) = decision.happened
    assert isinstance(fact.event, VenueWithdrawn)
    assert (decision.state.seasons, decision.state.terms) == ({"2021": "regional"}, {})
    assert venues.withdraw(decision.state, "2020", TIME).happened == ()


def step(state: Any, reason: str | None = None) -> HistoryStep:
    return HistoryStep.new(state, "regional", TIME, OPERATOR, reason)


def wanted(known: Application | None = None, **changed: Any) -> Application:
    return applications.asked_for(known, VENUE, entry(**changed), OWNER)


def asked(known: Application | None = None, **changed: Any) -> Application:
    return applications.ask(known, wanted(known, **changed), step("asked"))


def test_the_same_application_again_is_the_same_until_it_is_refused() -> None:
    first = asked()
    assert (first.state, [taken.account for taken in first.history]) == ("asked", ["a1"])
    assert asked(first) == first
    assert asked(first, capacity=5).history[1:] != ()
    approved = first.gone_on(step("approved"))
    assert asked(approved) == approved
    refused = first.gone_on(step("refused", "нет лицензии"))
    assert [taken.state for taken in asked(refused).history] == ["asked", "refused", "asked"]


def test_another_organisation_cannot_apply_with_the_same_code() -> None:
    other = wanted(organisation="RU-ROS-001-V09")
    with pytest.raises(Conflict) as refused:
        applications.ask(asked(), other, step("asked"))
    assert refused.value.type == "venue-taken"


def test_a_code_whose_application_was_refused_is_another_organisation_s_to_ask_for() -> None:
    refused = asked().gone_on(step("refused", "нет лицензии"))
    other = wanted(refused, organisation="RU-ROS-001-V09")
    anew = applications.ask(refused, other, step("asked"))
    assert (anew.organisation, [taken.state for taken in anew.history]) == ("RU-ROS-001-V09", ["asked"])


def test_what_is_asked_for_is_what_is_entered() -> None:
    assert asked(**TERMS).entry == entry(**TERMS)


def test_a_refusal_needs_a_reason_and_what_is_not_asked_for_is_not_decided() -> None:
    with pytest.raises(BadInput, match="reason"):
        applications.must_be_reasoned(RegistryDecision(approved=False))
    yes, no = RegistryDecision(approved=True), RegistryDecision(approved=False, reason="нет лицензии")
    application = asked()
    assert not applications.is_decided(application, yes)
    refused = application.gone_on(step("refused"))
    assert applications.is_decided(refused, no)
    with pytest.raises(Conflict) as late:
        applications.is_decided(refused, yes)
    assert late.value.type == "not-asked"


def test_an_application_of_before_is_that_of_the_registry() -> None:
    known = applications.of_venue(entered(**TERMS).state, "2020")
    assert (known.id, known.state, known.history) == (application_id(VENUE, "2020"), "approved", ())
    assert known.entry == entry(**TERMS)


COMMANDS: Mapping[str, Callable[[Application], Application]] = {
    "ask": asked,
    "ask for more": lambda known: asked(known, capacity=7),
    "approve": lambda known: known if known.state == "approved" else known.gone_on(step("approved")),
    "refuse": lambda known: known if known.state == "refused" else known.gone_on(step("refused", "нет")),
    "withdraw": lambda known: known if known.state == "withdrawn" else known.gone_on(step("withdrawn", "нет")),
}


@given(st.lists(st.sampled_from(sorted(COMMANDS)), max_size=300))
def test_a_history_ends_where_the_application_stands_and_stays_short(commands: list[str]) -> None:
    application = asked()
    for name in commands:
        if sum(taken.state == "asked" for taken in application.history) < MOST_ASKED or not name.startswith("ask"):
            application = COMMANDS[name](application)
            assert COMMANDS[name](application) == application, "the same again changes nothing"
        assert application.state == application.history[-1].state
        assert sum(taken.state == "asked" for taken in application.history) <= MOST_ASKED
        assert len(application.history) <= MOST_STEPS


def test_a_venue_asks_no_more_than_so_often() -> None:
    application = asked()
    for capacity in range(1, MOST_ASKED):
        application = asked(application, capacity=capacity)
    with pytest.raises(Conflict) as refused:
        asked(application, capacity=MOST_ASKED)
    assert refused.value.type == "too-many-applications"
