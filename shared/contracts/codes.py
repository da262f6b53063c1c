"""Codes that people give to what they define: the one place that says what each may be made of."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

ORGANISATION = r"^[A-Za-z0-9][A-Za-z0-9-]{1,39}$"
WHOLE_ORGANISATION = re.compile(ORGANISATION[1:-1])
"""For `fullmatch`: `$` would let a line's end through."""
OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")
OrganisationCode = Annotated[str, StringConstraints(pattern=ORGANISATION)]
"""Of a region, a municipality or what lies in one: a region's stands in a topic's name, where `.` and `_` collide."""
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
"""Of anything else in a catalogue; no dot, dollar, colon or slash, since codes become fields, keys and addresses."""
SeasonCode = Code
ExceptionReason = Literal["illness", "late-papers", "technical", "other"]
"""Why an operator lets be recorded what a season's dates, deadlines or limits stand against."""
VenueCode = Code
"""May equal the code of the venue's organisation."""
CompetencyCode = Code
DiagnosticCode = Code
SoughtCode = Annotated[str, Field(max_length=40, json_schema_extra={"x-form": "code"})]
"""Looked up among the codes of an instrument, and refused there by its place."""


@lru_cache(256)  # every event names one of a few regions
def _names_a_topic(code: str) -> str:
    if not WHOLE_ORGANISATION.fullmatch(code):
        raise ValueError("is no code of a region")
    return code


def _is_an_offset(text: str) -> str:
    if not OFFSET.fullmatch(text):
        raise ValueError("is no offset such as +03:00")
    datetime.fromisoformat(f"2000-01-01T00:00:00{text}")
    return text


RegionOfEvent = Annotated[str, AfterValidator(_names_a_topic)]
"""In an event: what names a region's feed. The schema says no more than text, as it was frozen."""
OffsetOfEvent = Annotated[str, AfterValidator(_is_an_offset)]
"""In an event: a region's offset from UTC, `+03:00`, as local days are reckoned with it."""
