"""A scenario is played only if it keeps every rule of the format; any other is refused with file, row and reason."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.folder import load
from deploy.simulator.instruments import EARLIER, instruments
from deploy.simulator.scenario import CORRECTIONS, Scenario, ScenarioError, allot
from deploy.simulator.simulation import INSTRUMENTS

SCENARIOS = Path(__file__).parents[3] / "deploy" / "scenarios"
ROSTOV = SCENARIOS / "rostov-2020"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROSTOV, tmp_path / "scenario"))


def test_rostov_has_the_reported_facts() -> None:
    scenario = load(ROSTOV)
    assert (scenario.registered, scenario.participants, scenario.recommendations) == (28_866, 26_000, 2_598)
    assert (scenario.guardians, len(scenario.competencies), scenario.trial_attendances) == (5_016, 50, 8_940)
    assert [row.share_percent for row in scenario.ranking] == [85, 41, 27, 11, 10]


def test_the_second_scenario_corrects_a_twentieth_in_every_way() -> None:
    scenario = load(SCENARIOS / "season-with-corrections")
    assert scenario.corrections == dict.fromkeys(CORRECTIONS, 0.05)
    assert scenario.scaled(0.1).corrections == scenario.corrections
    assert load(ROSTOV).corrections == {}


def edit_season(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "season.json"
    season = json.loads(path.read_text(encoding="utf-8"))
    change(season)
    path.write_text(json.dumps(season), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"trials_required": 0}, "`trials_required` is to be a whole number of at least 1, not 0"),
        ({"trials_required": 21}, "more than 20 trials or diagnostics cannot be required"),
        ({"season": "2023/24"}, "`season` is to be of at most 40 letters, digits, hyphens and underscores"),
        ({"registered": 28_867}, "`registered` is 28867, but its parts make 28866"),
        ({"participants": "26000"}, "`participants` is to be a whole number of at least 0, not '26000'"),
        ({"recommendations": True}, "`recommendations` is to be a whole number"),
        ({"guardians": 28_867}, "28867 `guardians` of 28866 registered pupils"),
        ({"competencies": 49}, "`competencies` is 49, but its parts make 50"),
        ({"trial_attendances": 8_941}, "`trial_attendances` is 8941, but its parts make 8940"),
        ({"closes": "2020-07-06"}, "`closes` 2020-07-06 is before `opens` 2020-07-07"),
        ({"opens": "7 July"}, "`opens` is to be a date as 2020-12-16, not '7 July'"),
        ({"utc_offset": "MSK"}, "`utc_offset` is to be an offset as +03:00, not 'MSK'"),
        ({"grades": [11, 6]}, "`grades` are to rise within 1 to 11, not [11, 6]"),
        ({"diagnostics": []}, "`diagnostics` are to be one or more different codes"),
        ({"diagnostics": ["a", "a"]}, "`diagnostics` are to be one or more different codes"),
        ({"recommendation_gate": "never"}, "`recommendation_gate` is to be after-all-stages or after-diagnostics"),
        ({"region": "Ростов"}, "`region` is to be of 2 to 32 letters, digits and hyphens"),
        (
            {"corrections": {"moves": 1.5}},
            "`corrections` is to be shares from 0 to 1 of moves, transfers, merges",
        ),
        ({"reported": "ranking"}, "`reported` is to be a list of notes, not 'ranking'"),
        ({"corrections": {"births": 0.1}}, "`corrections` is to be shares from 0 to 1 of moves"),
        ({"corrections": {"moves": "0.1"}}, "`corrections` is to be shares from 0 to 1 of moves"),
        ({"corrections": {"moves": True}}, "`corrections` is to be shares from 0 to 1 of moves"),
        ({"corrections": [0.1]}, "`corrections` is to be shares from 0 to 1 of moves"),
        ({"ranking": [{"municipality": "Азов", "share_percent": 1}]}, "no municipality 'Азов' with tested pupils"),
        ({"ranking": [{"municipality": "Аксайский район", "share_percent": 84}]}, "84 % where the counts make 85 %"),
        ({"ranking": [{"municipality": "г. Волгодонск", "share_percent": 10}]}, "is not at this place"),
    ],
)
def test_a_season_that_breaks_a_rule_is_refused(folder: Path, change: dict[str, Any], reason: str) -> None:
    edit_season(folder, lambda season: season.update(change))
    with pytest.raises(ScenarioError) as refusal:
        load(folder)
    assert str(refusal.value).startswith("season.json")
    assert reason in str(refusal.value)


@pytest.mark.parametrize("name", ["season", "utc_offset", "ranking", "reported", "trials_required", "name_ru"])
def test_a_missing_field_is_named(folder: Path, name: str) -> None:
    edit_season(folder, lambda season: season.pop(name))
    with pytest.raises(ScenarioError, match=f"season.json: `{name}` is missing"):
        load(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("municipalities.csv", "849,780,620", "849,850,620", "row 2: `participated` 850 is more than `registered` 849"),
        ("municipalities.csv", "527,527", "527,526", "row 2: `recommended` 526 is to equal `completed` 527"),
        ("municipalities.csv", "RU-ROS-002", "RU-ROS-001", "row 3: `code` RU-ROS-001 stands twice"),
        ("municipalities.csv", "г. Новошахтинск", "Аксайский район", "row 3: `name_ru` Аксайский район stands twice"),
        ("municipalities.csv", "RU-ROS-002", "RU-ROS", "row 3: `code` RU-ROS is the region's"),
        ("municipalities.csv", ",780,", ",many,", "row 2: `participated` is to be a whole number"),
        ("municipalities.csv", ",780,", ",-780,", "row 2: `participated` is to be a whole number"),
        ("municipalities.csv", "849,780,", "849,", "row 2: 7 values for 8 columns"),
        ("municipalities.csv", "code,name_ru", "id,name_ru", "row 1: the columns are to be code,name_ru"),
        ("competencies.csv", ",983", ",984", "`trial_attendances` is 8940, but its parts make 8941"),
        ("competencies.csv", "imark,", "gov,", "row 3: `code` gov stands twice"),
        ("season.json", "{", "[", "season.json: is not JSON"),
    ],
)
def test_a_broken_file_is_refused_with_its_row(folder: Path, file: str, old: str, new: str, reason: str) -> None:
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError) as refusal:
        load(folder)
    assert reason in str(refusal.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "competencies.csv").unlink()
    with pytest.raises(ScenarioError, match=r"competencies\.csv: there is no such file"):
        load(folder)


def test_with_one_trial_required_attending_is_completing(folder: Path) -> None:
    edit_season(folder, lambda season: season.update(trials_required=1))
    with pytest.raises(ScenarioError, match="row 2: with one trial required `trial_attended` 546 is to equal"):
        load(folder)


def test_after_diagnostics_the_tested_are_recommended(folder: Path) -> None:
    edit_season(folder, lambda season: season.update(recommendation_gate="after-diagnostics"))
    with pytest.raises(ScenarioError, match="`recommended` 527 is to equal `tested` 620"):
        load(folder)


@given(st.floats(min_value=0.001, max_value=3))
def test_a_scaled_scenario_keeps_every_rule_and_reports_no_fact(factor: float) -> None:
    scaled: Scenario = load(ROSTOV).scaled(factor)  # constructing it checks every rule
    assert abs(scaled.registered - 28_866 * factor) <= len(scaled.municipalities)
    assert scaled.reported == ()
    assert scaled.scale == factor


@given(st.integers(0, 10_000), st.lists(st.integers(0, 500), min_size=1).filter(any))
def test_allotting_keeps_the_total_and_the_order(total: int, weights: list[int]) -> None:
    parts = allot(total, weights)
    assert sum(parts) == total
    by_weight = sorted(zip(weights, parts, strict=True))
    assert all(one[1] <= other[1] for one, other in pairwise(by_weight))


@pytest.mark.parametrize("path", sorted(EARLIER.glob("*.json")), ids=lambda path: path.stem)
def test_every_item_of_an_earlier_instrument_belongs_to_a_scale(path: Path) -> None:
    definition = json.loads(path.read_text(encoding="utf-8"))
    scales = [scale["code"] for scale in definition["scales"]]
    codes = [item["code"] for item in definition["items"]]
    assert len(set(codes)) == len(codes)
    assert {item["scale"] for item in definition["items"]} == set(scales)
    assert len({option["points"] for option in definition["options"]}) == len(definition["options"])


def test_a_pupil_answers_every_item_with_an_option_of_its_own() -> None:
    known = instruments(["readiness", "knowledge", "professions", "made-up"], INSTRUMENTS)
    for code, instrument in known.items():
        answers = instrument.answers(Random(1))
        assert [option in instrument.items[item] for item, option in answers.items()] == [True] * len(instrument.items)
        assert len(set(answers.values())) > 1, code
    assert known["made-up"].definition["name"] == "made-up"
    assert len(known["readiness"].items) == 40
    assert known["professions"] == instruments(["professions"], EARLIER)["professions"]
