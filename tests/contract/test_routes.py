"""Who may call what: every route of every service has a principal in its signature, but for those named here."""

import importlib
from collections.abc import Iterable, Iterator
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse
from starlette.routing import Route as Plain

from shared.contracts.topics import GROUPS, READS
from shared.http.authorisation import NationalOperator
from shared.http.routes import Route
from shared.http.throttles import open_answer
from shared.identity.tokens import Tokens
from shared.runtime.service import Platform
from tests.drivers.documents import SETTINGS, app_of, application

PROBES = {"/livez", "/readyz", "/metrics"}
PAGE = {"/", "/favicon.ico", "/static/{name}", "/static/{version}/{name}", "/docs", "/docs/asyncapi.yaml"}

VERIFIED = {"/registration/certificates/{number}", "/registration/certificates/{number}/page"}
"""What a stranger asks who holds a certificate in hand."""
PUBLIC = {f"/analytics/public/regions/{{code}}/{figure}" for figure in ("funnel", "ranking", "competencies")}
"""Figures under disclosure control."""
PICTURES = {"/trials/pictures/{code}"}
"""What a page's `img` loads, which sends no token."""


def _document_of(service: str) -> set[str]:
    """The paths of a service's OpenAPI document and of the page that browses it."""
    return {f"/{service}/{path}" for path in ("openapi.json", "docs", "docs/{name}")}


def _routes(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes themselves, out of the routers that are included in routers."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _routes(included.routes)


def _has_principal(dependant: Any) -> bool:
    return bool(getattr(dependant.call, "roles", ())) or any(map(_has_principal, dependant.dependencies))


def _open_routes(app: FastAPI) -> set[str]:
    """The paths that anybody may call; of a kind of route that is not known here, nothing is known."""
    found = list(_routes(app.routes))
    assert {type(route) for route in found} <= {APIRoute, Plain, Route}
    before_asking = {r.path for r in found if type(r) is APIRoute}
    assert before_asking <= PROBES, "a body is read before it is known who sends it"
    return {r.path for r in found if not isinstance(r, APIRoute) or not _has_principal(r.dependant)}


@pytest.mark.parametrize("service", sorted(set(GROUPS.values())))
async def test_every_route_has_a_principal(service: str) -> None:
    told = {"analytics": PAGE | PUBLIC, "registration": VERIFIED, "trials": PICTURES}.get(service, set())
    with application(service) as app:
        assert _open_routes(app) == PROBES | told | _document_of(service)


def _called(dependant: Any) -> Iterator[Any]:
    yield dependant.call
    for part in dependant.dependencies:
        yield from _called(part)


@pytest.mark.parametrize("service", sorted(set(GROUPS.values())))
async def test_no_request_waits_for_a_thread(service: str) -> None:
    """FastAPI runs whatever is not `async` in a thread, which takes a third of the time of a small request."""
    with application(service) as app:
        routes = [route for route in _routes(app.routes) if isinstance(route, APIRoute)]
        called = {call for route in routes for call in _called(route.dependant)}
        assert [call for call in called if not (iscoroutinefunction(call) or isasyncgenfunction(call))] == []


@pytest.mark.parametrize("service", sorted(set(GROUPS.values())))
async def test_every_stream_is_counted_while_it_is_open(service: str) -> None:
    with application(service) as app:
        streams = [r for r in _routes(app.routes) if getattr(r, "response_class", None) is EventSourceResponse]
        assert len(streams) == (1 if service == "notifications" else 0)
        assert all(open_answer in {part.call for part in r.dependant.dependencies} for r in streams)


@pytest.mark.parametrize("service", sorted(set(GROUPS.values())))
async def test_the_registry_names_every_group(service: str) -> None:
    """A group that it does not know has no topic for its dead letters, and no lag."""
    platform = Platform(service, SETTINGS)
    try:
        workers = importlib.import_module(f"services.{service}.app").build(platform).workers
        groups = [consumer.group for consumers in workers.values() for consumer in consumers]
        assert sorted(groups) == sorted(group for group, owner in GROUPS.items() if owner == service)
        read = {consumer.group: consumer.topics for consumers in workers.values() for consumer in consumers}
        assert read == {group: [topic.name for topic in READS[group]] for group in groups}
    finally:
        platform.close()


def test_a_route_without_a_principal_is_found_however_deep() -> None:
    inner, outer = APIRouter(route_class=Route), APIRouter(prefix="/outer", route_class=Route)

    @inner.get("/open")
    async def open_to_all() -> None:
        """For everybody."""

    @inner.get("/closed")
    async def closed(who: NationalOperator) -> None:
        """For one role."""

    outer.include_router(inner)
    tokens = Tokens(SETTINGS.oidc_issuer, SETTINGS.oidc_audience, SETTINGS.master_key)
    assert {path.removeprefix("/outer") for path in _open_routes(app_of("any", [outer], tokens))} == {
        *PROBES,
        *_document_of("any"),
        "/open",
    }


@pytest.mark.parametrize("service", sorted(set(GROUPS.values())))
async def test_no_number_is_taken_for_a_day_or_a_time(service: str) -> None:
    """`?as_of=0` is no first of January 1970, of which every figure is nought."""

    def takes(parameter: Any, text: str) -> bool:
        return not parameter.validate(text, {}, loc=("query",))[1]

    with application(service) as app:
        parameters = [p for r in _routes(app.routes) if isinstance(r, APIRoute) for p in get_flat_params(r.dependant)]
        times = [p for p in parameters if takes(p, "2020-09-14") or takes(p, "2020-09-14T10:00:00+03:00")]
        wrong = [p.name for p in times if not takes(p, "word") and (takes(p, "0") or takes(p, "1600041600"))]
    assert not wrong
