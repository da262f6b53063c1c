"""The states that every step of a pupil is decided upon, as they are stored."""

from collections.abc import Collection

from services.trials.domain.paths import Paths, path_id
from services.trials.domain.states import States
from services.trials.repository import Repository
from shared.storage.mongo import Transaction


async def load(repository: Repository, named: Collection[tuple[str, str]], tx: Transaction) -> States:
    """Loads what steps are about: pupils by their ids, each in a season."""
    pupils = await repository.copies.participants((participant for participant, _ in named), tx)
    paths = await repository.paths.load((path_id(*one) for one in named), tx)
    return States(
        pupils=pupils,
        paths=Paths(paths.values()),
        seasons=await repository.rules({season for _, season in named}, tx),
        zones=await repository.copies.zones(pupil.region for pupil in pupils.values()),
    )
