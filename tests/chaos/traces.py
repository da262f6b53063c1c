"""Looks for persons in all that an installation leaves behind: dumps, the oplog, topics, feeds, logs and exports."""

import io
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka.admin import AIOKafkaAdminClient
from bson import Timestamp
from cryptography.exceptions import InvalidTag
from pymongo import MongoClient

from shared.base.settings import Settings
from shared.contracts.topics import SERVICES
from shared.identity.key_ring import KeyRing
from shared.identity.vault import VERSION, Vault
from tests.drivers.backups import Row
from tests.drivers.consumers import read_all

VAULT, KEYS = "vault", "vault_keys"


def now(settings: Settings) -> Timestamp:
    """The server's clock of operations, from which `operations` reads on."""
    with MongoClient[Any](settings.mongo_url) as client:
        told: Timestamp = client.admin.command("hello")["operationTime"]
        return told


def operations(settings: Settings, since: Timestamp) -> list[Row]:
    """The operations of the oplog in the databases of an installation, those of transactions one by one."""
    prefix = settings.mongo_database_prefix
    found: list[Row] = []
    with MongoClient[Any](settings.mongo_url, tz_aware=True) as client:
        for entry in client["local"]["oplog.rs"].find({"ts": {"$gte": since}}):
            several = entry["o"].get("applyOps", [entry])
            found += [one for one in several if one.get("ns", "").startswith(prefix)]
    return found


def vault_rows(dump: Iterable[Row], oplog: Iterable[Row]) -> dict[str, list[Row]]:
    """Every sealed row that a dump of the vault and the oplog have, by person."""
    found: dict[str, list[Row]] = {}
    inserted = [one["o"] for one in oplog if one["op"] == "i" and one["ns"].endswith(f".{VAULT}")]
    for row in (*dump, *inserted):
        found.setdefault(row["_id"], []).append(row)
    return found


def opened(settings: Settings, rows: Mapping[str, Collection[Row]], keys: Collection[Row]) -> dict[str, str]:
    """The names of the persons whose rows open with any key of a key store, or one of their own."""
    vault, names = Vault(KeyRing.of(settings), lambda size: bytes(size)), {}
    wrapped = [{"key": key["key"], "wrapped_by": key.get("wrapped_by", "derived")} for key in keys if "key" in key]
    for person, sealed in rows.items():
        own = [key for key in keys if key["_id"] == person]
        for row in sealed:
            tried = [row] if "key" in row else own or wrapped
            for key in tried:
                try:
                    names[person] = vault.open({"version": VERSION, **row, **{"key": key["key"]}})["name"]
                    break
                except InvalidTag:
                    continue
    return names


async def everywhere(settings: Settings, since: Timestamp, logs: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Texts in which a person may be found, each with where it is from; sealed rows among them."""
    found: list[tuple[str, str]] = []
    with MongoClient[Any](settings.mongo_url, tz_aware=True) as client:
        for service in SERVICES:
            database = client[settings.database(service)]
            for name in database.list_collection_names():
                found.append((f"{database.name}.{name}", repr(list(database[name].find({})))))
    found.append(("oplog", repr(operations(settings, since))))
    for topic in await _topics(settings):
        records = await read_all(settings, topic)
        found.append((topic, repr([(record.key, record.headers, record.value) for record in records])))
        found.append((topic, "".join((record.value or b"").decode(errors="replace") for record in records)))
    for path in {path for folder in logs for path in folder.rglob("*") if path.is_file() and "log" in path.name}:
        if "mongo" not in str(path.parent) and "kafka-data" not in str(path):
            found.append((str(path), path.read_text(errors="replace")))
    return iter(found)


async def _topics(settings: Settings) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    try:
        return sorted(name for name in await admin.list_topics() if name.startswith(settings.kafka_topic_prefix))
    finally:
        await admin.close()


async def text_of(http: aiohttp.ClientSession, url: str, token: str) -> str:
    """The text of a workbook that staff download, or of a page."""
    async with http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 200, await answer.text()
        content = await answer.read()
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
