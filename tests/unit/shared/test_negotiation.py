"""The media type of an answer, as the request likes it best."""

import pytest

from shared.base.errors import NotAcceptable
from shared.http.negotiation import best_media

OFFERED = ("application/json", "text/csv", "application/pdf")


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/csv"),
        ("TEXT/CSV; header=present", "text/csv"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv;q=0.4, application/pdf;q=0.5", "application/pdf"),
        ("application/json;q=0, */*", "text/csv"),
        ("application/*, application/json;q=0.2", "application/pdf"),
        ("application/json;q=2, text/csv;q=0.1", "text/csv"),
    ],
)
def test_the_best_liked_is_chosen_and_of_several_the_first(accept: str, media: str) -> None:
    assert best_media(accept, OFFERED) == media


@pytest.mark.parametrize("accept", ["text/html", "*/*;q=0", "text/csv;q=nan", "image/*;q=1"])
def test_where_none_is_taken_there_is_no_answer(accept: str) -> None:
    with pytest.raises(NotAcceptable, match="application/pdf"):
        best_media(accept, OFFERED)
