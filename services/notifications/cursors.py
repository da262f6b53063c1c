"""The form of a cursor of notices: how far each pupil's have been seen, as an opaque word."""

from services.notifications.domain.notices import Numbers
from shared.http import cursors

INBOX, STREAM = 1, 2
"""The lists that have cursors: the one counts down, the other up."""
LIST = ""
"""Stands in a cursor for the list; no participant has an empty id. An earlier release reads over it."""


def encode(cursor: Numbers, of: int) -> str:
    """Returns a cursor of a list as a word."""
    return cursors.encode({LIST: of, **cursor})


def decode(word: str, of: int, field: str) -> dict[str, int]:
    """Returns the cursor of a word; raises BadInput about `field` for anything else, and for another list's.

    What an earlier release gave names no list.
    """
    cursor = cursors.decode(word)
    if not isinstance(cursor, dict) or not all(map(cursors.is_number, cursor.values())):
        raise cursors.refused(field)
    if cursor.pop(LIST, of) != of:
        raise cursors.refused(field)
    return cursor
