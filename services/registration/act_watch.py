"""The watch of acts: how many a service has left open for longer than it may, as a metric to alert on."""

from typing_extensions import override

from services.registration.acts import Acts
from services.registration.domain.erasure import ANSWERED_WITHIN
from shared.base.telemetry import Metrics
from shared.storage.loops import DatabaseLoop
from shared.storage.outbox import Clock

LOOK_SECONDS = 15.0


class ActWatch(DatabaseLoop):
    """A loop that counts; several processes may, each counts the same."""

    name = "acts"
    pause_seconds = LOOK_SECONDS

    def __init__(self, acts: Acts, metrics: Metrics, clock: Clock) -> None:
        super().__init__("acts cannot be counted")
        self._acts = acts
        self._overdue = metrics.overdue_acts
        self._clock = clock

    @override
    async def step(self) -> None:
        """Counts once; where the database does not answer, the last count stands."""
        self._overdue.set(await self._acts.open_since(self._clock() - ANSWERED_WITHIN))
