"""The language in which people are answered."""

import pytest

from shared.base.languages import best_of


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "ru"),
        ("", "ru"),
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("ru;q=0.2, en;q=0.7", "en"),
        ("de,fr;q=0.5", "ru"),
        ("en;q=0", "ru"),
        ("en;q=x", "ru"),
    ],
)
def test_the_reader_s_language_is_chosen_russian_by_default(accepted: str | None, language: str) -> None:
    assert best_of(accepted) == language
