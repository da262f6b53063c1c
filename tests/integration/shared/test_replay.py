"""An upgrade: what the new release folds otherwise is there before it starts, and the old release is not disturbed."""

from collections.abc import Callable

import pytest

from deploy.cli.installation import Servers
from deploy.cli.migrate import migrate
from deploy.local.stack import Infrastructure
from services.analytics.collections import GUARDIANS
from services.notifications.collections import PLACES
from shared.contracts.topics import GROUPS
from shared.messaging import kafka
from shared.messaging.readers import Readers
from shared.operations.lag import backlog, faults
from shared.runtime.migration import FOLDS
from shared.runtime.service import Platform
from shared.storage.mongo import Mongo
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.analytics import Analytics
from tests.drivers.consumers import consuming, eventually, publish
from tests.drivers.figures import known_pupils
from tests.drivers.service import own_settings

TRIED = {"slot": "s1", "venue": "V1", "competency": "gov", "kind": "trial"}
SEAT = {"id": "b-p1-s1", "time": "2020-09-14T12:00:00+03:00", "starts_at": "2020-10-05T15:00:00+03:00", "minutes": 60}
BEFORE = {
    **{"_id": "p1/2020", "participant": "p1", "season": "2020", "sequence": 2, "diagnostics": {}, "attempts": []},
    **{"bookings": [SEAT | TRIED], "attendances": [], "recommendation": None},
}
"""A path as the release before kept it."""


def test_every_fold_is_a_group_of_the_registry() -> None:
    assert set(FOLDS) <= GROUPS.keys()


async def test_migrating_replays_the_history_into_new_folds_once(
    infrastructure: Infrastructure, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = own_settings(infrastructure, "http://127.0.0.1:1")
    servers = Servers.model_validate(settings.model_dump(exclude={"master_key", "oidc_issuer"}))
    mongos = {owner: Mongo(settings.mongo_url, settings.database(owner)) for owner in set(GROUPS.values())}
    registration, analytics = mongos["registration"], mongos["analytics"]
    places = mongos["notifications"][PLACES]
    try:
        await migrate(servers)
        assert "replaying" not in capsys.readouterr().out, "a fresh installation has no history"
        old = {"_id": "old", "group": f"{settings.kafka_topic_prefix}analytics.views", "partition": 0, "next": 9}
        await analytics["offsets"].insert_one(old | {"topic": f"{settings.kafka_topic_prefix}trials.events.v1"})
        await publish(settings, enveloped(builders.season()), enveloped(builders.region()))
        facts = [enveloped(builders.registered(p)) for p in ("p1", "p2")]
        links = [enveloped(builders.guardian_linked(p, f"g-{p}", account="one"), 2) for p in ("p1", "p2")]
        await publish(settings, *facts, *links, enveloped(builders.diagnosed("p1")))
        await publish(settings, enveloped(builders.booked("p1"), 2))
        await mongos["trials"]["paths"].insert_one(BEFORE)
        for _ in range(2):
            await migrate(servers)
            (path,) = await mongos["trials"]["paths"].find({}).to_list(None)
            assert path["bookings"][0].get("school") == builders.PLACE["school"], "pupils are known by then"
        said = capsys.readouterr().out
        assert said.count("replaying") == 4, said
        assert [row["_id"] async for row in registration["rules"].find({})] == ["2020"]
        assert [row["_id"] async for row in registration["steps"].find({})] == ["p1/2020"]
        assert (await known_pupils(analytics)).keys() == {"p1", "p2"}
        assert sorted([row["_id"] async for row in places.find({})]) == ["p1", "p2"]
        assert [row["guardian"] async for row in analytics[GUARDIANS].find({})] == ["one"], "one account is one"
        lags = (await backlog(settings)).lags
        assert not [group for group in FOLDS if lags[settings.kafka_topic_prefix + group]]
        assert old["group"] not in lags
        assert await faults(servers) == [], "what an earlier release has not read to the end is no fault of this one"
    finally:
        for mongo in mongos.values():
            await mongo.drop()
            mongo.close()


async def test_a_replay_that_was_interrupted_is_gone_on_with(infrastructure: Infrastructure) -> None:
    """Else the release starts, and shows figures of a part of the history."""
    settings = own_settings(infrastructure, "http://127.0.0.1:1")
    servers = Servers.model_validate(settings.model_dump(exclude={"master_key", "oidc_issuer"}))
    analytics = Analytics(Platform("analytics", settings))
    mongo, facts = analytics.platform.mongo, analytics.views[-1]
    try:
        await migrate(servers)
        await publish(settings, enveloped(builders.season()), enveloped(builders.registered("p1")))
        ends = await kafka.end_offsets(settings.bootstrap, {topic for c in analytics.views for topic in c.topics})
        more = {p: end + (p.topic in facts.topics) for p, end in ends.items()}
        readers = Readers(settings.bootstrap, analytics.views, analytics.platform.metrics)
        await readers.start(more, graceful_seconds=5)

        async def folded() -> bool:
            return len(await known_pupils(mongo)) == 1

        await eventually(folded)
        await readers.stop()
        await publish(settings, *(enveloped(builders.registered(f"p{n}")) for n in range(2, 30)))
        later = Analytics(analytics.platform).views[-1]
        await later.catch_up.know_ends(await kafka.end_offsets(settings.bootstrap, later.topics))
        assert later.catch_up.is_reference, "nobody is shown a part of them"
        await migrate(servers)
        assert len(await known_pupils(mongo)) == 29
        await later.catch_up.know_ends(await kafka.end_offsets(settings.bootstrap, later.topics))
        assert not await later.offsets.is_filling()
    finally:
        for service in set(GROUPS.values()):
            other = Mongo(settings.mongo_url, settings.database(service))
            await other.drop()
            other.close()
        analytics.platform.close()


async def test_a_process_is_not_ready_before_its_new_folds_are_whole(platform_of: Callable[..., Platform]) -> None:
    analytics = Analytics(platform_of("analytics"))
    settings = analytics.platform.settings
    await analytics.migrate()
    await publish(settings, enveloped(builders.season()), enveloped(builders.registered("p1")))
    first, later = analytics.views[-1], Analytics(analytics.platform).views[-1]
    ends = await kafka.end_offsets(settings.bootstrap, first.topics)
    await first.catch_up.know_ends(ends)
    assert (first.catch_up.is_reference, first.catch_up.done.is_set()) == (True, False)

    async def caught_up() -> bool:
        await first.catch_up.look()
        return first.catch_up.done.is_set()

    async with consuming(settings, *analytics.views):
        await eventually(caught_up)
    await publish(settings, enveloped(builders.registered("p2"), 2))
    await later.catch_up.know_ends(await kafka.end_offsets(settings.bootstrap, first.topics))
    assert not later.catch_up.is_reference, "what comes while it runs is only late"
