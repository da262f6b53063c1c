"""Use cases: what a venue is to be paid for is drafted, the operator signs it, and notes that it was paid."""

from datetime import datetime

from services.trials.domain.money import payment_acts
from services.trials.domain.money.payment_acts import NO_ACT, Payment, PaymentAct, Signing
from services.trials.domain.money.payment_drafts import Draft, Period, draft
from services.trials.domain.path.caller import known_zone
from services.trials.domain.places.venues import Venue
from services.trials.repository import Repository
from shared.base.errors import BadInput, NotFound
from shared.base.side_thread import aside
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import Decision, Done, NewId
from shared.storage.mongo import Transaction


async def drafted(repository: Repository, code: str, period: Period, who: Principal) -> Draft:
    """Returns a venue's act as it would be signed now; raises NotFound for no venue, Forbidden for another's."""
    if period.ends < period.begins:
        raise BadInput.field("ends", "lies before begins")

    async def body(tx: Transaction) -> Draft:
        await _venue(repository, code, who, tx)
        return await _reckon(repository, code, period, tx)

    return await repository.transact(body)


async def sign(
    repository: Repository, code: str, command: Signing, who: Principal, now: datetime, new_id: NewId
) -> Done[PaymentAct]:
    """Signs the draft that the command repeats, under the next number; the same `ref` again is the same act.

    An attendance that is revoked meanwhile is taken back by the next act. Two acts of one venue that are signed at
    once conflict, so that the second one is reckoned without what the first one has.
    """
    id = new_id()

    async def body(tx: Transaction) -> Done[PaymentAct]:
        venue = await _venue(repository, code, who, tx)
        await repository.payments.hold(code, tx)
        known = await repository.payments.by_ref(code, command.ref, tx)
        if known is not None:
            payment_acts.must_be_same(known, command)
            return Done(known, new=False)
        reckoned = await _reckon(repository, code, Period(command.season, command.begins, command.ends), tx)
        time = await _time(repository, venue, command.occurred_at, now)
        number = await repository.payments.next_number(code, command.season, tx)
        act = payment_acts.signed(reckoned, command, venue, number, id, time)
        decision = payment_acts.sign(act, reckoned, command)
        await repository.payments.acts.save([decision], tx)
        await repository.payments.add(act, reckoned.lines, tx)
        return Done(act, new=True)

    return await repository.transact(body)


async def pay(repository: Repository, id: str, command: Payment, who: Principal, now: datetime) -> PaymentAct:
    """Notes that an act was paid; raises NotFound, also for another region's."""
    act = await found(repository, id, who)
    venue = (await repository.venues.load([act.venue]))[act.venue]
    time = await _time(repository, venue, command.occurred_at, now)

    def decide(known: PaymentAct | None) -> Decision[PaymentAct]:
        return payment_acts.pay(known or act, time)

    return await repository.payments.acts.update(id, decide)


async def found(repository: Repository, id: str, who: Principal) -> PaymentAct:
    """Returns an act to those who speak for its venue or region; raises NotFound for all others."""
    act = (await repository.payments.acts.load([id])).get(id)
    if act is None or not who.scope.covers(act.region, hosts=(act.organisation, act.venue)):
        raise NotFound(NO_ACT)
    return act


async def _venue(repository: Repository, code: str, who: Principal, tx: Transaction) -> Venue:
    venue = (await repository.venues.load([code], tx)).get(code)
    if venue is None:
        raise NotFound.about("code", "no such venue")
    who.scope.must_cover(venue.region, hosts=venue.hosts)
    return venue


async def _reckon(repository: Repository, venue: str, period: Period, tx: Transaction) -> Draft:
    if not await repository.seasons.load([period.season], tx):
        raise BadInput.field("season", "no such season")
    payments = repository.payments
    slots = await payments.slots(venue, period.season, tx)
    attended = await payments.attended(slots.keys(), tx)
    survivors = await repository.copies.survivors({one.pupil for one in attended}, tx)
    named = [one._replace(pupil=survivors.get(one.pupil, one.pupil)) for one in attended]
    known = await payments.lines(venue, period.season, tx)
    rates = await payments.rates(period.season, venue, tx)
    return await aside(lambda: draft(period, slots, named, known, rates), len(named) + len(known))


async def _time(repository: Repository, venue: Venue, occurred_at: datetime | None, now: datetime) -> datetime:
    clocks = await repository.copies.register.clocks([venue.region])
    return happened_at(occurred_at, now, known_zone(clocks, venue.region, venue.municipality))
