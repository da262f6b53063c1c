"""Codes that people give to what they define: the one place that says what each may be made of."""

from typing import Annotated

from pydantic import Field, StringConstraints

OrganisationCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,39}$")]
"""Of a region, a municipality or what lies in one: a region's stands in a topic's name, where `.` and `_` collide."""
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
"""Of anything else in a catalogue; no dot, dollar, colon or slash, since codes become fields, keys and addresses."""
SeasonCode = Code
VenueCode = Code
"""May equal the code of the venue's organisation."""
CompetencyCode = Code
DiagnosticCode = Code
SoughtCode = Annotated[str, Field(max_length=40, json_schema_extra={"x-form": "code"})]
"""Looked up among the codes of an instrument, and refused there by its place."""
