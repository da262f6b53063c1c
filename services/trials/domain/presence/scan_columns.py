"""The columns of a sheet of scans, by the titles above them. Data."""

from collections.abc import Mapping, Sequence

from shared.tables.columns import Columns

TITLES: Mapping[str, Sequence[str]] = {
    "token": ["Код", "Пропуск", "Код участника", "QR-код", "Code", "Pass"],
    "slot": ["Слот", "Код слота", "Занятие", "Slot"],
    "occurred_at": ["Время", "Дата и время", "Время входа", "Отсканирован", "Scanned at", "Time"],
}
SCANS = Columns(TITLES, (("token",), ("occurred_at",)))
