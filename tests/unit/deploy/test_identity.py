"""Tokens of the local issuer: what they say, and that its published keys prove it."""

import stat
from pathlib import Path

import pytest
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, KeySet

from deploy.sidecars.issuer import Issuer, load_key

URL = "http://127.0.0.1:8080/issuer"
GRANTS = [{"role": "navigator", "org": "RU-ROS-001-S01", "classes": ["9А"]}]
NOW = 1_600_000_000.5


def new_issuer() -> Issuer:
    return Issuer(ECKey.generate_key("P-256"), URL)


def test_a_token_verifies_against_the_published_keys() -> None:
    issuer = new_issuer()
    token = jwt.decode(issuer.token("anna", GRANTS, NOW, lifetime=60), KeySet.import_key_set(issuer.keys()))
    assert token.claims == {
        "iss": URL,
        "aud": "bilet",
        "sub": "anna",
        "iat": 1_600_000_000,
        "exp": 1_600_000_060,
        "grants": GRANTS,
    }
    assert token.header["typ"] == "at+jwt"
    assert token.header["alg"] == "ES256"


def test_another_issuer_s_keys_refuse_the_token() -> None:
    token = new_issuer().token("anna", GRANTS, NOW)
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(token, ECKey.generate_key("P-256"))


def test_the_published_keys_hold_no_secret() -> None:
    (key,) = new_issuer().keys()["keys"]
    assert "d" not in key
    assert key["alg"] == "ES256"


def test_discovery_names_what_lies_below_the_issuer() -> None:
    discovery = Issuer(ECKey.generate_key("P-256"), URL + "/").discovery()
    assert discovery["issuer"] == URL
    assert discovery["jwks_uri"] == f"{URL}/jwks"
    assert discovery["token_endpoint"] == f"{URL}/token"


def test_the_key_is_made_once_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "identity.json"
    first = load_key(path)
    assert load_key(path).thumbprint() == first.thumbprint()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["identity.json"]
