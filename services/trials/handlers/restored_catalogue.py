"""The catalogue of a restored database, as events of before tell of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from services.trials.domain.calendar import restored_seasons
from services.trials.domain.money.payment_acts import PaymentAct, restored_act, restored_lines
from services.trials.domain.path import restoring
from services.trials.domain.places.applications import ApplicationState, HistoryStep, application_id, of_venue
from services.trials.domain.places.venues import Venue
from services.trials.repository import Repository
from shared.contracts.event import Envelope, Event
from shared.contracts.payments import ActPaid, ActSigned, PaymentActEvent
from shared.contracts.quotas import QuotaMoved, QuotaSet
from shared.contracts.revisions import SeasonCorrected
from shared.contracts.terms import SeasonRevised
from shared.contracts.timetables import SlotClosed, SlotMoved, SlotResized
from shared.contracts.trials import SeasonClosed, SeasonDefined, SeasonEvent, SlotEvent, SlotOpened
from shared.contracts.venues import CompetencyApproved, ProgrammeDefined, VenueRegistered, VenueWithdrawn
from shared.storage.decision import Aggregate
from shared.storage.losses import Loss
from shared.storage.mongo import Transaction
from shared.storage.repository import Repository as Aggregates

S = TypeVar("S", bound=Aggregate)
KINDS: Mapping[type[Event], str] = {
    SeasonDefined: "season/",
    SeasonClosed: "season/",
    SeasonCorrected: "season/",
    SeasonRevised: "season/",
    CompetencyApproved: "competency/",
    ProgrammeDefined: "programme/",
    VenueRegistered: "venue/",
    VenueWithdrawn: "venue/",
    SlotOpened: "slot/",
    SlotMoved: "slot/",
    SlotResized: "slot/",
    SlotClosed: "slot/",
    ActSigned: "payment-act/",
    ActPaid: "payment-act/",
    QuotaSet: "quota/",
    QuotaMoved: "quota/",
}
"""The begin of the subjects of each event."""


class RestoredCatalogue:
    """Seasons, competencies, programmes, venues, slots, the ledger of quotas and acts for payment."""

    kinds = tuple(dict.fromkeys(KINDS.values()))

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._states: Mapping[str, Aggregates[Any]] = {
            "season/": repository.seasons,
            "competency/": repository.competencies,
            "programme/": repository.programmes,
            "venue/": repository.venues,
            "slot/": repository.slots,
            "payment-act/": repository.payments.acts,
            "quota/": repository.ledger.entries,
        }

    async def sequences(self, subjects: Collection[str], tx: Transaction) -> dict[str, int]:
        """Returns the last sequences of those among the subjects that are known."""
        known: dict[str, int] = {}
        for kind, states in self._states.items():
            codes = [subject.removeprefix(kind) for subject in subjects if subject.startswith(kind)]
            known |= {kind + code: state.sequence for code, state in (await states.load(codes, tx)).items()}
        return known

    async def apply(self, events: Sequence[Envelope], tx: Transaction) -> list[Loss]:
        """Brings it to where it was; returns what no event tells."""
        told = [envelope for envelope in events if type(envelope.event) in KINDS]
        if not told:
            return []
        codes = [envelope.subject.partition("/")[2] for envelope in told]
        hosts = [one.event.venue for one in told if isinstance(one.event, SlotOpened)]
        venues = await self._repository.venues.load([*codes, *hosts], tx)
        seasons = await self._repository.seasons.load(codes, tx)
        slots = await self._repository.slots.load(codes, tx)
        programmes = await self._repository.programmes.load(codes, tx)
        found: dict[str, Aggregate] = {**await self._acts(told, tx)}
        for one in told:
            match one.event:
                case SeasonEvent(season=code) as event:
                    found[one.subject] = seasons[code] = restored_seasons.told(seasons.get(code), one, event)
                case CompetencyApproved():
                    found[one.subject] = restoring.competency(one, one.event)
                case ProgrammeDefined(programme=code) as event:
                    found[one.subject] = programmes[code] = restoring.programme(programmes.get(code), one, event)
                case VenueWithdrawn() as event if event.venue in venues:
                    await self._answered(one, event, venues[event.venue], tx)
                    found[one.subject] = venues[event.venue] = restoring.withdrawn(venues[event.venue], one, event)
                case VenueRegistered() as event:
                    found[one.subject] = venues[event.venue] = restoring.venue(venues.get(event.venue), one, event)
                    await self._answered(one, event, venues[event.venue], tx)
                case SlotOpened() as event:
                    slots[event.slot] = restoring.slot(slots.get(event.slot), one, event, venues.get(event.venue))
                    found[one.subject] = slots[event.slot]
                case SlotEvent() as event if event.slot in slots:
                    found[one.subject] = slots[event.slot] = restoring.changed_slot(slots[event.slot], one, event)
        await self._repository.ledger.restore(restoring.quota_entries(told), tx)
        for kind, states in self._states.items():
            await states.restore([state for subject, state in found.items() if subject.startswith(kind)], tx)
        return [Loss(one, word) for one in told if (word := _lacking(one)) is not None]

    async def _acts(self, told: Sequence[Envelope], tx: Transaction) -> dict[str, PaymentAct]:
        """Returns acts as far as they are told, by subject, and stores the lines that events tell."""
        payments, found = self._repository.payments, dict[str, PaymentAct]()
        acts = await payments.acts.load((e.event.act for e in told if isinstance(e.event, PaymentActEvent)), tx)
        for one in told:
            match one.event:
                case ActSigned() as event:
                    lines = restored_lines(event)
                    found[one.subject] = acts[event.act] = restored_act(acts.get(event.act), one, event, lines)
                    await payments.add(acts[event.act], lines, tx)
                case ActPaid(act=act) if act in acts:
                    paid = {"sequence": int(one.sequence), "paid_at": one.time}
                    found[one.subject] = acts[act] = acts[act].model_copy(update=paid)
        return found

    async def _answered(
        self, one: Envelope, event: VenueRegistered | VenueWithdrawn, venue: Venue, tx: Transaction
    ) -> None:
        """Brings a venue's application to where an event says that it went; whose step it was is in no event."""
        if event.season not in venue.seasons:
            return
        known = await self._repository.applications.one(application_id(event.venue, event.season), tx)
        entered = of_venue(venue, event.season).model_copy(update={"history": known.history if known else ()})
        state: ApplicationState = "withdrawn" if isinstance(event, VenueWithdrawn) else "approved"
        step = HistoryStep.new(state, entered.registry, one.time, None)
        await self._repository.applications.save(entered.gone_on(step), tx)


def _lacking(told: Envelope) -> str | None:
    """Returns the part of an entry that no event tells; slots and venues may have had it, the others had it."""
    match told.event:
        case SlotOpened() | ActSigned(part=1):
            return "ref"
        case SlotClosed():
            return "words"
        case QuotaMoved():
            return "ref"
        case ProgrammeDefined(format="online"):
            return "link"
        case VenueWithdrawn() | SeasonCorrected():
            return "reason"
        case VenueRegistered() as event if restoring.terms(event, None).is_stated:
            return "contact"
    return None
