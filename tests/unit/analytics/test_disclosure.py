"""Disclosure control: what is withheld cannot be computed, and what is told is useful."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.analytics.disclosure.forms import DEMAND, DISABILITY, PUPILS, STAGES, TOTAL, Counts, Form
from services.analytics.disclosure.released import Released, Shown, Told, release
from services.analytics.disclosure.rooms import Cell
from tests.drivers.auditor import Auditor

SCENARIO = Path(__file__).parents[3] / "deploy/scenarios/rostov-2020/municipalities.csv"
LAST = [STAGES.measures[:n] for n in (1, 2, 3, 4, 5, 6)] + [("registered", "participated", "attended")]
"""The stages that a pupil can have reached."""
Table = Mapping[str, tuple[int, ...]]
"""Row → the pupils with each of these."""
CHANGES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, len(LAST) - 1), st.integers(-6, 12)), min_size=1, max_size=4
)
ROW = st.tuples(*[st.integers(0, 7)] * len(LAST))
TABLES = st.dictionaries(st.sampled_from("abcd"), ROW, min_size=1)
EPSILON = 1e-6
Change = tuple[str, int, int]


def counted(table: Table) -> Counts:
    return {
        row: {
            stage: sum(n for n, reached in zip(pupils, LAST, strict=True) if stage in reached)
            for stage in STAGES.measures
        }
        for row, pupils in table.items()
    }


def following(table: Table, changes: Sequence[Sequence[Change]]) -> list[Counts]:
    """The table, and what becomes of it."""
    found = [counted(table)]
    for change in changes:
        for row, at, by in change:
            if row in table:
                pupils = list(table[row])
                pupils[at] = max(0, pupils[at] + by)
                table = {**table, row: tuple(pupils)}
        found.append(counted(table))
    return found


def released(tables: Sequence[Counts], least: int, form: Form = STAGES) -> list[tuple[Counts, Released]]:
    found: list[tuple[Counts, Released]] = []
    for counts in tables:
        found.append((counts, release(counts, form, least, found[-1][1] if found else None)))
    return found


def withheld(counts: Counts, told: Released) -> Iterator[Cell]:
    cells = (Cell(row, measure) for row, of in told.form.whole(counts).items() for measure in of)
    return (cell for cell in cells if cell not in told.numbers)


def region(share: float = 1) -> Counts:
    """The municipalities of Rostov region in 2020, so far."""
    with SCENARIO.open(encoding="utf-8") as file:
        rows = [{**row, "attended": row["trial_attended"]} for row in csv.DictReader(file)]
    return {row["code"]: {stage: int(int(row[stage]) * share) for stage in STAGES.measures} for row in rows}


def shown(table: Released) -> int:
    return sum(cell.row != TOTAL for cell in table.numbers)


@settings(max_examples=25)
@given(TABLES, st.lists(CHANGES, max_size=3), st.sampled_from([3, PUPILS, DISABILITY]))
def test_nothing_withheld_can_be_computed(table: Table, changes: list[list[Change]], least: int) -> None:
    told = released(following(table, changes), least)
    auditor = Auditor(STAGES, least, told, frozenset())
    rooms = {(at, cell): auditor.room(at, cell) for at, one in enumerate(told) for cell in withheld(*one)}
    assert {place: room for place, room in rooms.items() if room < least - EPSILON} == {}


@settings(max_examples=20)
@given(st.lists(ROW, min_size=2, max_size=3), st.lists(CHANGES, min_size=1, max_size=3))
def test_releases_together_tell_no_more_of_what_stood_still(
    small: list[tuple[int, ...]], changes: list[list[Change]]
) -> None:
    """Large municipalities change, and with them the totals; of the small ones it is known that they did not."""
    large = {row: (60,) * len(LAST) for row in "ab"}
    told = released(following({**large, **dict(zip("xyz", small, strict=False))}, changes), PUPILS)
    first, (counts, last) = told[0], told[-1]
    still = frozenset(Cell(row, stage) for row in counts if row not in large for stage in STAGES.measures)
    alike = {c for c in first[1].numbers if c.row in large and counts[c.row] == first[0][c.row]}
    auditor = Auditor(STAGES, PUPILS, told, still | alike)
    rooms = {cell: auditor.room(len(told) - 1, cell) for cell in withheld(counts, last) if cell in still}
    assert {cell: room for cell, room in rooms.items() if room < PUPILS - EPSILON} == {}


@pytest.mark.parametrize("hidden", ["a", "ab"])
def test_the_auditor_finds_what_can_be_computed(hidden: str) -> None:
    """Small numbers alone are not enough: a total gives one away, and stages do where sums leave it open."""
    form = Form(("more", "less"), (("less", "more"),))
    counts = {"a": {"more": 9, "less": 2}, "b": {"more": 9, "less": 9}, "c": {"more": 20, "less": 15}}
    numbers = {Cell(row, one): n for row, of in form.whole(counts).items() for one, n in of.items()}
    for row in hidden:
        del numbers[Cell(row, "less")]
    told = Released.of_row(form, {"told": [[*cell, n] for cell, n in numbers.items()], "withdrawn": []})
    auditor = Auditor(form, PUPILS, [(counts, told)], frozenset())
    assert auditor.room(0, Cell("a", "less")) == {"a": 0, "ab": 7}[hidden]


@settings(max_examples=25)
@given(TABLES, st.lists(CHANGES, max_size=4), st.sampled_from([PUPILS, DISABILITY]))
def test_what_is_told_changes_by_nothing_or_by_the_least(table: Table, changes: list[list[Change]], least: int) -> None:
    tables = following(table, changes)
    last: dict[Cell, int] = {}
    for _, one in (told := released(tables, least)):
        for cell, n in one.numbers.items():
            assert n >= least
            assert n == last.get(cell, n) or abs(n - last[cell]) >= least
            assert all(n <= one.numbers.get(Cell(cell.row, more), n) for less, more in STAGES.nested if less == cell[1])
        last |= one.numbers
    end = told[-1][1]
    again = release(tables[-1], STAGES, least, end).numbers  # a number may have waited for a larger one to be told
    assert end.numbers.items() <= again.items(), "where nothing moves, what is told stands"
    stored = Released.of_row(STAGES, end.row())
    assert (stored.numbers, stored.withdrawn) == (end.numbers, end.withdrawn)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 30), min_size=1), min_size=1, max_size=4))
def test_numbers_that_nothing_sums_are_withheld_alone(tables: list[dict[str, int]]) -> None:
    counts = [{row: {"attended": n, "booked": n // 2} for row, n in table.items()} for table in tables]
    _, first = released(counts[:1], PUPILS, DEMAND)[0]
    assert first.numbers == {Cell(row, one): n for row, of in counts[0].items() for one, n in of.items() if n >= PUPILS}
    for _, told in released(counts, PUPILS, DEMAND):
        assert all(n >= PUPILS for n in told.numbers.values())


def test_nine_in_ten_numbers_of_a_region_are_shown() -> None:
    """318 of 330: two stages of the six municipalities in which fewer than five pupils completed the season."""
    table = release(region(), STAGES, PUPILS)
    assert shown(table) == 318
    assert {cell.measure for cell in table.numbers if cell.row == TOTAL} == set(STAGES.measures)
    assert table.numbers[Cell(TOTAL, "participated")] == 26_000


def test_a_season_that_was_told_while_it_went_on_ends_with_as_much() -> None:
    *_, (_, table) = released([region(step / 8) for step in range(9)], PUPILS)
    assert shown(table) == 318
    assert abs(table.numbers[Cell(TOTAL, "participated")] - 26_000) < PUPILS


def test_a_municipality_that_has_begun_is_not_told_by_the_others() -> None:
    """Beside one with nobody another is withheld from the beginning, so that its first pupils show nowhere."""
    nobody = STAGES.whole({**region(), "new": {}})
    some = {**nobody, "new": {**nobody["new"], "registered": 3, "participated": 2}}
    (_, before), (_, after) = told = released(
        [{row: of[row] for row in of if row != TOTAL} for of in (nobody, some)], PUPILS
    )
    assert after.numbers.items() >= before.numbers.items()
    assert shown(before) > 300
    auditor = Auditor(STAGES, PUPILS, told, frozenset())
    assert min(auditor.room(at, Cell("new", stage)) for at in (0, 1) for stage in ("registered", "tested")) >= PUPILS
    assert Cell(TOTAL, "registered") in before.numbers


def test_a_number_that_falls_below_the_least_is_withdrawn_only_by_a_step() -> None:
    counts = {row: dict.fromkeys(STAGES.measures, n) for row, n in {"a": 9, "b": 40, "c": 2, "d": 3}.items()}
    told = release(counts, STAGES, PUPILS)
    nearly = release({**counts, "a": dict.fromkeys(STAGES.measures, 5)}, STAGES, PUPILS, told)
    assert nearly.numbers == told.numbers
    fallen = release({**counts, "a": dict.fromkeys(STAGES.measures, 4)}, STAGES, PUPILS, nearly)
    assert Cell("a", "tested") not in fallen.numbers
    assert fallen.withdrawn[Cell("a", "tested")] == 9
    alone, few = ({"a": dict.fromkeys(STAGES.measures, n)} for n in (9, 3))
    (_, whole), (_, nothing), (_, again) = released([alone, few, alone], PUPILS)
    assert (shown(whole), nothing.numbers, again.numbers) == (6, {}, whole.numbers)


def test_nothing_but_a_release_makes_what_is_told() -> None:
    with pytest.raises(TypeError):
        Told(7, object())
    with pytest.raises(TypeError):
        Released(STAGES, {Cell("a", "tested"): 1}, {}, object())
    answer = TypeAdapter[int | None](Shown)
    told = release({"a": dict.fromkeys(STAGES.measures, 7)}, STAGES, PUPILS).told("a")["tested"]
    assert answer.validate_python(told) == 7
    assert Told.computed((told, told), lambda one, other: one / other).number == 1
    for number in (7, 7.0, None):
        with pytest.raises(ValidationError):
            answer.validate_python(number)
