"""Reads a scenario's folder: `season.json`, `municipalities.csv` and `competencies.csv`."""

from collections.abc import Iterator
from pathlib import Path

from deploy.simulator.scenario import STAGES, Competency, Gate, Municipality, RankingRow, Scenario
from deploy.simulator.tables import CODE, Fields, read_document, read_table


def load(folder: Path) -> Scenario:
    """The scenario of a folder; raises `ScenarioError` with the file, the row and the reason."""
    season = read_document(folder / "season.json")
    columns = ("code", "name_ru", *STAGES, "recommended")
    return Scenario(
        season=season.code("season"),
        region=season.place_code("region"),
        name=season.text("name_ru"),
        zone=season.zone("utc_offset"),
        opens=season.day("opens"),
        closes=season.day("closes"),
        grades=_grades(season),
        diagnostics=tuple(_codes(season, "diagnostics")),
        trials_required=season.count("trials_required", least=1),
        gate=_gate(season),
        registered=season.count("registered"),
        participants=season.count("participants"),
        recommendations=season.count("recommendations"),
        guardians=season.count("guardians"),
        trial_attendances=season.count("trial_attendances"),
        competency_count=season.count("competencies"),
        ranking=tuple(_ranking(season)),
        reported=tuple(str(note) for note in season.items("reported")),
        municipalities=tuple(map(_municipality, read_table(folder / "municipalities.csv", columns))),
        competencies=tuple(map(_competency, read_table(folder / "competencies.csv", ("code", "name_ru", "attended")))),
    )


def _grades(season: Fields) -> tuple[int, int]:
    match season.items("grades"):
        case [int(low), int(high)]:
            return low, high
        case other:
            raise season.refused(f"`grades` are to be the lowest and the highest, not {other!r}")


def _codes(season: Fields, name: str) -> Iterator[str]:
    for code in season.items(name):
        if not isinstance(code, str) or not CODE.fullmatch(code):
            raise season.refused(f"`{name}` are to be codes, not {code!r}")
        yield code


def _gate(season: Fields) -> Gate:
    try:
        return Gate(season.text("recommendation_gate"))
    except ValueError:
        gates = " or ".join(Gate)
        raise season.refused(f"`recommendation_gate` is to be {gates}, not {season['recommendation_gate']!r}") from None


def _ranking(season: Fields) -> Iterator[RankingRow]:
    for place, values in enumerate(season.items("ranking"), start=1):
        if not isinstance(values, dict):
            raise season.refused(f"`ranking` row {place} is to be an object")
        row = Fields(season.file, values, f"`ranking` row {place}")
        yield RankingRow(row.text("municipality"), row.count("share_percent"))


def _municipality(row: Fields) -> Municipality:
    counts = {name: row.count(name) for name in (*STAGES, "recommended")}
    return Municipality(row.place_code("code"), row.text("name_ru"), **counts, row=row.row)


def _competency(row: Fields) -> Competency:
    return Competency(row.code("code"), row.text("name_ru"), row.count("attended"), row.row)
