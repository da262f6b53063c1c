"""A ring of keys is read from one text, and no complaint about it repeats a key."""

import base64

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.base.named_keys import NamedKey, NamedKeys

A, B = (base64.b64encode(letter * 32).decode() for letter in (b"a", b"b"))
RING: TypeAdapter[tuple[NamedKey, ...]] = TypeAdapter(NamedKeys)
WRONG = {
    A: "entry 1 must be id:base64",
    f"k1:{A},": "entry 2 must be id:base64",
    f"K 1:{A}": "entry 1 must be id:base64",
    f"derived:{A}": "or derived alone",
    "k1": "entry 1 must be id:base64",
    f"k1:{A[:-5]}": "the key k1 must be 32 bytes in base64",
    "k1:!": "the key k1 must be 32 bytes in base64",
    f"k1:{A},k1:{B}": "each id and each key may stand there once",
    f"k1:{A},k2:{A}": "each id and each key may stand there once",
    ",".join(f"k{n}:{base64.b64encode(bytes([n]) * 32).decode()}" for n in range(21)): "at most 20 keys",
}


def test_the_first_is_the_current_one_and_the_derived_one_has_no_bytes() -> None:
    found = RING.validate_python(f" k2:{B}, derived ,k1:{A}")
    assert [each.id for each in found] == ["k2", "derived", "k1"]
    assert (found[0].key, found[1].key) == (b"b" * 32, b"")
    assert RING.validate_python("") == ()
    assert "key=" not in repr(found)
    assert "bbb" not in repr(found)


@pytest.mark.parametrize(("text", "complaint"), WRONG.items())
def test_a_wrong_ring_is_refused_without_a_word_of_a_key(text: str, complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RING.validate_python(text)
    (error,) = refused.value.errors(include_input=False, include_url=False, include_context=False)
    assert complaint in error["msg"]
    assert not any(key in error["msg"] for key in (A, B, A[:-5]))
