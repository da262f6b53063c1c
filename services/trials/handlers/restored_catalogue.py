"""The catalogue of a restored database, as events of before tell of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from services.trials.domain import restoring
from services.trials.repository import Repository
from shared.contracts.event import Envelope, Event
from shared.contracts.trials import CompetencyApproved, SeasonClosed, SeasonDefined, SlotOpened, VenueRegistered
from shared.storage.decision import Aggregate
from shared.storage.losses import Loss
from shared.storage.mongo import Transaction
from shared.storage.repository import Repository as Aggregates

S = TypeVar("S", bound=Aggregate)
KINDS: Mapping[type[Event], str] = {
    SeasonDefined: "season/",
    SeasonClosed: "season/",
    CompetencyApproved: "competency/",
    VenueRegistered: "venue/",
    SlotOpened: "slot/",
}
"""The begin of the subjects of each event."""


class RestoredCatalogue:
    """Seasons, competencies, venues and slots."""

    kinds = tuple(KINDS.values())

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._states: Mapping[str, Aggregates[Any]] = {
            "season/": repository.seasons,
            "competency/": repository.competencies,
            "venue/": repository.venues,
            "slot/": repository.slots,
        }

    async def sequences(self, subjects: Collection[str], tx: Transaction) -> dict[str, int]:
        """Returns the last sequences of those among the subjects that are known."""
        known: dict[str, int] = {}
        for kind, states in self._states.items():
            codes = [subject.removeprefix(kind) for subject in subjects if subject.startswith(kind)]
            known |= {kind + code: state.sequence for code, state in (await states.load(codes, tx)).items()}
        return known

    async def apply(self, events: Sequence[Envelope], tx: Transaction) -> list[Loss]:
        """Brings it to where it was; returns slots that may have had a name of the venue's own."""
        told = [envelope for envelope in events if type(envelope.event) in KINDS]
        if not told:
            return []
        codes = [envelope.subject.partition("/")[2] for envelope in told]
        venues = await self._repository.venues.load(
            [*codes, *(one.event.venue for one in told if isinstance(one.event, SlotOpened))], tx
        )
        seasons = await self._repository.seasons.load(codes, tx)
        slots = await self._repository.slots.load(codes, tx)
        found: dict[str, Aggregate] = {}
        for one in told:
            match one.event:
                case SeasonDefined() as event:
                    found[one.subject] = seasons[event.season] = restoring.season(seasons.get(event.season), one, event)
                case SeasonClosed() as event:
                    found[one.subject] = seasons[event.season] = restoring.closed(seasons[event.season], one)
                case CompetencyApproved() as event:
                    found[one.subject] = restoring.competency(one, event)
                case VenueRegistered() as event:
                    found[one.subject] = venues[event.venue] = restoring.venue(venues.get(event.venue), one, event)
                case SlotOpened() as event:
                    found[one.subject] = restoring.slot(slots.get(event.slot), one, event, venues.get(event.venue))
        for kind, states in self._states.items():
            await states.restore([state for subject, state in found.items() if subject.startswith(kind)], tx)
        return [Loss(one, "ref") for one in told if isinstance(one.event, SlotOpened)]
