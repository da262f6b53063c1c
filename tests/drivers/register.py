"""Registration's use cases without a process, on a database of its own."""

import os
from collections.abc import Sequence

from services.registration.api.rosters import Roster, read
from services.registration.app import COLLECTIONS, repository_of
from services.registration.domain.erasure import Act
from services.registration.handlers.erasure import Erasing, erase_pupil
from services.registration.handlers.rosters import register
from services.registration.person_keys import PersonKeys
from services.registration.repository import Repository
from shared.identity.grants import Grant
from shared.identity.key_ring import KeyRing
from shared.identity.principal import Principal
from shared.identity.vault import Vault
from shared.runtime.service import Platform
from shared.storage.mongo import Document, Mongo
from shared.storage.outbox import utcnow
from tests.builders.events import season
from tests.builders.registration import SCHOOL, pupil, roster

NATION = Principal("operator", "operator", (Grant("national-operator", "RU"),))


class Register:
    """Registration without a process, on a database of its own."""

    def __init__(self, platform: Platform) -> None:
        self.mongo = platform.mongo
        self.vault = Vault(KeyRing.of(platform.settings), os.urandom)
        self.repository: Repository = repository_of(platform, self.vault)
        self._ids = iter(f"id{n}" for n in range(10_000))

    def new_id(self) -> str:
        return next(self._ids)

    async def enter(self, *refs: str) -> list[str]:
        who = Principal("staff", "staff", (Grant("navigator", SCHOOL.id),))
        request = await read(Roster.model_validate(roster([pupil(ref) for ref in refs])), who, utcnow())
        ((*outcomes,),) = await register(self.repository, [request], self.new_id)  # type: ignore[misc]
        return [outcome.value.pupil.id for outcome in outcomes]  # type: ignore[union-attr]

    async def erase(self, id: str) -> Act:
        return await erase_pupil(self.repository, NATION, id, Erasing(utcnow(), self.new_id))

    async def names(self, rows: Sequence[Document]) -> list[str]:
        """What can be opened of rows of the vault with all keys that there are by now, and the master key."""
        return [self.vault.open(row)["name"] for row in await PersonKeys(self.mongo).joined(rows)]


async def made(platform: Platform) -> Register:
    """A register that knows a school and a season."""
    await platform.mongo.ensure(COLLECTIONS)
    register = Register(platform)
    fields = {**SCHOOL.model_dump(exclude={"id"}), "_id": SCHOOL.id}
    await platform.mongo["organisations"].insert_one(fields)
    defined = season()
    await platform.mongo["rules"].insert_one({"_id": "2020", **defined.model_dump(mode="json"), "sequence": "1"})
    return register


async def dump(mongo: Mongo) -> list[Document]:
    rows: list[Document] = await mongo["vault"].find({}).to_list(None)
    return rows
