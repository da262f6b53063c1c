"""The keys of contacts are changed while notifications serves: none is lost, none is refused, the erased stay so."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest_asyncio
from typing_extensions import override

from deploy.local.stack import Infrastructure
from services.notifications.collections import CONTACTS
from shared.base.errors import Unavailable
from shared.identity.key_ring import KeyRing
from shared.identity.vault import Vault
from shared.storage.mongo import Collection, Document
from shared.storage.wrapped_keys import Rotation
from tests.builders.contacts import NAVIGATOR, SCHOOL, STAFF, organisation
from tests.builders.events import enveloped, region
from tests.drivers.key_rings import K1, K2, RingedProcess, ring
from tests.drivers.notifications import Notifications
from tests.drivers.service import installed

AT_FIRST = 30


class RingedContacts(RingedProcess, Notifications):
    """Notifications with contacts of a school."""

    keys = CONTACTS

    @override
    async def names(self, base: str | None = None) -> dict[str, str]:
        path = f"/contacts?organisation={SCHOOL}&limit=1000"
        answer = await self.request("GET", path, None, self.bearer("staff", [STAFF]), base)
        assert answer.status == 200, answer
        return {item["contact"]: item["name"] for item in answer.body["items"]}

    async def name(self, number: int, word: str = "Анна") -> str:
        """Enters a contact; its id."""
        said = {**NAVIGATOR, "name": f"Соколова {word} {number}"}
        path = f"/contacts/{SCHOOL}/n{number}"
        answer = await self.request("PUT", path, said, self.bearer("staff", [STAFF]))
        assert answer.status == 200, answer
        return str(answer.body["contact"])

    async def erase(self, id: str) -> None:
        """Erases a contact."""
        answer = await self.request("DELETE", f"/contacts/{id}", None, self.bearer("staff", [STAFF]))
        assert answer.status == 200, answer


@pytest_asyncio.fixture(loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[RingedContacts]:
    async with installed(RingedContacts, infrastructure) as service:
        await service.publish(enveloped(region()), enveloped(organisation(SCHOOL)))
        await service.know({}, 2, "organisations")
        yield service


async def test_keys_of_contacts_are_changed_while_they_are_entered_shown_and_erased(running: RingedContacts) -> None:
    ids = [await running.name(number) for number in range(AT_FIRST)]
    assert await running.wrapped_by() == {None: AT_FIRST}
    await running.roll_out(ring("derived", K1))
    await running.roll_out(ring(K1))
    sealed = {row["_id"]: row["data"] async for row in running.mongo[CONTACTS].find({})}
    rotating = asyncio.create_task(running.rotate())
    for number in range(10):
        await running.erase(ids[number])
        await running.name(10 + number, "Вера")
        await running.name(100 + number)
    ran = await rotating
    assert (ran.code, ran.complaint) == (0, ""), ran
    assert ran.lines[-1] == "derived wraps no key any more; MASTER_KEY stays, other keys follow from it"
    names = await running.names()
    assert set(names).isdisjoint(ids[:10])
    assert await running.wrapped_by() == {"k1": AT_FIRST} == {"k1": len(names)}
    now = {row["_id"]: row["data"] async for row in running.mongo[CONTACTS].find({})}
    assert all(now[id] == sealed[id] for id in ids[20:]), "no name was sealed anew"

    old = await running.mongo[CONTACTS].find({}).to_list(None)
    await running.roll_out(ring(K2, K1))
    ran = await running.rotate()
    assert ran.lines == [
        f"{AT_FIRST} keys were wrapped anew by k2",
        "k1 wraps no key any more: it may leave VAULT_KEYS once every process begins with k2; "
        "keep it with the backups of contacts from before now",
        "derived wraps no key any more; MASTER_KEY stays, other keys follow from it",
    ]
    await running.roll_out(ring(K2))
    assert await running.names() == names
    without = Vault(KeyRing(running.settings.master_key, [K2], "contacts"), os.urandom)
    assert not any(opens(without, row) for row in old), "a copy of before needs the key of before"
    running.ring = ring(K1)
    assert (await running.rotate()).lines[1] == f"{AT_FIRST} keys are wrapped by k2: VAULT_KEYS lacks it"


def opens(vault: Vault, row: Document) -> bool:
    try:
        vault.open(row)
    except Unavailable:
        return False
    return True


class Meeting(Rotation):
    """A rotation during which something happens once, after rows were read and before they are written."""

    meets: Callable[[], Awaitable[object]]

    async def _wrap(self, collection: Collection, rows: Sequence[Document], closed: object) -> int:
        await self.meets()
        return await super()._wrap(collection, rows, closed)  # type: ignore[arg-type]


async def test_a_contact_that_is_changed_or_erased_in_the_middle_of_a_rotation_stays_so(
    running: RingedContacts,
) -> None:
    await running.roll_out(ring("derived", K1))
    first, second, third = [await running.name(number) for number in range(3)]
    vault = Vault(KeyRing(running.settings.master_key, [K1], "contacts"), os.urandom)
    meeting = Meeting([running.mongo[CONTACTS]], vault, print)

    async def change() -> None:
        await running.erase(first)
        await running.name(1, "Вера")

    meeting.meets = change
    rotated = await meeting.run()
    assert (rotated.done, rotated.left) == (1, {"derived": 1}), "a new key of a process without the ring"
    running.ring = ring(K1)
    assert (await running.rotate()).code == 0
    await running.roll_out(ring(K1))
    assert await running.names() == {second: "Соколова Вера 1", third: "Соколова Анна 2"}


async def test_a_process_whose_ring_lacks_a_key_of_contacts_is_not_ready(running: RingedContacts) -> None:
    await running.name(1)
    await running.roll_out(ring("derived", K1))
    await running.roll_out(ring(K1))
    await running.rotate()
    running.ring = ring(K2)
    async with running.unready() as (_, status, said):
        assert (status, "k1, which VAULT_KEYS lacks" in said) == (503, True), said
