"""Fresh secrets of an installation on Kubernetes, as a manifest for `kubectl create`."""

import base64
import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey

from deploy.mongo_setup import OPERATOR, USERS
from shared.messaging.lag import OWNERS

MONGO = "mongodb://{user}:{password}@mongo-0.mongo:27017/?replicaSet=bilet&authSource=admin"

Contents = Mapping[str, Mapping[str, str]]
"""By Secret, then by key, the text."""


def manifest(namespace: str) -> dict[str, Any]:
    """A list of Secrets with new random contents; to be created once, since nothing can be read with other ones."""
    return {"apiVersion": "v1", "kind": "List", "items": [_secret(namespace, *entry) for entry in _contents().items()]}


def _contents() -> Contents:
    passwords = {user: secrets.token_urlsafe(32) for user in USERS}
    urls = {user: MONGO.format(user=user, password=passwords[user]) for user in (OPERATOR, *OWNERS)}
    return {
        "master-key": {"MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode()},
        "mongo-passwords": passwords,
        "mongo-key": {"key": base64.b64encode(secrets.token_bytes(567)).decode()},
        **{f"mongo-{user}": {"MONGO_URL": url} for user, url in urls.items()},
        "kafka": {"cluster-id": base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()},
        "identity": {
            "key.json": json.dumps(ECKey.generate_key("P-256").as_dict(private=True)),
            "client-secret": secrets.token_urlsafe(32),
        },
    }


def _secret(namespace: str, name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "bilet"}},
        "type": "Opaque",
        # What is wrapped by the master key is lost with it: it can be deleted, but not be changed by mistake.
        "immutable": name == "master-key",
        "stringData": dict(texts),
    }
