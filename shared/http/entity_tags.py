"""Entity tags (RFC 9110): a client that has an answer already is told so instead of being sent it again."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header, Response
from pydantic import BaseModel

CACHED = {"Cache-Control": "private, no-cache"}
"""A client may keep the answer, and asks each time whether it still holds."""
_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7E\x80-\xFF]*)"[ \t]*(?=,|$)')


def tag_of(content: bytes) -> str:
    """A strong tag: the same content has the same."""
    return f'"{sha256(content).hexdigest()[:24]}"'


def holds(if_none_match: str, tag: str) -> bool:
    """Tells that an `If-None-Match` names the tag, compared weakly; entries that are no tags count for nothing."""
    if if_none_match.strip(" \t") == "*":
        return True
    return _opaque(tag) in map(_opaque, _tags(if_none_match))


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")


def _tags(listed: str) -> Iterator[str]:
    place = 0
    while place < len(listed):
        if listed[place] in " \t,":
            place += 1
        elif found := _TAG.match(listed, place):
            yield found[0].rstrip(" \t")
            place = found.end()
        else:
            comma = listed.find(",", place)
            place = len(listed) if comma < 0 else comma


@dataclass(frozen=True, slots=True)
class Conditional:
    """The answers that the client says it has."""

    if_none_match: str

    def knows(self, tag: str) -> bool:
        """Tells that the client has the answer with this tag."""
        return holds(self.if_none_match, tag)

    def answer(
        self, content: BaseModel | bytes, tag: str | None = None, caching: Mapping[str, str] = CACHED
    ) -> Response:
        """200 with a JSON content and its tag, or 304 where the client has it."""
        body = content if isinstance(content, bytes) else content.model_dump_json(by_alias=True).encode()
        tag = tag or tag_of(body)
        if self.knows(tag):
            return unchanged(tag, caching)
        return Response(body, media_type="application/json", headers={"ETag": tag, **caching})


def unchanged(tag: str, caching: Mapping[str, str] = CACHED) -> Response:
    """304 with the headers that a 200 would have."""
    return Response(status_code=304, headers={"ETag": tag, **caching})


async def _conditional(if_none_match: Annotated[list[str] | None, Header()] = None) -> Conditional:
    return Conditional(", ".join(if_none_match or ()))


Known = Annotated[Conditional, Depends(_conditional)]
"""A route's parameter: the tags that the client has."""
