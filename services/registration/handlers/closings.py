"""Use case: an operator closes an organisation; all that is in it goes over to the one that goes on in its place."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.registration.domain.closings import ClosingRequest, close, left_in
from services.registration.domain.organisations import Organisation, known_organisation
from services.registration.domain.relocations import succeeded
from services.registration.handlers.carrying import MOST_PUPILS, Carried, carry
from services.registration.repository import Repository
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Closed:
    """An organisation that was closed, and what a command has brought over from it."""

    organisation: Organisation
    organisations: int
    carried: Carried


async def close_organisation(
    repository: Repository, who: Principal, code: str, request: ClosingRequest, now: datetime
) -> Closed:
    """Closes an organisation and brings over what is in it; the same again goes on where it ended.

    Raises NotFound for one that is not in the register, Forbidden outside the scope, Conflict where somebody is left in
    it and nothing goes on in its place.
    """

    async def body(tx: Transaction) -> Organisation:
        found = await repository.organisations.load([code, request.into or code], tx)
        organisation = known_organisation(found.get(code), code, "code")
        who.scope.must_cover(organisation.region)
        into = None if request.into is None else found.get(request.into)
        left = "" if request.into else await _left(repository, organisation, tx)
        decision = close(organisation, into, request, left, now)
        await repository.organisations.save([decision], tx)
        return decision.state

    organisation = await repository.transact(body)
    if organisation.closed is None or organisation.closed.into is None:
        return Closed(organisation, 0, Carried())
    if organisation.kind != "municipality":
        return Closed(organisation, 0, await carry(repository, code, now))
    went = await _parts_go(repository, organisation, organisation.closed.into)
    carried = Carried()
    for part in await repository.residents.unfinished(organisation.closed.into):
        rest = MOST_PUPILS - carried.looked_at
        carried = carried.and_then(await carry(repository, part, now, rest) if rest > 0 else Carried(done=False))
    return Closed(organisation, went, carried)


async def _left(repository: Repository, organisation: Organisation, tx: Transaction) -> str:
    if organisation.kind == "municipality":
        return left_in(await repository.residents.open_parts(organisation.id, tx), 0)
    return left_in(0, await repository.residents.active_pupils(organisation.id, tx))


async def _parts_go(repository: Repository, municipality: Organisation, into: str) -> int:
    """Takes the organisations of a closed municipality to the next one, each in a transaction; returns how many."""
    went = 0
    while parts := await repository.residents.parts(municipality.id):
        for part in parts:
            await repository.transact(partial(_part_goes, repository, municipality, into, part))
        went += len(parts)
    return went


async def _part_goes(repository: Repository, municipality: Organisation, into: str, code: str, tx: Transaction) -> None:
    assert municipality.closed is not None
    part = (await repository.organisations.load([code], tx))[code]
    if part.parent == municipality.id:
        await repository.organisations.save([succeeded(part, municipality.id, into, municipality.closed.at)], tx)
