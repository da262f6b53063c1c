"""Codes: what they may be made of, and that the simulator's own rules ask for no less."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from deploy.simulator.scenario import CODE, PLACE_CODE
from shared.contracts.codes import Code, OffsetOfEvent, OrganisationCode, RegionOfEvent
from shared.contracts.topics import region_topic

ORGANISATION, OTHER = (TypeAdapter[str](kind) for kind in (OrganisationCode, Code))
OF_EVENT, OFFSET = TypeAdapter[str](RegionOfEvent), TypeAdapter[str](OffsetOfEvent)
NO_CODE = ["", "a.b", "a:b", "a/b", "a b", "$a", "-a", "_a", "а", "a\n", "a\x00", "a" * 41]


@pytest.mark.parametrize("text", [*NO_CODE, "RU_ROS", "R"])
def test_an_organisation_s_code_is_fit_for_a_topic_s_name(text: str) -> None:
    with pytest.raises(ValidationError):
        ORGANISATION.validate_python(text)


@pytest.mark.parametrize("text", NO_CODE)
def test_a_code_is_fit_for_a_field_s_name(text: str) -> None:
    with pytest.raises(ValidationError):
        OTHER.validate_python(text)


@pytest.mark.parametrize("text", [*NO_CODE, "RU_ROS", "RU-ROS\n"])
def test_an_event_that_names_no_region_is_refused(text: str) -> None:
    """One whose code is no name of a topic would keep the region's feed from being published."""
    with pytest.raises(ValidationError):
        OF_EVENT.validate_python(text)
    assert OF_EVENT.validate_python("RU-ROS") == "RU-ROS"


@pytest.mark.parametrize("text", ["", "Z", "+3:000", "+03.00", ".1234Z", "+24:00", "+03:0\n", "+03:00:30"])
def test_an_event_s_offset_is_hours_and_minutes(text: str) -> None:
    with pytest.raises(ValidationError):
        OFFSET.validate_python(text)
    assert OFFSET.validate_python("-09:30") == "-09:30"


@pytest.mark.parametrize(("rule", "kind"), [(CODE, OTHER), (PLACE_CODE, ORGANISATION)])
def test_what_a_scenario_may_name_the_services_take(rule: Any, kind: TypeAdapter[str]) -> None:
    @given(st.from_regex(rule, fullmatch=True))
    def taken(text: str) -> None:
        assert kind.validate_python(text) == text
        assert "." not in region_topic(text).removeprefix("region.").removesuffix(".events.v1")

    taken()
