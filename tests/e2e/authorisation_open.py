"""The routes that are told to everybody, with a token and without."""

EVERY_SERVICE = """
GET /livez
GET /readyz
GET /metrics
GET /{service}/openapi.json
HEAD /{service}/openapi.json
GET /{service}/docs
HEAD /{service}/docs
GET /{service}/docs/{name}
HEAD /{service}/docs/{name}
"""
"""What each service tells to everybody, with a token and without."""

PAGE = """
GET /
HEAD /
GET /docs
HEAD /docs
GET /docs/asyncapi.yaml
HEAD /docs/asyncapi.yaml
GET /favicon.ico
HEAD /favicon.ico
GET /static/{name}
HEAD /static/{name}
GET /static/{version}/{name}
HEAD /static/{version}/{name}
"""
"""And what analytics tells besides."""


def open_routes(service: str) -> set[str]:
    """Method and path of what a service tells to everybody."""
    lines = EVERY_SERVICE.replace("{service}", service) + (PAGE if service == "analytics" else "")
    return set(filter(None, lines.splitlines()))
