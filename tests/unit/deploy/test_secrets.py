"""The secrets of one service open nothing of another's; what they share is the key of accounts."""

import base64
import os
from itertools import permutations
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from deploy.cli.secrets import manifest
from services.analytics.feed.pseudonyms import Pseudonyms
from services.registration.codes import Codes
from services.registration.name_index import NameIndex
from shared.base.settings import Settings
from shared.contracts.topics import SERVICES
from shared.identity.key_ring import KeyRing
from shared.identity.keys import derive
from shared.identity.vault import Vault
from shared.runtime.key_marks import account_key

RINGS = {"registration": "vault-keys", "notifications": "contact-keys"}
ISSUER = "http://127.0.0.1:1/issuer"


def settings_of(service: str, contents: dict[str, dict[str, str]]) -> Settings:
    """What a process of a service has of the Secrets; the ring of the vault only where the manifests give it."""
    env: dict[str, Any] = dict(contents[f"master-key-{service}"])
    env |= contents[RINGS[service]] if service in RINGS else {}
    fields = {name.lower(): text for name, text in env.items()}
    return Settings(kafka_bootstrap_servers="k:1", mongo_url="mongodb://m", oidc_issuer=ISSUER, **fields)


@pytest.fixture(scope="module")
def settings() -> dict[str, Settings]:
    """The settings of each service of a new installation."""
    contents = {item["metadata"]["name"]: item["stringData"] for item in manifest("bilet")["items"]}
    return {service: settings_of(service, contents) for service in SERVICES}


def test_no_service_s_secrets_open_the_vault_or_stand_for_another_s_keys(settings: dict[str, Settings]) -> None:
    own = settings["registration"]
    assert own.vault_keys[0].id == "k1"
    by_ring = Vault(KeyRing.of(own), os.urandom).seal("p1", {"name": "Иванов"})
    by_derived = Vault(KeyRing(own.master_key), os.urandom).seal("p1", {"name": "Иванов"})
    assert Vault(KeyRing.of(own), os.urandom).open(by_ring) == Vault(KeyRing.of(own), os.urandom).open(by_derived)
    for service in set(SERVICES) - {"registration"}:
        taken = settings[service]
        for key in (taken.master_key, account_key(taken)):
            named = [type(k)(k.id, taken.vault_keys[0].key if taken.vault_keys else key) for k in own.vault_keys]
            guessed = [KeyRing(key), KeyRing(key, named), KeyRing.of(taken), KeyRing(key, taken.vault_keys, "contacts")]
            for sealed in (by_ring, by_derived):
                assert not any(opens(Vault(ring, os.urandom), sealed) for ring in guessed)


def opens(vault: Vault, sealed: dict[str, Any]) -> bool:
    if sealed.get("wrapped_by", "derived") not in vault.ring.ids:
        return False
    try:
        vault.open(sealed)
    except InvalidTag:
        return False
    return True


@pytest.mark.parametrize("purpose", ["codes", "names", "addresses", "vault", "account"])
def test_what_follows_from_one_master_key_follows_from_no_other(settings: dict[str, Settings], purpose: str) -> None:
    keys = {service: derive(settings[service].master_key, purpose) for service in SERVICES}
    assert len(set(keys.values())) == len(SERVICES)
    assert not {account_key(own) for own in settings.values()} & {*keys.values()}


def test_codes_names_and_pseudonyms_of_one_service_are_not_another_s(settings: dict[str, Settings]) -> None:
    for one, other in permutations(SERVICES, 2):
        mine, theirs = settings[one].master_key, settings[other].master_key
        assert Codes(derive(mine, "codes")).text("p1") != Codes(derive(theirs, "codes")).text("p1")
        child = ("иванов", "2007-05-17")
        assert NameIndex(mine).mark("RU-ROS", child) != NameIndex(theirs).mark("RU-ROS", child)
        assert Pseudonyms(mine, "RU-ROS", 1).__dict__["_key"] != Pseudonyms(theirs, "RU-ROS", 1).__dict__["_key"]


def test_all_services_know_one_account(settings: dict[str, Settings]) -> None:
    (shared,) = {account_key(own) for own in settings.values()}
    assert shared not in {own.master_key for own in settings.values()}
    old = Settings(
        kafka_bootstrap_servers="k:1",
        mongo_url="mongodb://m",
        oidc_issuer=ISSUER,
        master_key=base64.b64encode(b"m" * 32).decode(),
        account_key="",
    )
    assert account_key(old) == derive(b"m" * 32, "account"), "as an installation of an earlier release goes on"
