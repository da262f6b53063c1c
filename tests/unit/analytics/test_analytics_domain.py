"""The fold: stages and days, corrections, and that neither order nor repetition changes a figure."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.enrolments import Terms, stage_days
from services.analytics.facts import Pupil, learn
from services.analytics.figures import guardians
from services.analytics.figures.cells import difference
from services.analytics.figures.registry import Contribution, contribution
from shared.contracts.event import Envelope, Event
from shared.programme.stages import Rules
from tests.builders.events import (
    at,
    attended,
    booked,
    diagnosed,
    enveloped,
    guardian_linked,
    recommended,
    registered,
    revoked,
)

RULES = Rules(frozenset({"readiness", "interests"}), trials_required=2)
TERMS = Terms(RULES, closes="2020-12-16")


def pupil_of(*facts: Envelope) -> Pupil:
    pupil = Pupil()
    for fact in facts:
        learn(pupil, fact)
    return pupil


def on(day: str, event: Event, sequence: int = 1) -> Envelope:
    return enveloped(event, sequence, at(day))


WHOLE_PATH: Sequence[Envelope] = (
    on("2020-09-01", registered()),
    on("2020-09-10", diagnosed(diagnostic="readiness")),
    on("2020-09-20", diagnosed(diagnostic="interests")),
    on("2020-10-01", booked(slot="s1")),
    on("2020-10-05", attended(slot="s1")),
    on("2020-10-06", booked(slot="s2", competency="police")),
    on("2020-10-15", attended(slot="s2", competency="police")),
    on("2020-10-15", recommended()),
)


def test_every_stage_has_the_day_on_which_it_was_reached() -> None:
    days = stage_days(pupil_of(*WHOLE_PATH).season("2020"), RULES)
    assert days == {
        "registered": "2020-09-01",
        "participated": "2020-09-10",
        "tested": "2020-09-20",
        "attended": "2020-10-05",
        "recommended": "2020-10-15",
        "completed": "2020-10-15",
    }


def test_a_booking_is_no_participation() -> None:
    days = stage_days(pupil_of(*WHOLE_PATH[:1], on("2020-09-02", booked())).season("2020"), RULES)
    assert days == {"registered": "2020-09-01"}


def test_an_excursion_is_participation_but_no_trial() -> None:
    excursion = on("2020-09-03", attended(kind="excursion"))
    assert stage_days(pupil_of(WHOLE_PATH[0], excursion).season("2020"), RULES) == {
        "registered": "2020-09-01",
        "participated": "2020-09-03",
    }


def test_facts_before_the_registration_wait_for_it() -> None:
    early = pupil_of(*WHOLE_PATH[1:])
    assert contribution("p1", "2020", early, TERMS) == Contribution()
    learn(early, WHOLE_PATH[0])
    assert contribution("p1", "2020", early, TERMS) == contribution("p1", "2020", pupil_of(*WHOLE_PATH), TERMS)


def test_no_stage_is_earlier_than_its_prerequisites() -> None:
    late = pupil_of(on("2020-11-01", registered()), *WHOLE_PATH[1:])
    assert set(stage_days(late.season("2020"), RULES).values()) == {"2020-11-01"}


def test_a_revoked_attendance_is_subtracted() -> None:
    before = contribution("p1", "2020", pupil_of(*WHOLE_PATH), TERMS)
    after = contribution("p1", "2020", pupil_of(*WHOLE_PATH, on("2020-10-20", revoked(slot="s2"))), TERMS)
    change = difference(before.cells, after.cells)
    assert {cell.path[0] for cell, n in change.items() if n < 0} == {"completed", "attended"}  # a stage, a competency
    assert sum(change.values()) == -3  # completed in two tables, the competency once


def test_two_regions_days_are_local_days() -> None:
    late_evening = enveloped(registered(), time=datetime.fromisoformat("2020-09-01T23:30:00+10:00"))
    assert stage_days(pupil_of(late_evening).season("2020"), RULES) == {"registered": "2020-09-01"}


@given(st.permutations([*WHOLE_PATH, on("2020-11-01", guardian_linked())]), st.data())
def test_order_and_repetition_change_nothing(facts: list[Envelope], data: st.DataObject) -> None:
    repeated = data.draw(st.lists(st.sampled_from(facts), max_size=5))
    straight = pupil_of(*WHOLE_PATH, on("2020-11-01", guardian_linked()))
    assert contribution("p1", "2020", pupil_of(*facts, *repeated), TERMS) == contribution("p1", "2020", straight, TERMS)


@given(st.permutations([*WHOLE_PATH, on("2020-10-20", revoked(slot="s1")), on("2020-11-01", guardian_linked())]))
def test_the_sum_of_all_changes_is_the_last_contribution(facts: list[Envelope]) -> None:
    pupil, cells = Pupil(), Counter[object]()
    before = Contribution()
    for fact in facts:
        learn(pupil, fact)
        after = contribution("p1", "2020", pupil, TERMS)
        cells.update(difference(before.cells, after.cells))
        before = after
    assert {cell: n for cell, n in cells.items() if n} == dict(before.cells)


@pytest.mark.parametrize(
    "stages", [("registered", "participated"), ("participated", "tested"), ("tested", "completed")]
)
@given(facts=st.lists(st.sampled_from(WHOLE_PATH)))
def test_a_later_stage_is_never_reached_without_the_earlier(stages: tuple[str, str], facts: list[Envelope]) -> None:
    days: dict[str, str] = dict(stage_days(pupil_of(*facts).season("2020"), RULES))  # type: ignore[arg-type]
    earlier, later = stages
    if later in days:
        assert days[earlier] <= days[later]


def test_a_guardian_with_several_schools_ids_is_one_by_the_account() -> None:
    children = {"p1": "RU-ROS-001-S01", "p2": "RU-ROS-001-S02", "p3": "RU-ROS-002-S01"}
    links = set()
    for child, school in children.items():
        place = {"school": school, "municipality": school[:10]}
        cabinet = guardian_linked(child, f"g-{school}", account="one")
        pupil = pupil_of(on("2020-09-01", registered(child, **place)), on("2020-09-02", cabinet))
        links |= contribution(child, "2020", pupil, TERMS).links
    assert {link.guardian for link in links} == {"one"}
    everywhere = guardians.cells(links)
    assert {cell.table: n for cell, n in everywhere.items() if cell.path[0] == "all"} == {
        "region-guardians": 1,
        "municipality-guardians": 1,
        "school-guardians": 1,
    }


def test_two_codes_of_a_pupil_redeemed_by_one_account_are_one_guardian() -> None:
    links = [
        on("2020-09-01", registered()),
        on("2020-09-03", guardian_linked("p1", "g1", account="one"), 2),
        on("2020-09-02", guardian_linked("p1", "g2", account="one"), 3),
    ]
    cells = guardians.cells(contribution("p1", "2020", pupil_of(*links), TERMS).links)
    assert {cell.path[-1]: n for cell, n in cells.items() if cell.path[0] == "all"} == {"2020-09-02": 1}
