"""Consent documents that the nation publishes: a guardian agrees to one of them in the own cabinet."""

from typing import Annotated

from pydantic import Field

from shared.base.models import Input
from shared.programme.texts import Title


class DocumentEntry(Input):
    """A consent document, as the national operator publishes it."""

    title: Title
    """The document's title, in Russian."""
    url: Annotated[str, Field(pattern=r"^https://[!-~]+$", max_length=500)]
    """The address of its text, for everyone to read."""
