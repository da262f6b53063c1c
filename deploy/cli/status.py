"""`bilet status`: the systems that run here, whether every part of them is ready, what waits, and which code it is."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from deploy.cli import installation
from deploy.cli.lag import backlog
from deploy.cli.options import Verb, Verbs
from deploy.cli.readiness import within
from deploy.cli.run_file import About
from shared.base.settings import Settings
from shared.storage.mongo import Mongo

TEXT = """\
What runs here: each system's page, data folder and code, whether every part of it is ready, and how much is accepted
and not visible yet. Exit code 0 when all is ready, 1 when a part is not, 2 when nothing runs."""
READY = "ready"
LOOK_SECONDS = 10.0
"""For each part: what does not answer is to be shown, not to be waited for."""
ROW = "  {:<20} {:<28} {}"


def add(verbs: Verbs) -> None:
    """Adds the command."""
    status = Verb(verbs, "status", run, "what runs here, and whether it is ready", TEXT)
    status.flag("--json", "as one line of JSON, for scripts")
    status.data()


async def run(options: argparse.Namespace) -> int:
    """0 when all is ready, 1 when a part is not, 2 when nothing runs."""
    if options.data is None and installation.named_servers():
        found = [await _of(None, installation.servers(None))]
    else:
        folders = [Path(options.data)] if options.data else installation.demos()
        found = [await _of(folder, installation.servers_of(folder)) for folder in folders]
    if options.json:
        print(json.dumps({"systems": [each.document() for each in found]}, ensure_ascii=False))
    elif found:
        print("\n\n".join("\n".join(each.lines()) for each in found))
    else:
        print(installation.nothing_up(installation.BY_ENVIRONMENT), file=sys.stderr)
    return 2 if not found else 0 if all(each.well for each in found) else 1


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
        """True if everything answers and is ready."""
        return self.waiting is not None and all(said.startswith(READY) for _, said in self.parts.values())

    def lines(self) -> Sequence[str]:
        """The status for a person."""
        about = self.about
        head = [f"{about['url']}  {about['region']}, season {about['season']}"] if about else []
        whose = [f"  code of {about['checkout']}, {about['version']}, since {about['started']}"] if about else []
        folder = [f"  data in {self.folder}"] if self.folder else []
        waiting = "is not known" if self.waiting is None else f"{self.waiting:,} records"
        parts = [ROW.format(name, url, said) for name, (url, said) in self.parts.items()]
        return [*head, *whose, *folder, *parts, f"  accepted and not visible yet: {waiting}"]

    def document(self) -> dict[str, Any]:
        """The status for a script."""
        parts = {
            name: {"url": url, "ready": said.startswith(READY), "says": said}
            for name, (url, said) in self.parts.items()
        }
        return {**self.about, "folder": self.folder, "well": self.well, "parts": parts, "waiting": self.waiting}


async def _of(folder: Path | None, settings: Settings) -> Status:
    """The system of these servers; what else is known of it, its data folder says."""
    about = installation.about(folder) if folder else None
    parts = await _processes(folder, about) if folder and about else {}
    mongo = Mongo(settings.mongo_url, settings.database("trials"))
    try:
        database = f"{READY}, version {await within(mongo.version(), 'MongoDB', LOOK_SECONDS)}"
    except Exception as error:
        database = f"does not answer: {_words(error)}"
    finally:
        mongo.close()
    waiting, broker = None, READY
    try:
        waiting = (await within(backlog(settings), "Kafka or MongoDB", LOOK_SECONDS)).total
    except Exception as error:
        broker = f"cannot be looked into: {_words(error)}"
    address = settings.mongo_url.rpartition("@")[2].removeprefix("mongodb://").partition("/")[0]
    servers = {"kafka": (settings.kafka_bootstrap_servers, broker), "mongodb": (address, database)}
    return Status(str(folder or ""), asdict(about) if about else {}, {**parts, **servers}, waiting)


async def _processes(folder: Path, about: About) -> dict[str, tuple[str, str]]:
    """The gateway is ready when it leads to the identity provider with the key of this data folder."""
    issuer = installation.issuer_of(folder)

    async def say(http: aiohttp.ClientSession, url: str) -> str:
        try:
            async with http.get(url) as answer:
                if url.endswith("/jwks"):
                    ours = await answer.json(content_type=None) == issuer.keys()
                    return READY if ours else "leads to the identity provider of another system"
                text = " ".join((await answer.text()).split())[:200]
                return READY if answer.status == 200 else f"{answer.status}: {text}"
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return f"does not answer: {str(error) or type(error).__name__}"

    shown = {**about.processes, "gateway": about.url}
    asked = [*(f"{url}/readyz" for url in about.processes.values()), f"{issuer.url}/jwks"]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LOOK_SECONDS)) as http:
        said = await asyncio.gather(*(say(http, url) for url in asked))
    return dict(zip(shown, zip(shown.values(), said, strict=True), strict=True))


def _words(error: Exception) -> str:
    return " ".join(str(error).partition(" (configured timeouts")[0].split()) or type(error).__name__
