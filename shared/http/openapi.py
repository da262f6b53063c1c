"""The OpenAPI document of a service: what FastAPI reads from the signatures, and what follows from them for a caller.

A route's principal gives it security and roles; its parameters and its body give it the problems that any such route
answers with. What a use case alone can know, the slugs of its refusals, is declared with the route, by `problems`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel

from shared.base import errors
from shared.base.quota import QuotaExceeded
from shared.http.problems import FieldProblem, Problem

Json = dict[str, Any]
Slugs = Mapping[int, Sequence[str]]
"""The types of problem documents by status."""
PROBLEM: Json = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
SLUGS = "x-problem-types"
"""Extension of an answer: every `type` that its problem can have."""
ROLES = "x-roles"
"""Extension of an operation: the roles of which the token must grant one."""
MOST_BYTES = "x-max-bytes"
"""Extension of a request's body: the size beyond which it is refused."""
EVERYWHERE = (errors.BadInput, errors.UrlTooLong, errors.HeadTooLarge, errors.Unavailable)
WITH_PRINCIPAL = (errors.Unauthenticated, errors.Forbidden, QuotaExceeded)
WITH_BODY = (errors.MalformedJson, errors.TooSlow, errors.BodyTooLarge, errors.UnsupportedMediaType)
SHARED = (*EVERYWHERE, *WITH_PRINCIPAL, *WITH_BODY)
"""Each stands once among the document's components."""
KINDS: Mapping[type[errors.ServiceError], Sequence[str]] = {
    errors.Forbidden: (errors.Forbidden.slug, errors.Excluded.slug),
}
"""The types of refusals that have several."""
BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token of the installation's OpenID provider; its claim `grants` holds roles and organisations.",
}
ENTITY_TAG: Json = {"ETag": {"description": "Sent back as `If-None-Match`.", "schema": {"type": "string"}}}


RATE_LIMIT: Json = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}, "required": True},
    "RateLimit-Policy": {"description": "The quota and its window.", "schema": {"type": "string"}, "required": True},
    "RateLimit": {"description": "What is left of the quota.", "schema": {"type": "string"}, "required": True},
}
COMMON = {
    "participant": "Id of the pupil.",
    "season": "Code of the season.",
    "occurred_at": "When it happened, RFC 3339 with an offset, not in the future; now where it is left out. "
    "Only staff may say it.",
    "accept-language": "Languages of the reader as RFC 9110 writes them; the answer is in Russian or in English.",
    "idempotency-key": "The caller's own name of the command: sent again, it means the same one.",
    "if-none-match": "Entity tags of the answers that the caller has, or `*`.",
    "last-event-id": "`id` of the last event that the reader has; the stream goes on behind it.",
}
"""What a parameter, or a field of a body, means wherever nothing else is said of it."""


def problems(slugs: Slugs) -> dict[int | str, Json]:
    """Returns a route's `responses`: the types of its own refusals."""
    return {status: _answer(types) for status, types in slugs.items()}


def also(model: type[BaseModel], status: int = 200) -> dict[int | str, Json]:
    """Returns the `responses` of a route that has another success, with such a model in its body."""
    return {status: {"model": model}}


