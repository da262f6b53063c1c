"""The independent counter knows moves, archives, second entries and guardians by the words of the contract alone."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.told import Pupil, Record, enrolled, in_revision

SEASON, REGION, CLOSES = "s", "R", "2021-05-20"


def told(participant: str, type_: str, day: str = "2020-09-02", sequence: str = "1", **data: Any) -> Record:
    place = {"region": REGION, "municipality": "R-1"}
    return Record(1, 1, "e", f"{type_}.v1", {"participant": participant, **place, **data}, day, sequence)


def registered(participant: str, municipality: str = "R-1", day: str = "2020-09-02") -> Record:
    return told(participant, "participant.registered", day, season=SEASON, municipality=municipality)


def moved(to: str, day: str, sequence: str, region: str = REGION) -> Record:
    return told("a", "participant.moved", day, sequence, to_region=region, to_municipality=to)


def merged(one: str, other: str, role: str, word: str = "merged") -> Record:
    return told(one, f"participant.{word}", other=other, role=role)


def counted(*records: Record) -> list[Pupil]:
    return enrolled(records, SEASON, REGION, CLOSES)


def codes(pupil: Pupil, what: str) -> list[str]:
    return sorted(step.of for step in pupil.standing(what))


def municipalities(pupils: Iterable[Pupil]) -> list[str]:
    return [pupil.place(CLOSES)[1] for pupil in pupils]


def test_of_several_moves_the_latest_day_holds_of_one_day_the_latest_sequence() -> None:
    late = moved("R-2", "2020-10-01", "4"), moved("R-3", "2020-11-01", "2")
    assert municipalities(counted(registered("a"), *late)) == ["R-3"]
    same = moved("R-2", "2020-10-01", "2"), moved("R-3", "2020-10-01", "3")
    assert municipalities(counted(registered("a"), *same)) == ["R-3"]


def test_after_the_season_nobody_takes_figures_along_and_to_another_region_all() -> None:
    assert municipalities(counted(registered("a"), moved("R-2", "2021-06-01", "2"))) == ["R-1"]
    assert counted(registered("a"), moved("Q-1", "2020-10-01", "2", region="Q")) == []


def test_a_mistake_never_counts_and_who_left_does() -> None:
    left, mistake = (told("a", "participant.archived", reason=reason) for reason in ("left", "mistake"))
    assert len(counted(registered("a"), left)) == 1
    assert counted(registered("a"), mistake) == []
    assert len(counted(registered("a"), mistake, told("a", "participant.restored"))) == 1


def test_two_entries_are_one_pupil_once_both_have_said_so_and_two_when_one_parts() -> None:
    both = registered("a"), registered("b", "R-2", "2020-09-01")
    facts = (
        told("a", "diagnostic.completed", season=SEASON, diagnostic="x", attempt="x1"),
        told("b", "diagnostic.completed", season=SEASON, diagnostic="y", attempt="y1"),
        told("a", "guardian.linked", account="mother", guardian="g"),
    )
    survivor, duplicate = merged("a", "b", "survivor"), merged("b", "a", "duplicate")
    assert len(counted(*both, *facts, survivor)) == 2
    (pupil,) = counted(*both, *facts, duplicate, survivor)
    assert (codes(pupil, "attempt"), pupil.guardians, pupil.place(CLOSES)[1]) == (["x", "y"], {"mother"}, "R-1")
    parted = merged("b", "a", "duplicate", "unmerged")
    assert municipalities(counted(*both, survivor, duplicate, parted)) == ["R-1", "R-2"]


def test_the_second_round_counts_for_tested_where_the_season_says_so() -> None:
    rules = {"diagnostics": ["x"], "trials_required": 1}
    fact = told("a", "diagnostic.completed", season=SEASON, diagnostic="x", attempt="x1", round=2)
    (pupil,) = counted(registered("a"), fact)
    assert list(pupil.stages(rules)) == ["registered", "participated"]
    assert "tested" in list(pupil.stages({**rules, "tested_by": "any-round"}))


def test_an_attempt_that_was_taken_back_does_not_count() -> None:
    attempts = [told("a", "diagnostic.completed", season=SEASON, diagnostic="x", attempt=id) for id in ("x1", "x2")]
    back = told("a", "diagnostic.revoked", season=SEASON, diagnostic="x", attempt="x1")
    assert [codes(pupil, "attempt") for pupil in counted(registered("a"), *attempts, back)] == [["x"]]
    assert [codes(pupil, "attempt") for pupil in counted(registered("a"), attempts[0], back)] == [[]]


def test_an_entry_may_take_back_what_was_told_of_another_as_long_as_both_are_one() -> None:
    both = registered("a"), registered("b"), merged("a", "b", "survivor"), merged("b", "a", "duplicate")
    attended = told("b", "trial.attended", season=SEASON, attendance="t", kind="trial", competency="c", slot="s")
    revoked = told("a", "attendance.revoked", season=SEASON, attendance="t")
    assert [pupil.trials("attendance") for pupil in counted(*both, attended)] == [["c"]]
    assert [pupil.trials("attendance") for pupil in counted(*both, attended, revoked)] == [[]]
    with pytest.raises(AssertionError, match="never told"):
        counted(*both, revoked)


def test_two_attendances_of_one_slot_by_two_entries_are_one() -> None:
    both = registered("a"), registered("b"), merged("a", "b", "survivor"), merged("b", "a", "duplicate")
    attended = [
        told(id, "trial.attended", season=SEASON, attendance=id, kind="trial", competency="c", slot="s") for id in "ab"
    ]
    assert [pupil.trials("attendance") for pupil in counted(*both, *attended)] == [["c"]]


def test_a_guardian_counts_while_one_cabinet_is_open() -> None:
    opened = [told("a", "guardian.linked", account="mother", guardian=id) for id in ("g", "h")]
    closed = [told("a", "guardian.unlinked", account="mother", guardian=id) for id in ("g", "h")]
    (one,) = counted(registered("a"), *opened, closed[0])
    assert one.guardians == {"mother"}
    (none,) = counted(registered("a"), *opened, *closed)
    assert none.guardians == set()


def test_of_another_season_only_the_place_matters() -> None:
    other = told("a", "diagnostic.completed", season="t", diagnostic="x", attempt="x1")
    later = told("a", "participant.registered", "2020-12-01", "5", season="t", municipality="R-2")
    (pupil,) = counted(registered("a"), other, later)
    assert (codes(pupil, "attempt"), pupil.place(CLOSES)[1]) == ([], "R-2")
    assert counted(later) == []


def test_a_closed_season_knows_what_was_recorded_by_then_and_corrections_of_its_revisions() -> None:
    records = [
        registered("a"),
        Record(1, 1, "e", "season.closed.v1", {"season": SEASON}),
        moved("R-2", "2020-10-01", "2"),
        told("a", "participant.archived", reason="mistake"),
        Record(1, 1, "e", "season.corrected.v1", {"season": SEASON, "revision": 1}),
        told("a", "participant.restored"),
    ]
    at = [replace(record, recorded=f"2021-06-01T10:00:0{n}+00:00") for n, record in enumerate(records)]
    by = [counted(*in_revision(at[:end], SEASON)) for end in (4, 6)]
    assert [municipalities(pupils) for pupils in by] == [["R-1"], []]
    assert municipalities(counted(*in_revision(at[:1] + at[2:4], SEASON))) == []
