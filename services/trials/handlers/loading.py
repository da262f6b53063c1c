"""The states that every step of a pupil is decided upon: pupils, their paths and seasons, and the regions' clocks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from services.trials.copies import Participant
from services.trials.domain.paths import Paths, path_id
from services.trials.domain.seasons import Season
from services.trials.repository import Repository
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True)
class Loaded:
    """States by their codes and ids; `paths` go on with every step that is taken."""

    pupils: Mapping[str, Participant]
    paths: Paths
    seasons: Mapping[str, Season]
    zones: Mapping[str, tzinfo]


async def load(repository: Repository, named: Collection[tuple[str, str]], tx: Transaction) -> Loaded:
    """Loads what steps are about: pupils by their ids, each in a season."""
    pupils = await repository.participants((participant for participant, _ in named), tx)
    paths = await repository.paths.load((path_id(*one) for one in named), tx)
    return Loaded(
        pupils=pupils,
        paths=Paths(paths.values()),
        seasons=await repository.rules({season for _, season in named}, tx),
        zones=await repository.zones(pupil.region for pupil in pupils.values()),
    )
