"""Files with names: what a teacher opens is a table of texts, numbers and dates, and no text is a formula."""

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from services.registration.copies.steps import Steps
from services.registration.files import summary, workbooks
from services.registration.files.workbooks import HEADER, Book, Column, book
from tests.builders.events import at

COLUMNS = [Column("№", 5), Column("Имя", 30), Column("День", 12)]


def rows(content: bytes, sheet: int = 0) -> list[tuple[Any, ...]]:
    """The values of a sheet below its header, as another program reads them."""
    opened = openpyxl.load_workbook(BytesIO(content))
    return [tuple(row) for row in opened.worksheets[sheet].iter_rows(min_row=HEADER + 2, values_only=True)]


def written(*cells: Sequence[workbooks.Cell]) -> bytes:
    with book(at("2020-11-01")) as made:
        sheet = made.sheet("Класс", "Школа № 1", COLUMNS)
        for row in cells:
            sheet.add(row)
        return made.close()


def test_a_text_is_never_a_formula_a_number_or_an_address() -> None:
    texts = ["=1+1", "+7", "-1", "@SUM(A1)", "007", "https://example.org", "{=A1}", " \t=cmd|' /C calc'!A0"]
    content = written(*([number, text, None] for number, text in enumerate(texts)))
    sheet = openpyxl.load_workbook(BytesIO(content)).worksheets[0]
    cells = [row[1] for row in sheet.iter_rows(min_row=HEADER + 2)]
    assert [cell.value for cell in cells] == [text.replace("\t", "") for text in texts]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.hyperlink for cell in cells] == [None] * len(texts)


def test_a_day_is_a_date_and_what_is_not_there_is_empty() -> None:
    content = written([1, "Ёлкина Ӱна Ӧ", date(2007, 5, 17)], [2, None, None])
    assert rows(content) == [(1, "Ёлкина Ӱна Ӧ", datetime(2007, 5, 17)), (2, None, None)]
    cell = openpyxl.load_workbook(BytesIO(content)).worksheets[0].cell(HEADER + 2, 3)
    assert cell.is_date
    assert cell.number_format == "dd.mm.yyyy"


def test_what_xml_cannot_hold_is_left_out() -> None:
    assert rows(written([1, "Ив\x0bан\ud800ов\x00", None])) == [(1, "Иванов", None)]


def test_a_header_stays_is_filtered_and_printed_on_every_page() -> None:
    sheet = openpyxl.load_workbook(BytesIO(written([1, "А", None], [2, "Б", None]))).worksheets[0]
    assert sheet.freeze_panes == f"C{HEADER + 2}"
    assert sheet.auto_filter.ref == f"A{HEADER + 1}:C{HEADER + 3}"
    assert sheet.print_title_rows == f"${HEADER + 1}:${HEADER + 1}"
    assert sheet.column_dimensions["B"].width > 30
    assert (sheet["A1"].value, sheet.page_setup.orientation) == ("Школа № 1", "landscape")


def test_nothing_of_a_workbook_is_left_where_it_was_written(monkeypatch: Any, tmp_path: Any) -> None:
    monkeypatch.setattr(workbooks, "IN_MEMORY", str(tmp_path))

    def fail(made: Book) -> None:
        made.sheet("Класс", "Школа", COLUMNS).add([1, "А", None])
        assert list(tmp_path.iterdir()), "rows lie there until the workbook is closed"
        raise LookupError

    with pytest.raises(LookupError), book(at("2020-11-01")) as made:
        fail(made)
    assert list(tmp_path.iterdir()) == []


def test_a_year_counts_different_diagnostics_and_what_was_not_revoked() -> None:
    steps = Steps(
        diagnostics=[
            ["a", "2020-12-31T23:30:00+03:00"],
            ["a", "2020-10-01T10:00:00+03:00"],
            ["b", "2021-01-01T00:00:00+03:00"],
        ],
        attended=[
            ["1", "trial", "2020-10-05T15:00:00+03:00"],
            ["2", "partner-trial", "2020-10-06T15:00:00+03:00"],
            ["3", "museum", "2020-10-07T15:00:00+03:00"],
            ["4", "trial", "2020-10-08T15:00:00+03:00"],
            ["5", "excursion", "2021-02-01T15:00:00+03:00"],
            ["6", "lesson", "2020-09-21T08:30:00+03:00", "l1"],
            ["7", "lesson", "2020-09-21T08:30:00+03:00", "l1"],
        ],
        revoked=["4"],
    )
    year = summary.Year.of(2020, [steps, Steps()])
    assert (year.diagnostics, year.trials, year.activities["museum"], year.activities["excursion"]) == (1, 2, 1, 0)
    assert year.activities["lesson"] == 1, "two entries of the pupil were in it"
    after = summary.Year.of(2021, [steps])
    assert (after.diagnostics, after.trials, after.activities["excursion"]) == (1, 0, 1)
