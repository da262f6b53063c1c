"""Consent documents as they are shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.base.models import Answer
from shared.http.paging import Page


class DocumentView(Answer):
    """A published consent document; it never changes."""

    version: str
    """Its version, which a consent names."""
    title: str
    """The document's title, in Russian."""
    url: str
    """The address of its text, for everyone to read."""
    published_at: datetime
    """The time when the server published it, UTC."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "DocumentView":
        """The document of a stored row."""
        return cls(version=row["_id"], title=row["title"], url=row["url"], published_at=row["published_at"])


DocumentPage = Page[DocumentView]
