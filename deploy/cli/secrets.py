"""`bilet secrets`: fresh secrets of an installation on Kubernetes, as a manifest for `kubectl create`."""

import argparse
import base64
import json
import secrets
import uuid
from typing import Any

from joserfc.jwk import ECKey

from deploy.cli.options import Verb, Verbs, namespace
from deploy.sidecars.mongo_setup import OPERATOR, USERS
from shared.contracts.topics import SERVICES

TEXT = """\
Prints a manifest of all Secrets that the installation on Kubernetes needs, with new random contents, for
    bilet secrets | kubectl create -f -
For a new installation alone, and never for `kubectl apply`: nothing that was written with other keys and passwords
could be read any more."""
MONGO = "mongodb://{user}:{password}@mongo-0.mongo:27017/?replicaSet=bilet&authSource=admin"


def add(verbs: Verbs) -> None:
    """Adds the command."""
    verb = Verb(verbs, "secrets", run, "print new Secrets for an installation on Kubernetes", TEXT)
    verb.option("--namespace", "where they belong; default: bilet", "NAME", type=namespace, default="bilet")


async def run(options: argparse.Namespace) -> int:
    """Prints the manifest."""
    print(json.dumps(manifest(options.namespace), indent=2))
    return 0


def manifest(namespace: str) -> dict[str, Any]:
    """A list of Secrets with new random contents; to be created once, since nothing can be read with other ones."""
    passwords = {user: secrets.token_urlsafe(32) for user in USERS}
    urls = {user: MONGO.format(user=user, password=passwords[user]) for user in (OPERATOR, *SERVICES)}
    account_key = _key()
    contents = {
        **{f"master-key-{name}": {"MASTER_KEY": _key(), "ACCOUNT_KEY": account_key} for name in SERVICES},
        **{name: {"VAULT_KEYS": f"k1:{_key()}"} for name in ("vault-keys", "contact-keys")},
        "mongo-passwords": passwords,
        "mongo-key": {"key": base64.b64encode(secrets.token_bytes(567)).decode()},
        **{f"mongo-{user}": {"MONGO_URL": url} for user, url in urls.items()},
        "kafka": {"cluster-id": base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()},
        "identity": {
            "key.json": json.dumps(ECKey.generate_key("P-256").as_dict(private=True)),
            "client-secret": secrets.token_urlsafe(32),
        },
    }
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "bilet"}},
            "type": "Opaque",
            # What follows from a master key is lost with it: it can be deleted, but not be changed by mistake.
            "immutable": name.startswith("master-key"),
            "stringData": texts,
        }
        for name, texts in contents.items()
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
