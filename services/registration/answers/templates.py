"""Templates of consents as they are shown."""

from datetime import datetime

from services.registration.domain.templates import Purpose, Template
from shared.base.models import Answer
from shared.http.paging import Page


class TemplateView(Answer):
    """A template without its text."""

    season: str
    """Code of the season."""
    region: str
    """Code of the region."""
    version: str
    """Version, unique within both."""
    purpose: Purpose
    """`participation` in the season, or `health`: what a pupil needs of a place, which trials is told of."""
    title: str
    """The template's title, in Russian."""
    digest: str
    """SHA-256 of the text's UTF-8, by which a consent names it."""
    days: int | None
    """Term of a consent in days, with the day on which it is given; null where it ends with the season's last day."""
    since: datetime
    """The time from which it is in force, UTC; of several the newest is the one that is meant."""
    used: bool
    """True once somebody has consented to it, and of the purpose `health` at once: it no longer changes."""

    @classmethod
    def of(cls, template: Template) -> "TemplateView":
        """The view of one template."""
        return cls(**template.model_dump(exclude={"text"}))


class TemplateTextView(TemplateView):
    """A template with its text."""

    text: str | None
    """The text, as it was sent; null where the digest alone was."""

    @classmethod
    def whole(cls, template: Template) -> "TemplateTextView":
        """The view of one template with its text."""
        return cls(**template.model_dump())


class TemplatePage(Page[TemplateView]):
    """Templates by season, region and version."""
