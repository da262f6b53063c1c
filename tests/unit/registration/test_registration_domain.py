"""Registration decides: who may be entered, what happens once only, and what never changes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registration.answers.progress import Progress, SeasonView
from services.registration.api.rosters import Roster
from services.registration.codes import LENGTH
from services.registration.copies.steps import Steps, step
from services.registration.domain.consents import (
    CONSENTS_WITHIN,
    MOST_CONSENTS,
    ConsentRequest,
    give_consent,
    withdraw_consent,
)
from services.registration.domain.definitions import define
from services.registration.domain.links import link_account, link_guardian
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Consent, Participant
from shared.base.errors import BadInput, Conflict
from shared.contracts.event import Event
from shared.programme.stages import Rules
from shared.storage.decision import Decision
from shared.storage.namesakes import must_be_own, namesakes
from tests.builders.events import at, attended, diagnosed, enveloped, recommended, revoked
from tests.builders.organisations import MUNICIPALITY, REGION, definition
from tests.builders.registration import CODES, NOW, entered, pupil, roster
from tests.drivers.told import events, pointers


def participant(**changed: Any) -> Participant:
    return entered(pupil()).decisions[0].state.model_copy(update=changed)


def consent(version: str = "2020-1", day: str = "2020-09-10", guardian: str = "id1") -> Consent:
    return Consent(version=version, channel="paper", given_at=at(day), guardian=guardian)


def test_an_organisation_happens_once_and_again_only_when_it_changes() -> None:
    first = define(None, "S1", definition(), MUNICIPALITY, NOW)
    assert events(first) == ["organisation.defined.v1"]
    assert (first.state.region, first.state.municipality, first.state.utc_offset) == ("RU-ROS", "RU-ROS-001", "+03:00")
    stored = first.state.model_copy(update={"sequence": 1})
    assert define(stored, "S1", definition(), MUNICIPALITY, NOW) == Decision(stored)
    renamed = define(stored, "S1", definition(name="Лицей № 1"), MUNICIPALITY, NOW)
    assert events(renamed) == ["organisation.defined.v1"]
    assert (renamed.state.name, renamed.state.sequence) == ("Лицей № 1", 1)


@pytest.mark.parametrize(
    ("changed", "parent", "pointer"),
    [
        ({}, None, "parent"),
        ({}, REGION, "parent"),
        ({"kind": "municipality"}, MUNICIPALITY, "parent"),
        ({"kind": "region"}, None, "parent"),
        ({"kind": "region", "parent": "RU"}, None, "utc_offset"),
        ({"utc_offset": "+07:00"}, MUNICIPALITY, "utc_offset"),
        ({"kind": "college", "level": "main"}, MUNICIPALITY, "level"),
        ({"occurred_at": NOW + timedelta(seconds=1)}, MUNICIPALITY, "occurred_at"),
    ],
)
def test_an_organisation_that_does_not_fit_is_refused_by_field(
    changed: dict[str, Any], parent: Organisation | None, pointer: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        define(None, "S1", definition(**changed), parent, NOW)
    assert [error.pointer for error in refusal.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("RU-ROS-001", True),
        ("RU-ROS-001-S01", True),
        ("S9", True),
        ("RU-ROSTOV", False),
        ("RU-MOW", False),
        ("RU-TST-001", False),
        ("OLD-001", False),
        ("RU-ROS-NEW-001", False),
        ("ru-ros-001", True),
        ("ru-mow-001", False),
        ("Ru-Mow", False),
        ("ru-tst-001", False),
        ("old-001", False),
        ("RU-ROS-new-001", False),
        ("ru", False),
    ],
)
def test_a_region_s_operator_enters_no_code_in_another_region_s_name(code: str, fits: bool) -> None:
    named = [name.upper() for name in namesakes(code)]
    known = {region for region in ("RU-ROS", "RU-TST", "OLD", "RU-ROS-NEW") if region in named}
    if fits:
        must_be_own(code, "RU-ROS", known)
        return
    with pytest.raises(BadInput) as refusal:
        must_be_own(code, "RU-ROS", known)
    assert [error.pointer for error in refusal.value.errors] == ["code"]


@pytest.mark.parametrize("kind", ["region", "municipality", "school"])
def test_the_nation_s_code_is_nobody_s(kind: str) -> None:
    for parent in (REGION, MUNICIPALITY):
        with pytest.raises(BadInput) as refusal:
            define(None, "RU", definition(kind=kind, parent="RU", utc_offset="+03:00"), parent, NOW)
        assert [error.pointer for error in refusal.value.errors] == ["code"]


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1999-12-31T00:00:00Z", "2101-01-01T00:00:00Z"]
)
def test_a_time_that_staff_give_is_of_this_century(time: str) -> None:
    with pytest.raises(ValidationError, match="2000 to 2100"):
        definition(occurred_at=time)
    with pytest.raises(ValidationError, match="2000 to 2100"):
        ConsentRequest.model_validate({"version": "1", "channel": "paper", "given_at": time})
    with pytest.raises(ValidationError, match="2000 to 2100"):
        Roster.model_validate(roster([pupil()], occurred_at=time))
    (item,) = entered(pupil(consent={"version": "1", "given_at": time, "channel": "paper"})).items
    assert item.problem is not None
    assert pointers(item.problem) == ["/pupils/0/consent/given_at"]


def test_kind_and_parent_of_an_organisation_never_change_by_a_definition() -> None:
    stored = define(None, "S1", definition(), MUNICIPALITY, NOW).state
    elsewhere = MUNICIPALITY.model_copy(update={"id": "RU-ROS-002"})
    changes = (({"kind": "college"}, MUNICIPALITY, "cannot change"), ({"parent": "RU-ROS-002"}, elsewhere, "by a move"))
    for changed, parent, why in changes:
        with pytest.raises(Conflict, match=why):
            define(stored, "S1", definition(**changed), parent, NOW)


def test_a_consent_is_in_force_until_withdrawn_and_its_giver_stays_on_record() -> None:
    first = give_consent(participant(consents=()), consent())
    assert events(first) == ["consent.given.v1"]
    assert give_consent(first.state, consent(day="2020-09-12")) == Decision(first.state)
    assert give_consent(first.state, consent("2019-1", "2020-09-09")) == Decision(first.state)
    ended = withdraw_consent(first.state, at("2020-10-01"))
    assert events(ended) == ["consent.withdrawn.v1"]
    assert (ended.state.consent, ended.state.consents[0].guardian) == (None, "id1")
    assert withdraw_consent(ended.state, at("2020-10-02")) == Decision(ended.state)
    with pytest.raises(Conflict, match="withdrawn"):
        give_consent(ended.state, consent("2020-2", "2020-09-30"))
    assert give_consent(ended.state, consent(day="2020-10-02")).state.consent is not None
    with pytest.raises(BadInput, match="before"):
        withdraw_consent(first.state, at("2020-09-09"))


def test_consents_that_are_given_and_taken_back_all_day_long_come_to_an_end() -> None:
    """What is kept of them would fill the pupil's documents here and in trials. Taking back is never refused."""
    state, begin = participant(consents=()), at("2020-09-10")

    def consented(days: float) -> Participant:
        return give_consent(state, consent().model_copy(update={"given_at": begin + timedelta(days=days)})).state

    for number in range(MOST_CONSENTS):
        state = withdraw_consent(consented(number), begin + timedelta(days=number, hours=1)).state
    with pytest.raises(Conflict) as refusal:
        consented(MOST_CONSENTS)
    assert refusal.value.type == "too-many-consents"
    last = CONSENTS_WITHIN.days
    with pytest.raises(Conflict, match="within 30 days"):
        consented(last - 0.1)
    assert consented(last).consent is not None


