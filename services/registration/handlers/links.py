"""Use cases: families link accounts by one-time codes, where requests that wait share a transaction; and unlink."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from services.registration.domain.cabinets import SELF
from services.registration.domain.caller import Caller
from services.registration.domain.links import LinkBatch, Linked
from services.registration.domain.links import unlink as unlink_owner
from services.registration.domain.participants import Participant
from services.registration.handlers.majority import adults_of
from services.registration.repository import Repository
from shared.base.errors import NotFound, ServiceError
from shared.http.batch import Request, each, only, served
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.storage.decision import Done
from shared.storage.group_commit import GroupCommit
from shared.storage.mongo import Transaction


def queue(repository: Repository) -> GroupCommit[Request[bytes], Done[Linked]]:
    """Returns the queue of links: those that come while a transaction is under way share the next one."""
    return GroupCommit(partial(redeem, repository), weigh=lambda _: 1)


async def redeem(repository: Repository, group: Sequence[Request[bytes]]) -> list[Done[Linked] | ServiceError]:
    """Links accounts by the digests of codes, in order."""

    async def body(tx: Transaction) -> list[Done[Linked] | ServiceError]:
        pupils = await repository.pupils_with((digest for request in group for digest in request.values), tx)
        accounts = await repository.cabinets.accounts(
            (guardian for pupil in pupils for guardian in pupil.guardians), tx
        )
        adults = await adults_of(repository, {pupil.id: pupil for pupil in pupils}, group[0].now, tx)
        batch = LinkBatch(pupils, accounts, adults)
        results = redeemed(batch, group)
        await repository.save_links(batch, tx)
        return results

    return await repository.transact(body)


def redeemed(batch: LinkBatch, group: Sequence[Request[bytes]]) -> list[Done[Linked] | ServiceError]:
    """The link that each request leads to, in turn."""

    def serve(request: Request[bytes]) -> Done[Linked]:
        def decide(digest: bytes) -> Done[Linked]:
            linked = batch.redeem(digest, request.who, request.now, request.by)
            return Done(linked, linked.new)

        return only(each(request.items, decide))

    return served(group, serve)


async def unlink(repository: Repository, who: Principal, id: str, owner: str, now: datetime) -> Participant:
    """Closes the cabinet of a guardian, or of the pupil for `SELF`; the family closes its own, staff any.

    Raises NotFound outside the scope and for an unknown guardian.
    """
    guardian = None if owner == SELF else owner

    async def body(tx: Transaction) -> Participant:
        pupil = (await repository.participants.load([id], tx)).get(id)
        side = None if pupil is None else Caller(who).closes(pupil, guardian)
        if pupil is None or side is None:
            raise NotFound("no such cabinet in your scope")
        local = now.astimezone(zone(pupil.place.utc_offset))
        decision = unlink_owner(pupil, guardian, side, local)
        if decision.made:
            state = decision.state.with_codes(repository.codes, now)
            await repository.participants.save([replace(decision, state=state)], tx)
            if guardian is not None:
                await repository.cabinets.unbind(guardian, pupil.id, tx)
        return decision.state

    return await repository.transact(body)
