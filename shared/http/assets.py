"""Files for browsers, which a service serves itself: compressed where that is taken, sent again only when changed."""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from fastapi import Request, Response

from shared.http.entity_tags import holds, tag_of

POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
"""Of every page: what it shows is its own, but for pictures that Swagger UI holds in its styles."""
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
METHODS = ["GET", "HEAD"]
ASKED_EACH_TIME = "no-cache"
"""A browser keeps it, and asks each time whether it still holds."""
NEVER_ASKED_AGAIN = "public, max-age=31536000, immutable"
"""For what stands under a version of its own."""
WORTH_IT = 512
"""Bytes from which compression is."""


@dataclass(frozen=True)
class Asset:
    """One file; `media_type` as in Content-Type."""

    content: bytes
    media_type: str

    @classmethod
    def read(cls, path: Path, renamed: Mapping[str, str] | None = None) -> "Asset":
        """The file, with some of its texts replaced; its type follows from its name."""
        content = path.read_bytes()
        for old, new in (renamed or {}).items():
            content = content.replace(old.encode(), new.encode())
        return cls(content, TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream")

    def answer(self, request: Request, caching: str = ASKED_EACH_TIME) -> Response:
        """The file, or 304 where the browser has it; of HEAD the server leaves the body out."""
        packed = len(self.content) >= WORTH_IT and _takes_gzip(request)
        content, tag = (self._packed, f'{self._tag[:-1]}-gzip"') if packed else (self.content, self._tag)
        headers = {**HEADERS, "ETag": tag, "Cache-Control": caching, "Vary": "Accept-Encoding"}
        if holds(", ".join(request.headers.getlist("if-none-match")), tag):
            return Response(status_code=304, headers=headers)
        encoding = {"Content-Encoding": "gzip"} if packed else {}
        return Response(content, headers=headers | encoding, media_type=self.media_type)

    @cached_property
    def _packed(self) -> bytes:
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def _tag(self) -> str:
        return tag_of(self.content)


TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".yaml": "application/yaml"}
"""Which a machine's own tables may lack."""


def version_of(folder: Mapping[str, Asset]) -> str:
    """Of several files that belong together: another one as soon as any of them changes."""
    parts = b"".join(name.encode() + b"\0" + sha256(asset.content).digest() for name, asset in sorted(folder.items()))
    return sha256(parts).hexdigest()[:12]


def _takes_gzip(request: Request) -> bool:
    """Tells that Accept-Encoding names gzip, and not to refuse it."""
    for entry in request.headers.get("accept-encoding", "").split(","):
        name, _, quality = entry.replace(" ", "").lower().partition(";q=")
        if name in ("gzip", "*"):
            return quality.strip("0.") != "" or quality == ""
    return False
