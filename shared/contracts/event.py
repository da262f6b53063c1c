"""The base of all events, a frozen model whose fields say how private they are, and the envelope it travels in."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, GetJsonSchemaHandler, PlainSerializer
from pydantic_core import CoreSchema
from typing_extensions import override

from shared.contracts.codes import RegionOfEvent

T = TypeVar("T")


class Privacy(StrEnum):
    """The distance that a field of an event may travel."""

    PUBLIC = "public"
    """A code, a rule, a count: may be published as it is."""
    PSEUDONYMOUS = "pseudonymous"
    """An id that leads to a person only through a service's own database: re-keyed in every regional feed."""
    SENSITIVE = "sensitive"
    """Of a special category (152-FZ, article 10): never enters a feed, only a suppressed aggregate."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "x-privacy": self.value}


Public = Annotated[T, Privacy.PUBLIC]
Pseudonymous = Annotated[T, Privacy.PSEUDONYMOUS]
Sensitive = Annotated[T, Privacy.SENSITIVE]

Timestamp = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat, return_type=str, when_used="json")]
"""RFC 3339 with the offset it was given in: the local day is read from it without a look-up."""


class Event(BaseModel):
    """A fact in the past tense. Its class attributes say what it is called, who emits it and what it is keyed by.

    Whoever builds one may give no field that it does not have; whoever reads one passes over those of a newer minor
    (`read`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    type: ClassVar[str]
    """`<subject>.<action>.v<major>`"""
    topic: ClassVar[str]
    """The owner's topic, without an installation's prefix."""

    @classmethod
    def read(cls, value: bytes) -> Self:
        """The event in a record's value; raises ValidationError."""
        return cls.model_validate_json(value, extra="ignore")

    @property
    def key(self) -> str:
        """The Kafka key: everything of one key stays in order."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """The aggregate that it happened to; `sequence` is contiguous within it."""
        return self.key


class ParticipantEvent(Event):
    """A fact of one pupil, with where the pupil belonged as known when it was decided."""

    participant: Pseudonymous[str]
    region: Public[RegionOfEvent]
    municipality: Public[str]
    school: Public[str]
    school_class: Public[str]
    """Grade and letter as the school writes it, for instance «7А»."""
    grade: Public[int]
    """6 to 11 in the programme; a season may say less."""

    @property
    @override
    def key(self) -> str:
        return self.participant


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event with its CloudEvents 1.0 attributes."""

    id: str
    """Unique within `source`: `<subject>:<sequence>`."""
    source: str
    """The service that emitted it, as `/registration`."""
    subject: str
    sequence: str
    """Ten digits, contiguous per subject from 1, to be compared only within a subject."""
    time: datetime
    """When it happened, with the region's offset."""
    recordedtime: datetime
    """When the server recorded it, UTC."""
    event: Event

    @property
    def day(self) -> date:
        """The local day on which it happened."""
        return self.time.date()
