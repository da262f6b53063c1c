"""A file in sealed pieces is read as any other, and no piece opens in another place."""

import io
import os
from zipfile import ZipFile

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.registration.file_vault import FileVault
from services.registration.sealed_source import MOST_HELD, SealedSource
from tests.builders.tables import CLASS_LIST, xlsx_file


def source(file: bytes, piece: int) -> SealedSource:
    return SealedSource(lambda number: file[number * piece : (number + 1) * piece], len(file), piece)


@given(
    st.binary(max_size=200),
    st.integers(1, 50),
    st.lists(st.tuples(st.integers(0, 220), st.integers(0, 90)), max_size=8),
)
def test_it_reads_as_the_file_does(file: bytes, piece: int, reads: list[tuple[int, int]]) -> None:
    own, other = io.BufferedReader(source(file, piece)), io.BytesIO(file)
    for place, size in reads:
        assert (own.seek(place), own.read(size)) == (other.seek(place), other.read(size))
    own.seek(0)
    assert own.read() == file


def test_a_workbook_is_read_from_it_with_few_pieces_in_memory() -> None:
    file = xlsx_file(CLASS_LIST)
    one = source(file, 100)
    with ZipFile(io.BufferedReader(one)) as archive:
        assert archive.testzip() is None
    assert len(one._held) <= MOST_HELD


def test_what_kept_it_from_being_read_is_remembered() -> None:
    def fail(number: int) -> bytes:
        raise TimeoutError

    one = SealedSource(fail, 10, 5)
    with pytest.raises(TimeoutError):
        io.BufferedReader(one).read()
    assert isinstance(one.failure, TimeoutError)


def test_a_piece_opens_in_its_place_of_its_file_alone() -> None:
    vault = FileVault(bytes(32), os.urandom)
    key = vault.new_key("a")
    sealed = vault.seal("a", key, "0", b"names")
    assert b"names" not in sealed
    assert vault.open("a", key, "0", sealed) == b"names"
    with pytest.raises(InvalidTag):
        vault.open("a", key, "1", sealed)
    with pytest.raises(InvalidTag):
        vault.open("b", key, "0", sealed)
    with pytest.raises(InvalidTag):
        FileVault(bytes(31) + b"x", os.urandom).open("a", key, "0", sealed)
