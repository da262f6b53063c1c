"""The printed sheet of a trip: whatever a traveller needs can be read on it."""

from datetime import UTC, date, datetime

from services.registration.files.trip_sheet import NEEDS, Sheet, Traveller, printed
from tests.drivers.files import PDF, text_of

NOW = datetime(2020, 10, 1, tzinfo=UTC)


def test_all_needs_of_a_traveller_are_printed_however_many() -> None:
    many = Traveller("Колясов Кирилл", "p1", NOW, tuple(NEEDS))
    sheet = Sheet("Школа № 1", "7А", "Мастерская", date(2020, 10, 5), None, [many], NOW, tells_needs=True)
    seen = text_of(PDF, printed(sheet, NOW))
    for need in NEEDS.values():
        assert need in seen
    assert "…" not in seen
