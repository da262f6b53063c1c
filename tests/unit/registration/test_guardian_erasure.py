"""What is left of an erased guardian: children with consents in force, and an act that waits for each of them."""

from itertools import permutations

import pytest

from services.registration.domain.caller import Caller
from services.registration.domain.erasure import Act, Cleared, Service, erase
from services.registration.domain.guardians import (
    common,
    consents_of,
    forget_guardian,
    has_guardian,
    must_reach_all,
)
from services.registration.domain.links import link_guardian
from services.registration.domain.merges import merge, unmerge
from services.registration.domain.participants import Participant
from services.registration.domain.placements import Place
from shared.base.errors import Forbidden, NotFound
from shared.contracts.guardians import GuardianErased
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.builders.events import at
from tests.builders.registration import CODES, NOW, entered, pupil
from tests.drivers.told import events

MOTHER = Principal("s", "mother", (Grant("guardian"),))
HERE = Place(region="RU-ROS", municipality="RU-ROS-001", school="S1", school_class="7А", grade=7, utc_offset="+03:00")


def linked(ref: str = "Ключ-1") -> Participant:
    state = entered(pupil(ref)).decisions[0].state
    return link_guardian(state, state.guardians[0], "mother", NOW).state


def operator(org: str) -> Principal:
    roles = {"RU": "national-operator", "RU-ROS": "regional-operator"}
    return Principal("s", "x", (Grant(roles.get(org, "municipal-operator"), org),))  # type: ignore[arg-type]


def test_a_child_goes_on_without_the_guardian_and_with_the_consent() -> None:
    before = linked()
    (guardian,) = before.guardians
    decision = forget_guardian(before.issued_anew(guardian).without_code(guardian), guardian, "act-1", NOW)
    (told,) = decision.happened
    assert isinstance(told.event, GuardianErased)
    assert (told.event.guardian, told.event.account, told.event.act) == (guardian, "mother", "act-1")
    assert (told.time.utcoffset(), events(decision)) == (NOW.utcoffset(), ["guardian.erased.v1"])
    after = decision.state
    for person in (guardian, "mother"):
        assert person not in repr(after)
    assert after.consent is not None
    assert (after.consent.version, after.consent.given_at) == ("2020-1", at("2020-09-01", 12))
    assert after.with_codes(CODES, NOW, NOW).codes == after.codes, "nothing is handed out for her any more"
    assert Caller(MOTHER).guardian_of(after) is None
    assert not has_guardian(after, guardian)


def test_an_entry_that_was_merged_forgets_her_too_and_can_be_parted() -> None:
    survivor, duplicate = linked("Ключ-1"), linked("Ключ-2").model_copy(update={"id": "again", "guardians": ("g2",)})
    duplicate = duplicate.model_copy(
        update={
            "linked": {"g2": "mother"},
            "consents": tuple(c.model_copy(update={"guardian": "g2"}) for c in duplicate.consents),
            "codes": (),
        }
    )
    survivor = survivor.model_copy(update={"consents": ()})
    pair = merge(survivor, duplicate, {}, NOW)
    assert [consent.guardian for consent in consents_of(pair.duplicate.state, "g2")] == ["g2"]
    kept, gone = (forget_guardian(half.state, "g2", "act-1", NOW) for half in pair)
    assert [told.event.account for half in (kept, gone) for told in half.happened] == ["mother", "mother"]  # type: ignore[attr-defined]
    assert not has_guardian(kept.state, "g2")
    assert not has_guardian(gone.state, "g2")
    parted = unmerge(kept.state, gone.state, NOW)
    assert "g2" not in repr(parted)
    assert parted.duplicate.state.consent is not None
    assert parted.survivor.state.consent is None, "what was taken on is given back, though nobody is named in it"


def test_a_guardian_who_has_no_other_child_is_told_of_before_the_pupil() -> None:
    before = linked()
    decision = erase(before, "act-1", NOW, before.guardians)
    assert events(decision) == ["guardian.erased.v1", "participant.erased.v1"]


def test_only_who_has_all_her_children_may_erase_her_and_others_are_told_who() -> None:
    away = HERE.model_copy(update={"municipality": "RU-ROS-002", "school": "S2"})
    abroad = away.model_copy(update={"region": "RU-AMU", "utc_offset": "+09:00"})
    must_reach_all(operator("RU-ROS-001"), [HERE, HERE])
    must_reach_all(operator("RU-ROS"), [HERE, away])
    must_reach_all(operator("RU"), [HERE, abroad])
    with pytest.raises(NotFound):
        must_reach_all(operator("RU-AMU"), [HERE, away])
    for who, places, may in (
        ("RU-ROS-001", [HERE, away], "region RU-ROS"),
        ("RU-ROS", [HERE, abroad], "national"),
    ):
        with pytest.raises(Forbidden, match=may) as refused:
            must_reach_all(operator(who), places)
        assert refused.value.type == "children-elsewhere"


def test_an_act_is_of_the_area_that_has_all_children() -> None:
    def area(*places: Place) -> tuple[str, str, str]:
        found = common(places)
        return found.region, found.municipality, found.school

    beside = HERE.model_copy(update={"school": "S2"})
    town = HERE.model_copy(update={"municipality": "RU-ROS-002"})
    assert area(HERE, HERE) == ("RU-ROS", "RU-ROS-001", "S1")
    assert area(HERE, beside) == ("RU-ROS", "RU-ROS-001", "")
    assert area(HERE, town) == ("RU-ROS", "", "")
    assert area(HERE, town.model_copy(update={"region": "RU-AMU"})) == ("", "", "")


ANSWERS: tuple[tuple[str, Service], ...] = (
    ("one", "trials"),
    ("two", "trials"),
    ("one", "notifications"),
    ("two", "notifications"),
)


@pytest.mark.parametrize("order", [*permutations(ANSWERS)][::5])
def test_an_act_is_closed_once_each_service_has_answered_for_each_child(
    order: tuple[tuple[str, Service], ...],
) -> None:
    cleared = Cleared(at=NOW, rows={"rows": 1})
    act = Act(id="a", guardian="g", place=HERE, erased_at=NOW, children=("one", "two"))
    act = act.answered("registration", cleared)
    for child, service in order:
        assert act.closed_at is None
        for _ in range(2):
            act = act.answered_of(child, service, cleared)
        act = act.answered_of("another", service, cleared)
    assert (act.closed_at, act.waiting) == (NOW, [])
    assert {service: told.rows["rows"] for service, told in act.cleared.items()} == {
        "registration": 1,
        "trials": 2,
        "notifications": 2,
    }


def test_of_a_guardian_without_a_child_nobody_else_has_anything() -> None:
    act = Act(id="a", guardian="g", place=HERE, erased_at=NOW)
    assert act.closed_at is None
    assert act.answered("registration", Cleared(at=NOW, rows={"vault": 1})).closed_at == NOW
