"""Use case: guardians and pupils link their accounts by one-time codes; requests that wait share a transaction."""

from collections.abc import Sequence
from functools import partial

from services.registration.domain.links import LinkBatch, Linked
from services.registration.repository import Repository
from shared.base.errors import ServiceError
from shared.http.batch import Request, each, only, served
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
        accounts = await repository.accounts((guardian for pupil in pupils for guardian in pupil.guardians), tx)
        batch = LinkBatch(pupils, accounts)
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
