"""Staff in the database: the accounts that were seen, and those that were put out, also in the copy of all services."""

from collections.abc import Iterable, Sequence

from services.registration.collections import EXCLUDED, STAFF
from services.registration.domain.staff import Exclusion, Presence
from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.contracts.staff import StaffExcluded
from shared.storage.decision import Decision
from shared.storage.exclusions import Exclusions, Told
from shared.storage.mongo import Mongo, Transaction
from shared.storage.outbox import Outbox
from shared.storage.repository import Repository as Aggregates


class Staff:
    """The accounts of staff, by their ids alone."""

    def __init__(self, mongo: Mongo, outbox: Outbox) -> None:
        self._seen = mongo[STAFF]
        self._excluded = mongo[EXCLUDED]
        self._exclusions = Aggregates(mongo, outbox, EXCLUDED, Exclusion)
        self._copy = Exclusions(mongo)

    async def seen(self, account: str, tx: Transaction) -> list[Presence]:
        """The grants with which an account was seen."""
        rows = await self._seen.find({"account": account}, session=tx).to_list(None)
        return [Presence.model_validate(row) for row in rows]

    async def exclusion(self, id: str, tx: Transaction) -> Exclusion | None:
        """An exclusion that is in force or was once."""
        return (await self._exclusions.load([id], tx)).get(id)

    async def known(self, ids: Iterable[str], tx: Transaction) -> dict[str, Exclusion]:
        """The exclusions that exist among `ids`."""
        return await self._exclusions.load(ids, tx)

    async def restore(self, states: Sequence[Exclusion], told: Iterable[Envelope], tx: Transaction) -> None:
        """Stores exclusions as events of before have told them, also in the copy."""
        await self._exclusions.restore(states, tx)
        await self._copy.learn(told, tx)

    async def exclusions(self, organisation: str, tx: Transaction) -> int:
        """Counts the accounts that were ever put out of an organisation."""
        return await self._excluded.count_documents({"organisation": organisation}, session=tx)

    async def keep(self, decision: Decision[Exclusion], tx: Transaction) -> None:
        """Stores an exclusion, its events, and what the processes of this service follow.

        Whoever changes another one meanwhile conflicts: they are counted one after the other.
        """
        await self._exclusions.save([decision], tx)
        told = [
            Told(
                one.event.subject,
                decision.state.account,
                decision.state.organisation,
                isinstance(one.event, StaffExcluded),
                f"{number:0{wire.SEQUENCE_DIGITS}}",
            )
            for number, one in enumerate(decision.happened, decision.state.sequence + 1)
        ]
        await self._copy.keep(told, tx)
