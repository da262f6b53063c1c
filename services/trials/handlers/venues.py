"""Use cases: operators enter venues into the registry of a season, and take them out of it."""

from dataclasses import dataclass
from datetime import datetime

from services.trials.domain.path.caller import known_zone
from services.trials.domain.places import applications, venues
from services.trials.domain.places.applications import Application, HistoryStep, RegistryWithdrawal, application_id
from services.trials.domain.places.venues import Venue, VenueEntry
from services.trials.repository import Repository
from shared.base.errors import BadInput, Conflict, Forbidden, NotFound, NotKnownYet
from shared.contracts.venues import Registry
from shared.identity.acting import acting
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.programme.organisations import Organisation
from shared.storage.mongo import Transaction
from shared.storage.namesakes import must_be_own

FEDERAL = "the federal registry is the national operator's"


@dataclass(frozen=True, slots=True)
class Site:
    """A venue's code, and what has to be known of it before its entry can be made or asked for."""

    code: str
    owner: Organisation
    namesakes: list[Organisation]
    time: datetime

    def must_be_free(self, who: Principal) -> None:
        """Raises BadInput for a new venue's code that is another region's or organisation's."""
        venues.must_be_free(self.code, self.owner, self.namesakes)
        if not who.has("national-operator"):
            must_be_own(self.code, self.owner.region, [other.id for other in self.namesakes if other.kind == "region"])


async def owner_of(repository: Repository, entry: VenueEntry) -> Organisation:
    """Returns the organisation that an entry names; raises NotKnownYet before it is known here."""
    owner = (await repository.copies.organisations([entry.organisation])).get(entry.organisation)
    if owner is None:
        detail = "this organisation is not known here yet"
        raise NotKnownYet.about("organisation", detail, "organisation-unknown")
    return owner


async def site(repository: Repository, code: str, entry: VenueEntry, owner: Organisation, time: datetime) -> Site:
    """Returns a venue's site; raises Conflict where the owner is closed, BadInput for what an entry cannot name."""
    owner.must_be_open("organisation")
    if owner.municipality is None:
        raise BadInput.field("organisation", f"a {owner.kind} cannot have a venue")
    if not await repository.seasons.load([entry.season]):
        raise BadInput.field("season", "no such season")
    named = {f"expects/{place}": town for place, town in enumerate(entry.expects or ())}
    named |= {"address/municipality": entry.address.municipality} if entry.address else {}
    towns = await repository.copies.organisations(named.values())
    for word, town in named.items():
        if town not in towns or towns[town].kind != "municipality" or towns[town].region != owner.region:
            raise BadInput.field(word, "no such municipality in the venue's region")
    return Site(code, owner, await repository.copies.namesakes(code), time)


async def time_at(
    repository: Repository, owner: Organisation | Venue | Application, occurred_at: datetime | None, now: datetime
) -> datetime:
    """Returns when a command's fact happened, on the clock of a venue or its owner, or else on its region's."""
    clocks = await repository.copies.register.clocks([owner.region])
    municipality = None if isinstance(owner, Application) else owner.municipality
    return happened_at(occurred_at, now, known_zone(clocks, owner.region, municipality))


async def register(repository: Repository, code: str, entry: VenueEntry, who: Principal, now: datetime) -> Venue:
    """Enters a venue into a season's registry, as if it had been asked for and approved at once.

    Raises NotKnownYet before its organisation is known here, Conflict where that is closed.

    A new venue has no code in another region's name, and none that an organisation has which does not own it.
    """
    owner = await owner_of(repository, entry)
    who.scope.must_cover(owner.region)
    time = await time_at(repository, owner, entry.occurred_at, now)
    place = await site(repository, code, entry, owner, time)

    async def body(tx: Transaction) -> Venue:
        return await enter(repository, place, entry, who, tx)

    return await repository.transact(body)


