"""Pupils whom trials knows, for benchmarks of what they do."""

from services.trials.collections import PARTICIPANTS
from shared.contracts.registration import ConsentGiven
from tests.builders.events import PLACE, registered
from tests.drivers.trials import Trials

AT_ONCE = 1_000


async def entered(trials: Trials, pupils: list[str], season: str = "2020") -> None:
    """Returns once the pupils are known in a season, with their consents."""
    consent = {**PLACE, "version": "1", "channel": "paper"}
    for begin in range(0, len(pupils), AT_ONCE):
        some = pupils[begin : begin + AT_ONCE]
        await trials.publish(*(registered(id, season=season) for id in some))
        await trials.publish(*(ConsentGiven(**{**consent, "participant": id}) for id in some))
    await trials.know({"_id": {"$in": pupils}, "consent": True}, len(pupils), PARTICIPANTS)
