"""Use case: the national operator publishes diagnostic instruments."""

from services.trials.domain.catalogue import instruments
from services.trials.domain.catalogue.definitions import Definition
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.pictures import must_be_there
from services.trials.repository import Repository
from shared.storage.mongo import Transaction


async def define(repository: Repository, code: str, definition: Definition) -> Instrument:
    """Publishes an instrument; the same again changes nothing, and one in use takes words and norms alone."""
    must_be_there(definition)

    async def body(tx: Transaction) -> Instrument:
        await repository.alone("instruments", code)(tx)
        known = (await repository.stored_instruments([code], tx)).get(code)
        said = instruments.define(known, code, definition)
        if said != known:
            await repository.put_instrument(said, tx)
        return said

    return await repository.transact(body)
