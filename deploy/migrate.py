"""Creates every topic of the registry and every service's collections and indexes, brings the rows of an older release
up to date, and fills what a new one folds otherwise; may run again at any time."""

import importlib

from pymongo import UpdateOne

from deploy.replay import replay
from shared.base.settings import Settings
from shared.contracts import topics
from shared.messaging import kafka
from shared.storage.mongo import Mongo

LIFETIME_SECONDS = 5
LIFETIME_WARNING = (
    "warning: this MongoDB lets a dead client's transaction block the next writer for {seconds} s; "
    "set transactionLifetimeLimitSeconds to {enough}"
)


async def migrate(settings: Settings) -> None:
    """Topics first, then databases, then what is read from the ones into the others; prints what is left to people."""
    await create_topics(settings)
    lifetimes = [await _prepare(settings, service) for service in dict.fromkeys(topics.GROUPS.values())]
    await _name_organisations(settings)
    longest = max((seconds for seconds in lifetimes if seconds is not None), default=0)
    if longest > LIFETIME_SECONDS:
        print(LIFETIME_WARNING.format(seconds=longest, enough=LIFETIME_SECONDS))
    await replay(settings)


async def _prepare(settings: Settings, service: str) -> int | None:
    """A service's collections, indexes and rows; how long its server keeps an abandoned transaction, if it says so."""
    app = importlib.import_module(f"services.{service}.app")
    mongo = Mongo(settings.mongo_url, settings.database(service))
    try:
        await mongo.ensure_indexes(app.INDEXES)
        for upgrade in getattr(app, "UPGRADES", ()):
            for line in await upgrade(mongo, settings):
                print(f"{service}: {line}")
        return await mongo.transaction_lifetime()
    finally:
        mongo.close()


async def _name_organisations(settings: Settings) -> None:
    """Gives trials' copies of organisations their names, which an earlier release did not keep."""
    databases = [Mongo(settings.mongo_url, settings.database(name)) for name in ("registration", "trials")]
    defined, copies = (mongo["organisations"] for mongo in databases)
    try:
        nameless = [row["_id"] async for row in copies.find({"name": None}, {"_id": 1})]
        known = defined.find({"_id": {"$in": nameless}}, {"name": 1})
        writes = [UpdateOne({"_id": r["_id"], "name": None}, {"$set": {"name": r["name"]}}) async for r in known]
        if writes:
            await copies.bulk_write(writes, ordered=False)
    finally:
        for mongo in databases:
            mongo.close()


async def create_topics(settings: Settings) -> None:
    """Every topic of events, and one of dead letters a group; a region's is made when the region appears."""
    prefix = settings.kafka_topic_prefix
    events = {prefix + topic.name: settings.kafka_partitions if topic.spread else 1 for topic in topics.TOPICS}
    letters = {topics.dead_letters(prefix + group): 1 for group in topics.GROUPS}
    await kafka.ensure_topics(settings.bootstrap, events | letters, settings.kafka_replication, large=letters)
