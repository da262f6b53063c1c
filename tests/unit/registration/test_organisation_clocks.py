"""The register's clocks: a region's changes by law, a municipality may have its own, and the place of a day decides."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.registration.domain.archive import archive
from services.registration.domain.definitions import Definition, define
from services.registration.domain.moves import move
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Participant, on_clocks
from services.registration.domain.placements import Place
from services.registration.domain.relocations import RelocationRequest, relocate
from shared.base.errors import BadInput, Conflict
from shared.contracts.organisations import OrganisationDefined
from shared.programme.clocks import Clocks
from tests.builders.registration import SCHOOL, enter, pupil, roster

NOW = datetime(2021, 2, 1, tzinfo=UTC)
BACK = {"since": "2020-12-27T02:00:00+04:00", "utc_offset": "+03:00"}
REGION = Organisation(id="RU-VGG", kind="region", name="Волгоград", parent="RU", region="RU-VGG", utc_offset="+04:00")


def definition(**changed: Any) -> Definition:
    return Definition.model_validate({"kind": "region", "name": "Волгоград", "utc_offset": "+04:00", **changed})


def town(code: str, **changed: Any) -> Organisation:
    said = definition(kind="municipality", parent="RU-VGG", name="Район", **{"utc_offset": None, **changed})
    return define(None, code, said, REGION, NOW).state


def known(*organisations: Organisation) -> Clocks:
    return Clocks.of_rows([{**one.model_dump(), "_id": one.id} for one in (REGION, *organisations)])


def test_a_change_is_told_with_the_clock_of_before_and_stays_until_another_is_said() -> None:
    changed = define(REGION, "RU-VGG", definition(clocks=[BACK]), None, NOW)
    (happened,) = changed.happened
    assert isinstance(happened.event, OrganisationDefined)
    assert (happened.event.utc_offset, happened.event.clocks) == ("+04:00", changed.state.clocks)
    assert happened.time.isoformat() == "2021-02-01T03:00:00+03:00"
    again = define(changed.state, "RU-VGG", definition(clocks=[BACK]), None, NOW)
    renamed = define(changed.state, "RU-VGG", definition(name="Волгоградская область"), None, NOW)
    assert (again.happened, renamed.state.clocks) == ((), changed.state.clocks)
    early = define(REGION, "RU-VGG", definition(clocks=[BACK]), None, NOW - timedelta(days=90))
    assert early.happened[0].time.isoformat() == "2020-11-03T04:00:00+04:00", "announced before"
    taken_back = define(early.state, "RU-VGG", definition(clocks=[]), None, NOW)
    assert taken_back.state.utc_offset == "+04:00"


@pytest.mark.parametrize(
    ("said", "parent", "pointers"),
    [
        ({"clocks": [BACK, BACK, {**BACK, "since": "2018-10-28T02:00:00+03:00"}]}, None, [1, 2]),
        ({"kind": "school", "parent": "RU-VGG-001", "utc_offset": None, "clocks": [BACK]}, REGION, []),
    ],
)
def test_changes_are_in_order_and_only_a_region_s_or_a_municipality_s(
    said: dict[str, Any], parent: Organisation | None, pointers: list[int]
) -> None:
    with pytest.raises(BadInput) as refused:
        define(None, "RU-VGG-009", definition(**said), parent, NOW)
    expected = [f"clocks/{number}/since" for number in pointers] or ["clocks"]
    assert [error.pointer for error in refused.value.errors] == expected


def test_a_municipality_gets_its_own_clock_and_keeps_its_first_offset() -> None:
    with_another, inheriting, own = town("A", utc_offset="+05:00"), town("B"), town("C", clocks=[])
    assert [one.clocks for one in (with_another, inheriting, own)] == [(), None, ()]
    said = definition(kind="municipality", parent="RU-VGG", name="Район", utc_offset=None, clocks=[BACK])
    later = define(inheriting, "B", said, REGION, NOW).state
    assert (later.utc_offset, with_another.utc_offset) == ("+04:00 2020-12-26T22:00:00Z +03:00", "+05:00")
    with pytest.raises(Conflict, match="`clocks` says"):
        define(later, "B", said.model_copy(update={"utc_offset": "+05:00"}), REGION, NOW)


def test_a_school_that_moved_is_on_the_clock_of_the_municipality_of_the_day() -> None:
    east, west = town("EAST", utc_offset="+06:00"), town("WEST")
    school = Organisation(
        id="S", kind="school", name="Школа", parent="EAST", region="RU-VGG", municipality="EAST", utc_offset="+06:00"
    )
    clocks = known(east, west)
    moved = relocate(school, west, RelocationRequest(parent="WEST", occurred_at=NOW - timedelta(days=9)), NOW).state
    assert moved.on(clocks).utc_offset == "+06:00 2021-01-22T20:00:00Z +04:00"
    assert school.on(clocks) is school
    assert school.on(Clocks()) is school, "a region of which nothing is known changes nothing"


def test_what_a_pupil_is_told_to_have_done_is_on_the_clock_of_the_place_of_that_day() -> None:
    clocks = Clocks({"RU-ROS": "+03:00", "RU-ROS-009": "+05:00", "RU-KAM": "+12:00"})
    first = enter(roster([pupil()])).decisions[0].state
    place = {**first.place.model_dump(), "municipality": "RU-ROS-009", "school": "S9", "utc_offset": "+05:00"}
    there = move(first, Place.model_validate(place), datetime.fromisoformat("2020-10-10T10:00:00+05:00")).state
    stored = Participant.of({**there.model_dump(), "_id": there.id})
    told = on_clocks(stored, clocks)
    assert told.place.utc_offset == "+03:00 2020-10-09T19:00:00Z +05:00"
    assert [one.place.utc_offset for one in told.placements] == ["+03:00", "+05:00"]
    assert on_clocks(told, clocks) is told
    assert archive(told, "left", datetime.fromisoformat("2020-11-01T10:00:00+05:00")).state.archived is not None
    assert on_clocks(first, Clocks({"RU-ROS": "+03:00"})) is first
    assert SCHOOL.on(Clocks({"RU-ROS": "+04:00"})).utc_offset == "+04:00"
