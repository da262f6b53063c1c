"""Use cases of the catalogue: seasons, instruments, competencies, venues and their timetables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from services.trials import catalogue, slots
from services.trials.catalogue import Competency, CompetencyEntry, Season, SeasonRules, Venue, VenueEntry
from services.trials.copies import Organisation
from services.trials.gate import NewId
from services.trials.instruments import Definition, Instrument
from services.trials.refusals import conflict, not_yet
from services.trials.repository import Store
from services.trials.results import Done, Result, result
from services.trials.scope import known_zone
from services.trials.slots import Slot, SlotOffer
from shared.base.errors import BadInput
from shared.base.side_thread import aside
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import Decision
from shared.storage.mongo import Transaction
from shared.storage.namesakes import must_be_own


async def define_season(store: Store, code: str, rules: SeasonRules, now: datetime) -> Season:
    """Sets the rules of a season. A season is the nation's, and so told in UTC."""
    time = happened_at(rules.occurred_at, now, UTC)
    check = store.alone("seasons", code, "season")
    return await store.seasons.update(code, lambda known: catalogue.define(known, code, rules, time), check)


async def define_instrument(store: Store, code: str, definition: Definition) -> Instrument:
    """Publishes an instrument; the same again changes nothing, a change after the first attempt is refused."""

    async def body(tx: Transaction) -> Instrument:
        await store.alone("instruments", code)(tx)
        known = (await store.instruments([code], tx)).get(code)
        said = Instrument(code=code, used=known.used if known else False, **definition.model_dump())
        if known is not None and known.used and said != known:
            raise conflict("instrument-in-use", "", f"attempts have used {code}; it no longer changes")
        if said != known:
            await store.put_instrument(said, tx)
        return said

    return await store.transact(body)


async def approve_competency(store: Store, code: str, entry: CompetencyEntry, now: datetime) -> Competency:
    """Approves or renames a competency."""
    time = happened_at(entry.occurred_at, now, UTC)
    check = store.alone("competencies", code)
    return await store.competencies.update(code, lambda known: catalogue.approve(known, code, entry, time), check)


async def register_venue(store: Store, code: str, entry: VenueEntry, who: Principal, now: datetime) -> Venue:
    """Enters a venue into a season's registry; raises NotKnownYet before its organisation is known here."""
    owner = (await store.organisations([entry.organisation])).get(entry.organisation)
    if owner is None:
        raise not_yet("organisation-unknown", "organisation", "this organisation is not known here yet")
    who.scope.must_cover(owner.region)
    if not await store.seasons.load([entry.season]):
        raise BadInput.field("season", "no such season")
    local = known_zone(await store.zones([owner.region]), owner.region)
    time = happened_at(entry.occurred_at, now, local)
    named = await store.named(code)

    def decide(known: Venue | None) -> Decision[Venue]:
        if known is None:
            _must_be_free(code, owner, named, who)
        return catalogue.register(known, code, entry, owner, time)

    return await store.venues.update(code, decide, store.alone("venues", code))


def _must_be_free(code: str, owner: Organisation, named: Sequence[Organisation], who: Principal) -> None:
    """Raises BadInput for a new venue's code in another region's name, or that another organisation has.

    A grant of a venue holds for the code of its organisation too: who has it there would be let in here.
    """
    if any(other.id.lower() == code.lower() and other.id != owner.id for other in named):
        raise BadInput.field("code", "is the code of an organisation that does not own the venue")
    if not who.has("national-operator"):
        must_be_own(code, owner.region, [other.id for other in named if other.kind == "region"])


@dataclass(frozen=True, slots=True)
class Offered:
    """One slot as it stands in the body at pointer `at`, or why it cannot be read."""

    at: str
    offer: SlotOffer | BadInput


@dataclass(frozen=True, slots=True)
class Timetable:
    """The slots that a venue offers for a season, decided one after the other."""

    venue: Venue
    season: Season
    approved: frozenset[str]
    known: dict[str, Slot]
    """By ref."""
    opened: list[Decision[Slot]]
    local: tzinfo
    time: datetime
    new_id: NewId

    def open(self, offer: SlotOffer, at: str) -> Done[Slot]:
        """Opens a slot, or finds the one that has the ref."""
        known = self.known.get(offer.ref) if offer.ref is not None else None
        decision = slots.open_slot(
            known,
            offer,
            id=self.new_id(),
            venue=self.venue,
            season=self.season,
            approved=self.approved,
            local=self.local,
            time=self.time,
            at=at,
        )
        if offer.ref is not None:
            self.known[offer.ref] = decision.state
        self.opened.append(decision)
        return Done(decision.state, new=bool(decision.happened))


async def open_slots(
    store: Store,
    venue: str,
    season: str,
    offered: Sequence[Offered],
    given: datetime | None,
    who: Principal,
    now: datetime,
    new_id: NewId,
) -> list[Result[Slot]]:
    """The results in the order offered; raises BadInput for an unknown venue or season, Forbidden for another's."""

    async def body(tx: Transaction) -> list[Result[Slot]]:
        host = await _host(store, venue, season, who, tx)
        table = await _timetable(store, host, season, offered, given, now, new_id, tx)
        results = await aside(lambda: [_open(table, item) for item in offered], len(offered))
        await store.slots.save(table.opened, tx)
        return results

    return await store.transact(body)


async def _timetable(
    store: Store,
    host: Venue,
    season: str,
    offered: Sequence[Offered],
    given: datetime | None,
    now: datetime,
    new_id: NewId,
    tx: Transaction,
) -> Timetable:
    offers = [item.offer for item in offered if not isinstance(item.offer, BadInput)]
    local = known_zone(await store.zones([host.region]), host.region)
    return Timetable(
        venue=host,
        season=(await store.rules([season], tx))[season],
        approved=frozenset(await store.competencies.load((offer.competency for offer in offers), tx)),
        known=await store.slots_by_ref(host.id, (offer.ref for offer in offers if offer.ref is not None), tx),
        opened=[],
        local=local,
        time=happened_at(given, now, local),
        new_id=new_id,
    )


def _open(table: Timetable, item: Offered) -> Result[Slot]:
    offer = item.offer
    return offer if isinstance(offer, BadInput) else result(lambda: table.open(offer, item.at))


async def _host(store: Store, venue: str, season: str, who: Principal, tx: Transaction) -> Venue:
    """The venue, which `who` may speak for and the season's registry has."""
    host = (await store.venues.load([venue], tx)).get(venue)
    if host is None:
        raise BadInput.field("venue", "no such venue")
    who.scope.must_cover(host.region, hosts=(host.organisation, host.id))
    if season not in host.seasons:
        raise conflict("venue-not-in-season", "venue", f"venue {venue} is not in the registry of season {season}")
    return host