def stream_of(model: type[BaseModel]) -> dict[int | str, Json]:
    """Returns the `responses` of a route that streams events: each event's data is such a model in JSON."""
    data = {"contentMediaType": "application/json", "contentSchema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    return {200: {"content": {"text/event-stream": {"itemSchema": {"properties": {"data": data}}}}}}


def file_body(media_types: Iterable[str], most: int) -> Json:
    """Returns the `openapi_extra` of a route whose body is a file of one of these types: the route takes no other."""
    file = {"schema": {"type": "string", "format": "binary", "maxLength": most}}
    return {"requestBody": {"required": True, "content": dict.fromkeys(media_types, file)}}


def file_types(extra: Json | None) -> tuple[str, ...]:
    """The media types of a route's file, by its `openapi_extra`; none where it takes none."""
    return tuple((extra or {}).get("requestBody", {}).get("content", ()))


def text_answer(media_type: str, description: str) -> dict[int | str, Json]:
    """Returns the `responses` of a route whose success is a text of such a type."""
    return {200: {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}}


def document(app: FastAPI) -> Json:
    """The document of an application in OpenAPI 3.1."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = found.setdefault("components", {})
    schemas: Json = components.setdefault("schemas", {})
    for hollow in ("HTTPValidationError", "ValidationError"):
        schemas.pop(hollow, None)
    for model in (FieldProblem, Problem):
        schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas[model.__name__].pop("$defs", None)
    for schema in schemas.values():
        for name, field in schema.get("properties", {}).items():
            _settle(name, field)
    components["securitySchemes"] = {"bearer": BEARER}
    components["responses"] = {error.slug: _answer(_types(error)) for error in SHARED}
    components["responses"][QuotaExceeded.slug]["headers"] = RATE_LIMIT
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute) and context.include_in_schema:
            for method in context.methods or ():
                _complete(found["paths"][context.path_format][method.lower()], context)
    return found


def _settle(name: str, field: Json) -> None:
    """Gives a field the text that its name has everywhere, and makes a tuple of equals a list, which all tools know."""
    if name in COMMON:
        field.setdefault("description", COMMON[name])
    kinds = field.get("prefixItems", ())
    if kinds and all(kind == kinds[0] for kind in kinds):
        field["items"] = field.pop("prefixItems")[0]


def roles_of(dependant: Any) -> tuple[str, ...]:
    """The roles that a route admits, each of them enough; empty where it has no principal."""
    return tuple(getattr(dependant.call, "roles", ())) or next(filter(None, map(roles_of, dependant.dependencies)), ())


def _complete(operation: Json, context: RouteContext) -> None:
    """Adds what follows from the route's signature and its docstring."""
    roles = roles_of(context.dependant)
    text: str = operation.get("description", "")
    operation["summary"] = re.split(r"[.:;](?:\s|$)", " ".join(text.split()), maxsplit=1)[0]
    if roles:
        operation["description"] = f"{text}\n\nRoles: {', '.join(f'`{role}`' for role in roles)}."
        operation |= {"security": [{"bearer": []}], ROLES: list(roles)}
    if _takes_body(context):
        operation["requestBody"][MOST_BYTES] = getattr(context.original_route, "largest_body", None)
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _sendable(parameter["schema"], parameter["in"])
        parameter.setdefault("description", COMMON.get(parameter["name"], ""))
    answers: Json = operation["responses"]
    for answer in answers.values():
        _as_stream(answer)
    for error in _derived(roles, context):
        own = answers.get(str(error.status), {}).get(SLUGS)
        common = {"$ref": f"#/components/responses/{error.slug}"}
        answers[str(error.status)] = _answer([*_types(error), *own]) if own else common
    if any(parameter["name"].lower() == "if-none-match" for parameter in operation.get("parameters", ())):
        answers["200"]["headers"] = ENTITY_TAG
        answers["304"] = {"description": "The caller has this answer already.", "headers": ENTITY_TAG}
    operation["responses"] = dict(sorted(answers.items()))


def _derived(roles: Sequence[str], context: RouteContext) -> Iterator[type[errors.ServiceError]]:
    yield from EVERYWHERE
    if roles:
        yield from WITH_PRINCIPAL
    if _takes_body(context):
        yield from WITH_BODY


def _types(error: type[errors.ServiceError]) -> Sequence[str]:
    return KINDS.get(error, (error.slug,))


def _takes_body(context: RouteContext) -> bool:
    return bool(context.body_field or getattr(context.original_route, "file_types", ()))


def _answer(types: Sequence[str]) -> Json:
    text = f"A problem document: {', '.join(f'`{slug}`' for slug in types)}."
    return {"description": text, SLUGS: list(types), "content": PROBLEM}


def _sendable(schema: Json, place: str) -> Json:
    """The schema of a parameter as it is sent: null is said by leaving it out, and a header's list is one text."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    told = {name: part for name, part in schema.items() if name != "anyOf"}
    found = {**choices[0], **told} if len(choices) == 1 else schema
    is_list = place == "header" and found.get("type") == "array"
    return {**told, "type": "string"} if is_list else found


def _as_stream(answer: Json) -> None:
    """Describes a stream of events as text: that its items have a schema can only be said since OpenAPI 3.2."""
    for media in answer.get("content", {}).values():
        if "itemSchema" in media:
            media |= {"schema": {"type": "string"}, "x-item-schema": media.pop("itemSchema")}
