"""The answers of analytics as models: they describe what the routes render from sums and stored text by themselves."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from shared.base.models import Answer


class Stages(Answer):
    """Distinct pupils who reached each stage."""

    registered: int
    """Entered into the season by a school."""
    participated: int
    """Completed a diagnostic or attended an activity of any kind; a booking is not enough."""
    tested: int
    """Completed every diagnostic that the season requires."""
    attended: int
    """Attended one practical trial or more."""
    completed: int
    """Attended the season's number of trials and have a recommendation."""
    recommended: int
    """Have a recommendation in force."""
    guardians: int
    """Distinct guardians with a cabinet; they do not add up over rows, since one may have children in several."""


class FunnelRow(Stages):
    """One row of the dimension asked for, and the names of what it counts."""

    municipality: str | None = None
    """Code of the municipality; of rows by municipality, school and class."""
    school: str | None = None
    """Code of the school; of rows by school and class."""
    name: str | None = None
    """Name of the municipality or school, or its code where no name is known."""
    class_: str | None = Field(default=None, alias="class")
    """The class as its school writes it, for instance «7А»; of rows by class."""
    grade: int | None = None
    """6 to 11 in the programme; of rows by class and grade."""
    day: date | None = None
    """Local day of the region on which the pupils reached the stages; of rows by day."""


class Figures(Answer):
    """The question that figures answer, and the place in the log that they stand for."""

    season: str
    """Code of the season."""
    region: str
    """Code of the region."""
    as_of: date
    """Last local day of the region that the figures include; never a day to come."""
    position: dict[str, int]
    """How far the events were counted: `topic:partition` → offset of the next one."""


class Place(Answer):
    """A municipality by its code and name."""

    municipality: str
    """Its code."""
    name: str
    """Its name, or its code where no name is known."""


class Funnel(Figures, Stages):
    """Distinct pupils at each stage, over all that the token's scope reaches."""

    name: str
    """Name of the region."""
    municipalities: list[Place]
    """The only ones that the token's scope reaches; none where it reaches the whole region."""
    known_at: datetime
    """When the system gave this answer, on the region's clock."""
    method: str
    """Name and version of the way it is counted, for instance `funnel/1`."""
    rows: list[FunnelRow]
    """The same by the dimension asked for; a row of nothing but zeros is left out, and without `by` there is none."""


class Regions(Answer):
    """Every region in the token's scope."""

    season: str
    """Code of the season."""
    rows: list[Funnel]
    """A funnel without rows for each region, by code."""


class Ranked(Answer):
    """A municipality at its place."""

    rank: int
    """From 1; equal shares have equal ranks, and the next rank is left out (1, 2, 2, 4)."""
    municipality: str
    """Code of the municipality."""
    name: str
    """Name of the municipality, or its code where no name is known."""
    share: float
    """`completed` by `tested`, from 0 to 1; places are told by the exact fraction, not by this number."""
    completed: int
    """Pupils who completed the season."""
    tested: int
    """Pupils who completed every required diagnostic: the N of the share."""


class Ranking(Figures):
    """Municipalities by the share of the tested who completed the season, the largest first."""

    method: str
    """Name and version of the way it is ranked, for instance `ranking/1`."""
    min_n: int
    """Least number of tested pupils that a municipality needs to be ranked."""
    rows: list[Ranked]
    """Equal shares in order of the code."""


class Demanded(Answer):
    """How a competency was met with."""

    competency: str
    """Code of the competency."""
    name: str
    """Name of the competency, or its code where no name is known."""
    attended: int
    """Attendances of practical trials in it, revoked ones left out."""
    booked: int
    """Bookings of practical trials in it, cancelled ones left out."""


class Competencies(Figures):
    """Competencies by attendances of trials, the most attended first."""

    approved: int
    """Competencies in the nation's catalogue."""
    total: int
    """Competencies that have an attendance or a booking, also beyond `top`."""
    rows: list[Demanded]
    """The first `top` of them."""


class FeedEvent(Answer):
    """One event of a region's log: a CloudEvent 1.0 in JSON form, with its place in the log."""

    seq: int
    """Number in the log, contiguous from 1 within an epoch."""
    epoch: int
    """Which log it is: the instant of its opening in milliseconds since 1970."""
    specversion: str
    """Version of CloudEvents: `1.0`."""
    id: str
    """Id of the event, of this region and epoch alone: the same event has another one elsewhere."""
    source: str
    """The service that emitted it, for instance `/trials`."""
    type: str
    """`<subject>.<action>.v<major>`, for instance `trial.attended.v1`; tells the shape of `data`."""
    subject: str
    """What it happened to; a person's id is of this region and epoch alone."""
    time: datetime
    """When it happened, with the region's offset."""
    recordedtime: datetime
    """When the server recorded it, UTC."""
    sequence: str
    """Ten digits, contiguous per subject where the event was emitted, to be compared only within a subject."""
    data: dict[str, Any]
    """The event's fields without sensitive ones; their schemas by type are in the AsyncAPI document."""


class FeedPage(Answer):
    """Events behind a cursor, in order of their numbers."""

    epoch: int
    """Which log it is; another epoch is another log, read from its start."""
    events: list[FeedEvent]
    """None where nothing lies behind the cursor yet."""
    next: str
    """Cursor behind the last of these events: `after` of the next page."""
    watermark: int
    """Number of the newest event in the log; it never falls within an epoch."""
    position: dict[str, int]
    """How far the log was written: `topic:partition` → offset of the next event."""
