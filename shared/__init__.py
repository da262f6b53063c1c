"""The platform of all services: contracts, messaging, storage, HTTP and processes."""

VERSION = "0.1.0"
"""Of the whole product; pyproject.toml says the same."""
