"""A valid request, and what its answer may tell to whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Requests = Mapping[str, "Request"]


@dataclass(frozen=True)
class Request:
    """Path and body, and what an answer tells to those alone who are inside."""

    path: str
    body: Any = None
    sign: str = ""
    media_type: str = ""
    """Of a body that is a file."""
    beyond: str = ""
    """And to those alone who see the sibling municipality too."""
    tells: tuple[str, ...] = ()
    """Of a person, to those inside who see nobody elsewhere."""

    def says(self, text: str) -> bool:
        """Whether the request itself has it."""
        return text in f"{self.path} {self.body}"
