"""Who acted with which grant, as it is written behind the answers into a real MongoDB."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.registration.app import COLLECTIONS
from services.registration.presence import Presences
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.runtime.service import Platform
from shared.storage.mongo import Document
from tests.builders.registration import SCHOOL

LATE = datetime(2020, 9, 14, 22, 30, tzinfo=UTC)
"""Past midnight in Rostov."""
COLLEGE, VENUE = "RU-ROS-001-C01", "museum"


class Clock:
    now = LATE

    def __call__(self) -> datetime:
        return self.now


async def test_each_grant_is_kept_with_its_days_and_its_organisation(platform_of: Callable[..., Platform]) -> None:
    mongo, clock = platform_of("registration").mongo, Clock()
    await mongo.ensure(COLLECTIONS)
    await mongo["organisations"].insert_many([{"_id": id, "utc_offset": "+03:00"} for id in (SCHOOL.id, COLLEGE)])
    await mongo["venues"].insert_one({"_id": VENUE, "organisation": COLLEGE})
    presences = Presences(mongo, timedelta(days=10), clock)

    async def saw(*grants: Grant) -> dict[str, Document]:
        presences.saw(Principal("Анна", "account", grants))
        await presences.flush()
        return {row["org"]: row for row in await mongo["staff"].find({}).to_list(None)}

    one, other = (Grant("navigator", SCHOOL.id, frozenset({name})) for name in ("7А", "7Б"))
    rows = await saw(one, other, Grant("mentor", VENUE), Grant("navigator", "RU-NOWHERE"), Grant("guardian"))
    assert rows.keys() == {SCHOOL.id, VENUE}
    assert rows[SCHOOL.id] == {
        "_id": f"account/{SCHOOL.id}/navigator",
        "account": "account",
        "org": SCHOOL.id,
        "role": "navigator",
        "organisation": SCHOOL.id,
        "classes": ["7А", "7Б"],
        "first": "2020-09-15",
        "last": "2020-09-15",
        "expires": LATE + timedelta(days=10),
    }
    assert rows[VENUE]["organisation"] == COLLEGE
    clock.now += timedelta(minutes=10)
    assert await saw(one, other) == rows, "it is known this hour"
    assert (await saw(Grant("navigator", SCHOOL.id)))[SCHOOL.id]["classes"] is None
    clock.now += timedelta(days=1)
    later = (await saw(one))[SCHOOL.id]
    assert (later["first"], later["last"], later["classes"]) == ("2020-09-15", "2020-09-16", ["7А"])


async def test_what_cannot_be_written_waits(platform_of: Callable[..., Platform]) -> None:
    mongo = platform_of("registration").mongo
    presences = Presences(mongo, timedelta(days=10), Clock())
    mongo.close()
    assert presences.waiting is None
    presences.saw(Principal("", "account", (Grant("navigator", SCHOOL.id),)))
    await presences.flush()
    assert presences.waiting is not None
    assert presences.waiting[0].startswith("presences: ")