@pytest.mark.parametrize(
    "link",
    [
        lambda state, account: link_guardian(state, "id1", account, NOW),
        lambda state, account: link_account(state, account, NOW),
    ],
)
def test_a_link_happens_once_and_never_to_two_accounts(
    link: Callable[[Participant, str], Decision[Participant]],
) -> None:
    first = link(participant(), "one")
    assert len(first.happened) == 1
    assert link(first.state, "one") == Decision(first.state)
    with pytest.raises(Conflict, match="another account") as refusal:
        link(first.state, "two")
    assert refusal.value.type == "code-redeemed"


def test_a_code_is_told_by_its_participant_and_guardian() -> None:
    text = CODES.text("p1", "g1")
    assert len(text) == LENGTH
    assert text.isalnum()
    assert text == text.upper()
    assert len({text, CODES.text("p1"), CODES.text("p1", "g2"), CODES.text("p2", "g1")}) == 4


STEPS = [
    diagnosed(),
    attended(),
    attended(slot="s2", kind="excursion"),
    attended(slot="s3"),
    revoked(slot="s3"),
    recommended(),
]


@given(st.lists(st.sampled_from(STEPS), max_size=6).flatmap(lambda more: st.permutations([*STEPS, *more])))
def test_progress_is_the_same_in_any_order_and_however_often(order: list[Event]) -> None:
    sets: dict[str, list[Any]] = {}
    for event in order:
        found = step(enveloped(event))
        assert found is not None
        known = sets.setdefault(found[0], [])
        known += [] if found[1] in known else [found[1]]
    id, rules = participant().id, Rules(frozenset({"readiness"}), 1)
    progress = Progress({f"{id}/2020": Steps.of(sets)}, {"2020": rules}, {"2020": "Сезон 2020"})
    view = SeasonView.of(participant(), "2020", progress)
    assert view.season_name == "Сезон 2020"
    assert (view.diagnostics, view.trials, view.activities, view.recommended) == (["readiness"], 1, 1, True)
    assert view.stages is not None
    assert view.stages.completed is not None
