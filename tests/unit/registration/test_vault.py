"""What is sealed opens for its own person only, and no random byte is handed out twice."""

import os
from collections import Counter
from itertools import count

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.registration.codes import DIGEST_BYTES, Codes
from services.registration.entropy import Entropy
from shared.base.errors import Unavailable
from shared.base.named_keys import NamedKey
from shared.identity.key_ring import KeyRing
from shared.identity.vault import Vault
from shared.storage.wrapped_keys import Rotated, report
from tests.builders.registration import CODES


def test_codes_and_their_digests_are_an_installation_s_own() -> None:
    other, text = Codes(b"x" * 32), CODES.text("p1", "g1")
    assert other.text("p1", "g1") != text
    assert other.digest(text) != CODES.digest(text)
    assert len(CODES.digest(text)) == DIGEST_BYTES


@given(st.dictionaries(st.text(), st.text(max_size=300), max_size=3))
def test_the_vault_opens_what_it_sealed_for_that_person_only(identity: dict[str, str]) -> None:
    vault = Vault(KeyRing(b"m" * 32), os.urandom)
    sealed = vault.seal("p1", identity)
    assert vault.open(sealed) == identity
    for spoilt in ({**sealed, "_id": "p2"}, {**sealed, "data": sealed["data"][:-1] + b"?!"}, {**sealed, "version": 2}):
        with pytest.raises(InvalidTag):
            vault.open(spoilt)
    with pytest.raises(InvalidTag):
        Vault(KeyRing(b"n" * 32), os.urandom).open(sealed)
    assert vault.seal("p1", identity)["data"] != sealed["data"]


@given(st.lists(st.integers(1, 200), max_size=60))
def test_no_random_byte_is_handed_out_twice(counts: list[int]) -> None:
    pages = count()
    entropy = Entropy(lambda size: b"".join(next(pages).to_bytes(4, "big") for _ in range(size // 4)))
    drawn = [entropy.draw(4 * size) for size in counts]
    words = [piece[at : at + 4] for piece in drawn for at in range(0, len(piece), 4)]
    assert [len(piece) for piece in drawn] == [4 * size for size in counts]
    assert len(set(words)) == len(words)


def test_what_is_sealed_again_keeps_its_key_and_its_marks_die_with_it() -> None:
    vault = Vault(KeyRing(b"m" * 32), os.urandom)
    sealed = vault.seal("p1", {"name": "Иванов Пётр"})
    again = vault.seal_again(sealed, {"name": "Иванов Пётр Олегович"})
    assert (again["key"], again["data"] != sealed["data"]) == (sealed["key"], True)
    assert vault.open(again) == {"name": "Иванов Пётр Олегович"}
    mark = vault.mark(sealed, "name", "Иванов Пётр")
    assert mark == vault.mark(again, "name", "Иванов Пётр")
    other = vault.seal("p1", {"name": "Иванов Пётр"})
    others = {vault.mark(other, "name", "Иванов Пётр"), vault.mark(sealed, "birth_date", "Иванов Пётр")}
    assert mark not in others
    with pytest.raises(InvalidTag):
        vault.mark({**sealed, "key": os.urandom(len(sealed["key"]))}, "name", "Иванов Пётр")


def test_a_key_is_wrapped_by_the_first_of_the_ring_and_opens_with_any_ring_that_has_it() -> None:
    k1, k2 = (NamedKey(id, os.urandom(32)) for id in ("k1", "k2"))
    plain, old, both, new = (
        Vault(KeyRing(b"m" * 32, keys), os.urandom) for keys in ((), (NamedKey("derived"), k1), (k1, k2), (k2,))
    )
    for vault, id in ((plain, None), (old, None), (both, "k1"), (new, "k2")):
        sealed = vault.seal("p1", {"name": "Иванов"})
        assert sealed.get("wrapped_by") == id
        for other in (plain, old, both, new):
            if id is None or id in other.ring.ids:
                assert other.open(sealed) == {"name": "Иванов"}
                again = other.wrap_again(sealed)
                assert (other.open(again), again["data"]) == ({"name": "Иванов"}, sealed["data"])
            else:
                with pytest.raises(Unavailable, match=f"by {id}, which VAULT_KEYS lacks"):
                    other.open(sealed)


def test_a_rotation_tells_what_is_left_and_which_key_may_go() -> None:
    ring = KeyRing(b"m" * 32, [NamedKey(id, os.urandom(32)) for id in ("k3", "k2", "k1")])
    rotated = Rotated(done=1_200, closed=Counter(k2=3, k0=4), left=Counter(k2=3, k0=4, derived=5))
    said = report(ring, rotated, "vault_keys from before now, which are kept 30 days")
    assert said == [
        "1,200 keys were wrapped anew by k3",
        "5 keys are wrapped by derived: a process still begins with it: run this again once all begin with k3",
        "4 keys are wrapped by k0: VAULT_KEYS lacks it",
        "3 keys are wrapped by k2: 3 do not open: the key of this id is another one",
        "k1 wraps no key any more: it may leave VAULT_KEYS once every process begins with k3; "
        "keep it with the backups of vault_keys from before now, which are kept 30 days",
    ]
