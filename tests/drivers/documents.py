"""The services' applications without a server, their OpenAPI documents, and the judgement of answers by these."""

import asyncio
import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import aiohttp
from fastapi import APIRouter, FastAPI
from jsonschema import Draft202012Validator

from shared.base.settings import Settings
from shared.base.telemetry import Metrics
from shared.contracts.topics import GROUPS
from shared.http.app import Probes, create_app
from shared.http.openapi import SLUGS
from shared.identity.tokens import Tokens
from shared.runtime.service import Platform

Json = dict[str, Any]
SERVICES = sorted(set(GROUPS.values()))
SETTINGS = Settings(
    kafka_bootstrap_servers="127.0.0.1:1",
    mongo_url="mongodb://127.0.0.1:1/?replicaSet=none",
    master_key=b"k" * 32,
    oidc_issuer="http://127.0.0.1:1/issuer",
)


async def _well() -> str:
    """Probes are not asked here."""
    return "ok"


def app_of(service: str, routers: Sequence[APIRouter], tokens: Tokens) -> FastAPI:
    """The application around some routers."""
    return create_app(service, routers, Probes(Metrics(), _well, _well), tokens=tokens)


@contextmanager
def application(service: str) -> Iterator[FastAPI]:
    """A service's application; it has connected to nothing."""
    platform = Platform(service, SETTINGS)
    try:
        routers = importlib.import_module(f"services.{service}.app").build(platform).routers
        yield app_of(service, routers, platform.tokens)
    finally:
        platform.close()


@cache
def document(service: str) -> Json:
    """A service's OpenAPI document; made beside whatever runs here, since the driver wants a loop of its own."""

    async def made() -> Json:
        with application(service) as app:
            return app.openapi()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, made()).result()


def operations(service: str) -> Iterator[tuple[str, str, Json]]:
    """Method, path and description of every operation."""
    for path, methods in document(service)["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def resolved(service: str, part: Json) -> Json:
    """A part of a document, or what it refers to."""
    if "$ref" not in part:
        return part
    found: Any = document(service)
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


async def documented(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A client's middleware; fails the test that gets an answer which the document of its service does not tell of."""
    answer = await send(request)
    body = None if answer.content_type == "text/event-stream" else await answer.read()
    judge(request.method, request.url.raw_path, answer.status, "" if body == b"" else answer.content_type, body)
    return answer


def judge(method: str, path: str, status: int, media: str, body: bytes | None) -> None:
    """Fails where an answer is none that its operation documents: by status, media type, problem type and schema.

    A stream's body is None; what no operation is asked for is not judged.
    """
    service = path.split("/")[1]
    operation = operation_at(method, path)
    if operation is None:
        return
    told = f"{method} {path} answered {status}"
    assert str(status) in operation["responses"], f"{told}, which is not documented: {body!r}"
    answer = resolved(service, operation["responses"][str(status)])
    content = answer.get("content", {})
    assert media in content or not (media or content), f"{told} as {media!r}, documented is {list(content)}"
    if body and media.endswith("json"):
        _fits(service, content[media]["schema"], json.loads(body), told)
    if SLUGS in answer:
        assert json.loads(body or "")["type"] in answer[SLUGS], f"{told} {body!r}, documented are {answer[SLUGS]}"


def operation_at(method: str, path: str) -> Json | None:
    """The description of the operation that a request is for, if there is one."""
    service = path.split("/")[1]
    if service not in SERVICES:
        return None
    found = [operation for template, operation in _templates(service, method) if template.fullmatch(path)]
    return found[0] if found else None


@cache
def _templates(service: str, method: str) -> Sequence[tuple[re.Pattern[str], Json]]:
    """Patterns of the paths that a method may be asked at, those without parameters first."""
    mine = [(path, operation) for verb, path, operation in operations(service) if verb == method]
    mine.sort(key=lambda pair: pair[0].count("{"))
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), operation) for path, operation in mine]


@cache
def _closed(service: str) -> Json:
    """A service's models without room for fields that they do not name: what is answered must be described."""
    models = document(service)["components"]["schemas"]
    return {
        name: {"additionalProperties": False, **model} for name, model in models.items() if "properties" in model
    } | {name: model for name, model in models.items() if "properties" not in model}


def _fits(service: str, schema: Mapping[str, Any], body: Any, told: str) -> None:
    whole = {**schema, "components": {"schemas": _closed(service)}}
    complaints = [
        f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(whole).iter_errors(body)
    ]
    assert not complaints, f"{told} outside its schema: {complaints[:5]}"
