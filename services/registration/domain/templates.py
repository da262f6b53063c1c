"""Templates of consents: the texts that a region's families consent to in a season, each known by its digest. Pure.

A consent that names a template cannot be said later to have been one to another text.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.base.wording import worded
from shared.contracts.registration import ConsentChannel
from shared.programme.moments import Day, Moment
from shared.programme.texts import Digest, Document, Ref, Title, Version

MOST_VERSIONS = 100
"""Of a region in a season."""
MOST_DAYS = 3_660
"""Ten years: longer than a pupil is one."""
Purpose = Literal["participation", "health"]


def digest_of(text: str) -> str:
    """Returns the digest of a text's UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


class TemplateEntry(Input):
    """A template, as an operator defines it: by its text, or by the digest of one that is kept elsewhere."""

    version: Version
    """Unique within the region and the season."""
    purpose: Purpose = "participation"
    """`participation` in the season, or `health`: to the processing of what a pupil needs of a place."""
    title: Title
    """The template's title, in Russian."""
    text: Document | None = None
    """The text, as families read it; it is kept as it is sent."""
    digest: Digest | None = None
    """SHA-256 of the text's UTF-8, 64 hexadecimal digits; it may be left out where the text is there."""
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None
    """Term of a consent in days, with the day on which it is given; left out, it ends with the season's last day."""
    occurred_at: Moment | None = None
    """The time from which it is in force, RFC 3339 with an offset, not in the future; now where it is left out."""

    @field_validator("digest")
    @classmethod
    def _is_of_the_text(cls, digest: str | None, read: ValidationInfo) -> str | None:
        text = read.data.get("text")
        if digest is not None and text is not None and digest != digest_of(text):
            raise PydanticCustomError("other_text", "is not the digest of the text")
        return digest

    @model_validator(mode="after")
    def _has_a_text(self) -> Self:
        if self.text is None and self.digest is None:
            raise PydanticCustomError("no_text", "needs `text` or `digest`")
        return self

    @field_validator("days")
    @classmethod
    def _of_participation(cls, days: int | None, read: ValidationInfo) -> int | None:
        if days is not None and read.data.get("purpose") == "health":
            raise PydanticCustomError("term_of_health", "is of participation, with which a consent to health ends")
        return days


class Template(BaseModel):
    """A template of a region and a season; it no longer changes once somebody has consented to it.

    Who consents to one of the purpose `health` is known to trials alone, so that such a one never changes.
    """

    model_config = ConfigDict(frozen=True)

    region: str
    season: str
    version: str
    purpose: Purpose = "participation"
    title: str
    text: str | None = None
    digest: str
    days: int | None = None
    since: datetime
    used: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The template of a stored row."""
        return cls.model_validate(row)

    def until(self, given: datetime, closes: date) -> datetime:
        """Returns the end of a consent: the midnight behind its last day, on the clock of the time it was given."""
        last = closes if self.days is None else given.date() + timedelta(days=self.days - 1)
        return _behind(last, given)


def define(
    known: Template | None, entry: TemplateEntry, where: tuple[str, str], since: datetime, versions: int
) -> Template:
    """Returns the template of an entry; `where` is its season and region, and `versions` how many these have.

    The same again is as before. Raises Conflict for a change of one that was used, and for too many.
    """
    season, region = where
    said = {
        **entry.model_dump(exclude={"occurred_at"}),
        "digest": entry.digest or digest_of(entry.text or ""),
        "season": season,
        "region": region,
    }
    if known is not None:
        same = known.model_dump(include=set(said)) == said
        if same and (entry.occurred_at is None or known.since == since):
            return known
        if known.used:
            detail = f"somebody has consented to version {entry.version}: define another version"
            raise Conflict.about("version", detail, "template-used")
    elif versions >= MOST_VERSIONS:
        raise Conflict(f"the region has {MOST_VERSIONS} templates in this season", slug="too-many-templates")
    return Template(**said, since=since, used=entry.purpose == "health")


class ConsentWords(Input):
    """The words of a consent that are the same wherever one is entered."""

    version: Version | None = None
    """Version of the document that was consented to. Where the region has a template then, it is one of its versions,
    and may be left out for the newest; else it is required, and a guardian's own is that of a published document."""
    template: Digest | None = None
    """SHA-256 of the template that was consented to, 64 hexadecimal digits; left out, it is the newest in force then,
    of the version that is named, if any."""
    register_number: Ref | None = None
    """Number under which the school keeps a consent on paper; it is required where the region has a template then."""
    last_day: Day | None = None
    """The last day on which it is in force, as `2021-05-31`, where it is to end before the template says."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The document of a consent, and its end; what a template adds is missing where there is none."""

    version: str
    template: str | None = None
    until: datetime | None = None


class Templates:
    """The templates of regions in some seasons, with the last day of each season."""

    def __init__(self, known: Iterable[Template] = (), closes: Mapping[str, date] | None = None) -> None:
        self._known = sorted(known, key=lambda template: (template.since, template.version))
        self._closes = closes or {}

    def agreed(
        self, words: ConsentWords, channel: ConsentChannel, region: str, seasons: Iterable[str], given: datetime
    ) -> Agreed:
        """Returns what was agreed to in a region by a pupil of seasons at a time on the region's clock.

        Raises BadInput by the words of the consent.
        """
        if words.register_number is not None and channel != "paper":
            raise BadInput.field("register_number", "is that of a consent on paper: this one was given otherwise")
        if words.last_day is not None and words.last_day < given.date():
            raise BadInput.field("last_day", "lies before the day on which it was given")
        asked = set(seasons)
        of_region = (t for t in self._known if t.region == region and t.purpose == "participation")
        there = [t for t in of_region if t.season in asked and self._is_in_force(t, given)]
        own_end = None if words.last_day is None else _behind(words.last_day, given)
        template = _chosen(there, words)
        if template is None:
            if words.version is None:
                raise BadInput.field("version", "is required: the region had no template then")
            return Agreed(words.version, until=own_end)
        if channel == "paper" and words.register_number is None:
            raise BadInput.field("register_number", "is required: the number under which the school keeps the paper")
        end = template.until(given, self._closes[template.season])
        return Agreed(template.version, template.digest, end if own_end is None else min(end, own_end))

    def _is_in_force(self, template: Template, given: datetime) -> bool:
        closes = self._closes.get(template.season)
        is_open = closes is not None and (template.days is not None or given.date() <= closes)
        return is_open and template.since <= given


NO_TEMPLATES = Templates()
"""Of a region that has defined none."""


def _chosen(there: Sequence[Template], words: ConsentWords) -> Template | None:
    """The newest of the templates that fit the words; None where none is there. Raises BadInput where none fits."""
    fits = [t for t in there if words.template in (None, t.digest)]
    if words.template is not None and not fits:
        raise BadInput.field("template", "is the digest of no template that the region had then")
    of_version = [t for t in fits if words.version in (None, t.version)]
    if fits and not of_version:
        known = ", ".join(dict.fromkeys(t.version for t in fits))
        raise BadInput.field("version", worded("is of no template that the region had then: {known}", known=known))
    return of_version[-1] if of_version else None


def _behind(day: date, given: datetime) -> datetime:
    """The first instant behind a day, on the clock of a time."""
    return datetime.combine(day + timedelta(days=1), time.min, given.tzinfo)
