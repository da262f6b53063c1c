"""`bilet migrate`: brings topics and databases to this release; each service has its part of it in its app."""

import argparse

from pymongo import UpdateOne

from deploy.cli.installation import Servers
from deploy.cli.options import Verb, Verbs, seconds
from deploy.cli.readiness import once_there
from shared.base.settings import Settings, from_environment
from shared.runtime import migration
from shared.storage.mongo import Mongo

TEXT = """\
Creates what is missing of topics, collections and indexes, brings the rows of an older release up to date, and fills
from Kafka what this release folds otherwise. It prints what it did and what is left to people; it may run at any time
and again. Needs the environment of the services: KAFKA_BOOTSTRAP_SERVERS and MONGO_URL; KAFKA_PARTITIONS (6) and
KAFKA_REPLICATION (1) count for new topics."""
LIFETIME_SECONDS = 5
LIFETIME_WARNING = (
    "warning: this MongoDB lets a dead client's transaction block the next writer for {seconds} s; "
    "set transactionLifetimeLimitSeconds to {enough}"
)


def add(verbs: Verbs) -> None:
    """Adds the command."""
    verb = Verb(verbs, "migrate", run, "bring topics and databases to this release", TEXT)
    verb.option("--wait", "for servers that are starting", "SECONDS", type=seconds, default=0)


async def run(options: argparse.Namespace) -> int:
    """Migrates the installation that the environment names."""
    settings = from_environment(Servers)
    await once_there(lambda: migrate(settings), options.wait)
    return 0


async def migrate(settings: Settings) -> None:
    """Topics first, then databases, then what is read from the ones into the others; prints what is left to people."""
    # The services are imported where they are migrated: every other command starts without them.
    from services.analytics import app as analytics
    from services.notifications import app as notifications
    from services.registration import app as registration
    from services.trials import app as trials

    apps: dict[str, migration.App] = {
        "registration": registration,
        "trials": trials,
        "notifications": notifications,
        "analytics": analytics,
    }
    await migration.create_topics(settings)
    lifetimes = [await migration.prepare(service, app, settings) for service, app in apps.items()]
    await _name_organisations(settings)
    longest = max((seconds for seconds in lifetimes if seconds is not None), default=0)
    if longest > LIFETIME_SECONDS:
        print(LIFETIME_WARNING.format(seconds=longest, enough=LIFETIME_SECONDS))
    for service, app in apps.items():
        await migration.replay(service, app, settings)


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
