"""The HTTP protocol of a process: uvicorn's own, with bounds on the head of a request, and errors in the one form."""

import asyncio
import json
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.base.errors import HeadTooLarge, MalformedRequest, ServiceError, TooSlow, UrlTooLong

KIB = 1024
LONGEST_URL = 8 * KIB
LARGEST_HEAD = 32 * KIB
"""Bytes of the address and all headers."""
LINGER_SECONDS = 1.0


class Protocol(HttpToolsProtocol):
    """One connection.

    The head of a request has to be there within `head_seconds` and `LARGEST_HEAD` bytes. The rest of a body that was
    answered before it was read is thrown away, for as long at most.
    """

    head_seconds = 10.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for the first request."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        self._head_size = 0
        self._in_head = self._in_body = self._refused = False
        self._arm(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the deadline."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses what came; a head that is not complete yet is measured and timed."""
        if self._refused:
            return
        super().data_received(data)
        if not self._in_head or self._refused:
            return
        self._head_size += len(data)
        if self._head_size > LARGEST_HEAD:
            self._refuse(self._too_large())
        elif self._deadline is None:
            self._arm(self.head_seconds)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head_size = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there, and is answered; a body may follow."""
        self._disarm()
        self._in_head, self._in_body = False, True
        size = len(self.url) + sum([len(name) + len(value) for name, value in self.headers])
        served = self.app
        if size > LARGEST_HEAD or len(self.url) > LONGEST_URL:
            self.app = _answering(self._too_large())
            self.url = b"/"  # a longer one may not even be parsed
        super().on_headers_complete()
        self.app = served

    def on_message_complete(self) -> None:
        """The body is there."""
        self._disarm()
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The request is answered, perhaps before its body was there."""
        super().on_response_complete()
        if self._in_body and not self.transport.is_closing():
            self._arm(self.head_seconds)

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP."""
        self._refuse(MalformedRequest("this is not a request of HTTP/1.1"))

    def _too_large(self) -> ServiceError:
        return UrlTooLong.beyond(LONGEST_URL) if len(self.url) > LONGEST_URL else HeadTooLarge.beyond(LARGEST_HEAD)

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._in_head and not self._refused:
            self._refuse(TooSlow(f"the headers were not there within {self.head_seconds:g} seconds"))
        else:
            self.transport.close()

    def _refuse(self, error: ServiceError) -> None:
        """Answers for the application, unless it has begun to, and ends the connection.

        What the sender is still sending is thrown away for a moment: a connection that is closed on it at once would
        take the answer along.
        """
        begun = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if begun or self.transport.is_closing():
            self.transport.close()
            return
        body = json.dumps(error.problem()).encode()
        head = b"content-type: application/problem+json\r\ncontent-length: %d\r\n" % len(body)
        self.transport.write(STATUS_LINE[error.status] + head + b"connection: close\r\n\r\n" + body)
        self.transport.write_eof()
        if self.cycle is not None:
            self.cycle.disconnected = True  # what the application still answers goes nowhere
            self.cycle.message_event.set()
        self._refused = True
        self._arm(LINGER_SECONDS)


def _answering(error: ServiceError) -> Any:
    """An application that answers with the error and reads nothing."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = json.dumps(error.problem()).encode()
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": error.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
