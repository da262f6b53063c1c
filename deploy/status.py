"""`bilet status`: the systems that run here, whether every part of them is ready, what waits, and which code it is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from deploy import installation
from deploy.answering import within
from deploy.local.announcement import About
from shared.base.settings import Settings
from shared.messaging.lag import Backlog, backlog
from shared.storage.mongo import Mongo

READY = "ready"
LOOK_SECONDS = 10.0
"""For each part: what does not answer is to be shown, not to be waited for."""
ROW = "  {:<20} {:<28} {}"


@dataclass(frozen=True, slots=True)
class Status:
    """One system. `parts` are the URL of each process or server by its name, and how it is: `ready`, or its complaint.

    `waiting` is how many records are accepted and not visible yet; None where that cannot be found out.
    """

    folder: str
    about: Mapping[str, Any]
    parts: Mapping[str, tuple[str, str]]
    waiting: int | None

    @property
    def well(self) -> bool:
        """Whether everything answers and is ready."""
        return self.waiting is not None and all(said.startswith(READY) for _, said in self.parts.values())


async def of_demo(folder: Path) -> Status:
    """The demo that runs with this data folder; raises CallError when none does."""
    about, settings = installation.about(folder), installation.servers_of(folder)
    urls = {name: f"{url}/readyz" for name, url in about.processes.items()}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LOOK_SECONDS)) as http:
        said = await asyncio.gather(*(_ready(http, url) for url in urls.values()), _gateway(http, folder, about))
    parts = dict(
        zip((*about.processes, "gateway"), zip((*about.processes.values(), about.url), said, strict=True), strict=True)
    )
    servers, waiting = await _servers(settings)
    return Status(str(folder), asdict(about), {**parts, **servers}, waiting.total if waiting else None)


async def of_servers(settings: Settings) -> Status:
    """The system of these servers, of which nothing else is known."""
    servers, waiting = await _servers(settings)
    return Status("", {}, servers, waiting.total if waiting else None)


def shown(status: Status) -> Sequence[str]:
    """Lines for a person."""
    about = status.about
    head = [f"{about['url']}  {about['region']}, season {about['season']}"] if about else []
    whose = [f"  code of {about['checkout']}, {about['version']}, since {about['started']}"] if about else []
    folder = [f"  data in {status.folder}"] if status.folder else []
    waiting = "is not known" if status.waiting is None else f"{status.waiting:,} records"
    parts = [ROW.format(name, url, said) for name, (url, said) in status.parts.items()]
    return [*head, *whose, *folder, *parts, f"  accepted and not visible yet: {waiting}"]


def document(status: Status) -> dict[str, Any]:
    """The same for a script."""
    parts = {
        name: {"url": url, "ready": said.startswith(READY), "says": said} for name, (url, said) in status.parts.items()
    }
    return {**status.about, "folder": status.folder, "well": status.well, "parts": parts, "waiting": status.waiting}


async def _ready(http: aiohttp.ClientSession, url: str) -> str:
    try:
        async with http.get(url) as answer:
            return (
                READY if answer.status == 200 else f"{answer.status}: {' '.join((await answer.text()).split())[:200]}"
            )
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"does not answer: {str(error) or type(error).__name__}"


async def _gateway(http: aiohttp.ClientSession, folder: Path, about: About) -> str:
    """Ready when it leads to the identity provider with the key of this data folder."""
    issuer = installation.issuer_of(folder)
    try:
        async with http.get(f"{issuer.url}/jwks") as answer:
            keys = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return f"does not answer: {str(error) or type(error).__name__}"
    return READY if keys == issuer.keys() else "leads to the identity provider of another system"


async def _servers(settings: Settings) -> tuple[dict[str, tuple[str, str]], Backlog | None]:
    mongo = Mongo(settings.mongo_url, settings.database("trials"))
    try:
        version = await within(LOOK_SECONDS, mongo.version(), "MongoDB")
        mongodb = f"{READY}, version {version}"
    except Exception as error:
        mongodb = f"does not answer: {_words(error)}"
    finally:
        mongo.close()
    try:
        waiting, kafka = await within(LOOK_SECONDS, backlog(settings), "Kafka or MongoDB"), READY
    except Exception as error:
        waiting, kafka = None, f"cannot be looked into: {_words(error)}"
    address = settings.mongo_url.rpartition("@")[2].removeprefix("mongodb://").partition("/")[0]
    return {"kafka": (settings.kafka_bootstrap_servers, kafka), "mongodb": (address, mongodb)}, waiting


def _words(error: Exception) -> str:
    return " ".join(str(error).partition(" (configured timeouts")[0].split()) or type(error).__name__