async def enter(repository: Repository, place: Site, entry: VenueEntry, who: Principal, tx: Transaction) -> Venue:
    """Enters a venue into a season's registry, with its application approved, in the caller's transaction."""
    code = place.code
    await repository.alone("venues", code)(tx)
    known = (await repository.venues.load([code], tx)).get(code)
    if known is None:
        place.must_be_free(who)
    decision = venues.register(known, code, entry, place.owner, place.time)
    before = await repository.applications.one(application_id(code, entry.season), tx)
    if before is not None and before.organisation != entry.organisation:
        if before.state == "asked":
            raise Conflict.about("organisation", "another organisation has applied for this venue", "venue-taken")
        before = None  # another organisation's, with reasons that are not for this one
    must_leave_to_the_nation(known, entry.season, entry.registry, who)
    if decision.made:
        (await repository.seasons.load([entry.season], tx))[entry.season].must_be_open("season")
    if decision.made or (before is not None and before.state != "approved"):
        step = HistoryStep.new("approved", entry.registry, place.time, acting())
        approved = applications.asked_for(before, code, entry, place.owner).gone_on(step)
        await repository.applications.save(approved, tx)
    await repository.venues.save([decision], tx)
    return decision.state


async def withdraw(
    repository: Repository, code: str, season: str, ended: RegistryWithdrawal, who: Principal, now: datetime
) -> Application:
    """Takes back an application, or takes a venue out of a season's registry; what is out of it already stays so.

    Raises NotFound where the venue never was in it and never asked, and outside the scope.
    """

    async def body(tx: Transaction) -> Application:
        known = (await repository.venues.load([code], tx)).get(code)
        before = await repository.applications.one(application_id(code, season), tx)
        application = before or _of_before(known, season)
        _must_speak_for(application, known, who)
        registered = known is not None and season in known.seasons
        if not (known is not None and _is_host(known.hosts, who)):
            must_leave_to_the_nation(known, season, None, who)
        if not registered and application.state != "asked":
            return application
        time = await time_at(repository, known or application, ended.occurred_at, now)
        step = HistoryStep.new("withdrawn", application.registry, time, acting(), ended.reason)
        after = application.gone_on(step)
        await repository.applications.save(after, tx)
        await repository.venues.save([venues.withdraw(known, season, time)] if known else [], tx)
        return after

    return await repository.transact(body)


def _of_before(known: Venue | None, season: str) -> Application:
    """Returns the application of a venue that an earlier release has entered."""
    if known is None or season not in known.seasons:
        raise no_application()
    return applications.of_venue(known, season)


def _must_speak_for(application: Application, known: Venue | None, who: Principal) -> None:
    """Raises NotFound outside the scope, and Forbidden for an operator who does not decide upon the registry."""
    is_own = known is not None and known.organisation == application.organisation
    hosts = known.hosts if known is not None and is_own else (application.organisation,)
    if not who.scope.covers(application.region, hosts=hosts):
        raise no_application()
    if not _is_host(hosts, who):
        must_decide(application, who)


def no_application() -> NotFound:
    """Returns the one answer where there is no application, and where it is nothing of the caller's."""
    return NotFound.about("season", "no such application")


def _is_host(hosts: tuple[str, ...], who: Principal) -> bool:
    return any(grant.role == "venue" and grant.org in hosts for grant in who.grants)


def must_leave_to_the_nation(known: Venue | None, season: str, becomes: Registry | None, who: Principal) -> None:
    """Raises Forbidden for whoever takes a venue out of the federal registry, and is not the nation's operator."""
    stands = known.seasons.get(season) if known is not None else None
    if stands == "federal" and becomes != "federal" and not who.has("national-operator"):
        raise Forbidden(FEDERAL)


def must_decide(application: Application, who: Principal) -> None:
    """Raises NotFound for whoever is not the region's operator, Forbidden where the nation's alone decides."""
    if not who.scope.covers(application.region):
        raise no_application()
    if application.registry == "federal" and not who.has("national-operator"):
        raise Forbidden(FEDERAL)
