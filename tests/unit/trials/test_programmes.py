"""Trial programmes: what their owners define, what is told of them, and what slots agree with."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from services.trials.domain.places import programmes
from services.trials.domain.places.programmes import Programme, ProgrammeEntry
from services.trials.domain.places.venues import Venue
from services.trials.domain.timetable.slots import Schedule, Slot, SlotOffer, open_slot
from shared.base.errors import BadInput, Conflict
from shared.contracts.venues import ProgrammeDefined
from shared.programme.organisations import Organisation
from shared.storage.decision import Decision
from tests.builders.events import ROSTOV, at
from tests.builders.trials import OFFER, PROGRAMME, VENUE, season

TIME = at("2020-07-01")
LINK = "https://meet.example.org/secret-room"
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


def defined(known: Programme | None = None, **changed: Any) -> Decision[Programme]:
    entry = ProgrammeEntry.model_validate({**PROGRAMME, **changed})
    return programmes.define(known, "state", entry, OWNER, TIME)


def test_a_programme_is_told_with_all_but_its_link() -> None:
    decision = defined(format="online", link=LINK)
    (fact,) = decision.happened
    assert isinstance(fact.event, ProgrammeDefined)
    assert fact.event.criteria == {"order": "Порядок", "idea": "Замысел"}
    assert "meet.example" not in fact.event.model_dump_json()
    assert decision.state.link == LINK


def test_the_same_programme_is_no_news_and_another_link_is_kept_in_silence() -> None:
    first = defined(format="online", link=LINK).state.model_copy(update={"sequence": 1})
    assert not defined(first, format="online", link=LINK).made
    moved = defined(first, format="online", link=f"{LINK}-2")
    assert (moved.happened, moved.made, moved.state.link) == ((), True, f"{LINK}-2")
    assert defined(first, format="online", link=f"{LINK}-2", places=6).happened


def test_a_programme_keeps_its_owner() -> None:
    with pytest.raises(Conflict) as refused:
        defined(defined().state, organisation="RU-ROS-001-V09")
    assert refused.value.type == "programme-taken"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"format": "online"}, "/link"),
        ({"link": LINK}, "/link"),
        ({"format": "online", "link": "http://meet.example.org"}, "/link"),
        ({"level": "deep"}, "/level"),
        ({"environment": "dull"}, "/environment"),
        ({"needs": ["ramp"]}, "/needs/0"),
        ({"criteria": [{"code": "a", "name": "А"}, {"code": "a", "name": "Б"}]}, "/criteria"),
        ({"grades": [11, 6]}, "/grades"),
        ({"minutes": 5}, "/minutes"),
    ],
)
def test_a_passport_that_contradicts_itself_is_refused_by_its_field(changed: Mapping[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ProgrammeEntry.model_validate({**PROGRAMME, **changed})
    assert BadInput.invalid(refused.value).errors[0].pointer == field


def opened(known: Programme, **changed: Any) -> Decision[Slot]:
    offer = SlotOffer.model_validate({**OFFER, "programme": "state", **changed})
    schedule = Schedule(HOST, season(), {"gov", "games"}, ROSTOV, {known.id: known})
    return open_slot(schedule, offer, None, "s1", TIME)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"programme": "other"}, "programme"),
        ({"competency": "games"}, "competency"),
        ({"minutes": 60}, "minutes"),
        ({"capacity": 9}, "capacity"),
        ({"grades": [6, 11]}, "grades"),
    ],
)
def test_a_slot_agrees_with_its_programme(changed: Mapping[str, Any], field: str) -> None:
    fitting = {"grades": [8, 10], "capacity": 6}
    (fact,) = opened(defined().state, **fitting).happened
    assert '"programme":"state"' in fact.event.model_dump_json()
    with pytest.raises(BadInput) as refused:
        opened(defined().state, **{**fitting, **changed})
    assert refused.value.errors[0].pointer == field


@pytest.mark.parametrize(("owner", "is_taken"), [(VENUE, True), ("RU-ROS", True), ("RU-ROS-001-V09", False)])
def test_a_venue_holds_the_programmes_of_its_owner_and_of_its_region(owner: str, is_taken: bool) -> None:
    programme = defined().state.model_copy(update={"organisation": owner})
    offer = {"grades": [8, 10]}
    if is_taken:
        assert opened(programme, **offer).happened
    else:
        with pytest.raises(BadInput, match="belongs to"):
            opened(programme, **offer)


def test_a_slot_of_an_earlier_release_has_no_programme_and_its_ref_still_names_it() -> None:
    offer = SlotOffer.model_validate({**OFFER, "ref": "r1"})
    schedule = Schedule(HOST, season(), {"gov"}, ROSTOV)
    stored = open_slot(schedule, offer, None, "s1", TIME).state.model_dump(exclude={"programme", "starts"})
    assert open_slot(schedule, offer, Slot.model_validate(stored), "s2", TIME).happened == ()
