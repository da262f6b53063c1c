"""Whoever makes no progress though there is work says so: in the log, in a metric, and by the probes."""

import asyncio
import contextlib

import aiohttp
import pytest
from aiokafka import TopicPartition

from deploy.cli.migrate import migrate
from deploy.local.stack import Infrastructure
from shared.runtime.migration import create_topics
from tests.builders.events import enveloped, registered
from tests.drivers.consumers import eventually, publish
from tests.drivers.one_consumer import TOPIC, pupils
from tests.drivers.processes import environment_of, process
from tests.drivers.service import own_settings
from tests.integration.shared.changed_logs import spoil_on_disk

WITHIN = 30.0


async def _asked(http: aiohttp.ClientSession, port: str, path: str) -> tuple[int, str]:
    with contextlib.suppress(aiohttp.ClientError):
        async with http.get(f"http://127.0.0.1:{port}/{path}") as answer:
            return answer.status, await answer.text()
    return 0, ""


async def test_a_partition_that_stands_is_told_by_the_log_the_metrics_and_the_probes(
    infrastructure: Infrastructure,
) -> None:
    """A process that only works is not ready then; one that serves requests goes on to serve them."""
    if infrastructure.provider != "processes":
        pytest.skip("the broker's disk is out of reach")
    async with asyncio.TaskGroup() as installations:
        installations.create_task(_is_told(infrastructure, "worker", 503))
        installations.create_task(_is_told(infrastructure, "all", 200))


async def _is_told(infrastructure: Infrastructure, role: str, status: int) -> None:
    settings = own_settings(infrastructure, "http://127.0.0.1:9/issuer")
    await create_topics(settings)
    partition = TopicPartition(settings.kafka_topic_prefix + TOPIC, 0)
    await publish(settings, *pupils(3), partition=0)
    await migrate(settings)
    await publish(settings, enveloped(registered("spoilt")), partition=0)
    spoil_on_disk(infrastructure.data, partition, b"spoilt")
    env = environment_of(settings)
    stands = f"{partition.topic}:0, offsets 3 to 3 cannot be read: its checksum is wrong"
    async with process(env, "trials", role) as child, aiohttp.ClientSession() as http:

        async def told() -> bool:
            answered, text = await _asked(http, env["HTTP_PORT"], "readyz")
            return answered == status and stands in text

        await eventually(told, WITHIN + 10)  # from the start of the process
        assert (await _asked(http, env["HTTP_PORT"], "livez"))[0] == 200
        metrics = (await _asked(http, env["HTTP_PORT"], "metrics"))[1].splitlines()
        group = f"{settings.kafka_topic_prefix}trials.participants.2"
        assert f'bilet_consumer_unreadable_partitions{{group="{group}"}} 1.0' in metrics
        waited = next(line for line in metrics if line.startswith(f'bilet_waiting_seconds{{part="{group}"}}'))
        assert float(waited.rpartition(" ")[2]) > 0
        child.terminate()
        said, _ = await asyncio.wait_for(child.communicate(), 30)
    assert said.decode().count(stands) >= 1
