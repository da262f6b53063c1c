"""JSON logs that carry ids and never payloads, and the catalogue of metrics."""

import logging
import sys
import time
import traceback
from collections.abc import Iterator

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

logger: structlog.stdlib.BoundLogger = structlog.get_logger()

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def configure_logs(service: str, role: str, level: str) -> None:
    """One JSON object a line on stdout, each with the service and the role; libraries only speak to warn."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_words,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    structlog.contextvars.bind_contextvars(service=service, role=role)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it logs at every try is raised as well
    logging.basicConfig(
        stream=sys.stdout, level=logging.ERROR, format='{"level": "%(levelname)s", "event": "%(name)s"}'
    )


def _without_words(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Writes an error as the places that it came through, and its type.

    Its words are left out: what did not fit is repeated in them, a name for instance.
    """
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["exception"] = "".join(_places(error))
    return event


def _places(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _places(before)
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _places(part)


class Trouble:
    """Something that goes wrong again and again: each reason is logged once until it is over, and so is its end."""

    def __init__(self, event: str, **about: str) -> None:
        self._event = event
        self._about = about
        self.reason: str | None = None
        """What is wrong now."""
        self._told: set[str] = set()
        self._since = 0.0

    @property
    def seconds(self) -> float:
        """For how long something has been wrong; 0 where nothing is."""
        return 0.0 if self.reason is None else time.monotonic() - self._since

    def met(self, reason: str) -> None:
        """It is there."""
        if reason not in self._told:
            logger.warning(self._event, reason=reason, **self._about)
        if self.reason is None:
            self._since = time.monotonic()
        self.reason = reason
        self._told.add(reason)

    def over(self) -> None:
        """It is not there, or not any more."""
        if self.reason is not None:
            logger.info(self._event, over=self.reason, **self._about)
        self.reason = None
        self._told.clear()


class Metrics:
    """Every metric that a process exports; a name is here or nowhere."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        group = ["group"]
        self.outbox_pending = Gauge(
            "bilet_outbox_pending", "Rows that the relay saw at its last poll, at most one batch", registry=own
        )
        self.relay_published = Counter("bilet_relay_published", "Records acknowledged by the broker", registry=own)
        self.records = Counter("bilet_consumer_records", "Records whose effects are committed", group, registry=own)
        self.dead_letters = Counter(
            "bilet_consumer_dead_letters", "Records put aside as unreadable", group, registry=own
        )
        self.retries = Counter("bilet_consumer_retries", "Polls tried again after a failure", group, registry=own)
        about = "From a poll's first record in hand to its effects committed"
        self.poll_seconds = Histogram("bilet_consumer_poll_seconds", about, group, buckets=SECONDS, registry=own)
        about = "Records known to be at the broker and not handled"
        self.lag = Gauge("bilet_consumer_lag", about, group, registry=own)
        about = "For how long a group or a loop has made no progress though there is work"
        self.waiting = Gauge("bilet_waiting_seconds", about, ["part"], registry=own)
        about = "Partitions that stand at a batch that cannot be read"
        self.unreadable = Gauge("bilet_consumer_unreadable_partitions", about, group, registry=own)
        about = "Acts of erasure that a service has left open for more than an hour"
        self.overdue_acts = Gauge("bilet_registration_overdue_acts", about, registry=own)
        self.requests = Counter("bilet_http_requests", "Answers by route and status", ["route", "status"], registry=own)
        about = "From a request's arrival to its answer's first byte"
        self.request_seconds = Histogram("bilet_http_request_seconds", about, ["route"], buckets=SECONDS, registry=own)
