"""Passes: signed by one installation, checked by anybody with its public key, and good for one booking in one slot."""

import base64
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey
from pydantic import ValidationError

from services.trials.domain.path import steps
from services.trials.domain.presence.passes import OwnCode, Pass, PresenceEntry, Scan, Scans
from services.trials.handlers.scan_sheets import scans_in
from services.trials.passes import Passes
from shared.base.errors import BadInput, Conflict
from shared.contracts.trials import AttendanceSource
from tests.builders.events import at
from tests.builders.tables import part_of, with_parts, with_shared_strings, xlsx_file
from tests.builders.trials import pupil
from tests.builders.walks import GATE, booked, diagnosed, trial

PASSES = Passes(b"m" * 32)
HERE = Pass("a-booking", "a-slot")
SHEET = "xl/worksheets/sheet1.xml"


@given(st.text(), st.text())
def test_a_pass_says_what_it_was_written_for(booking: str, slot: str) -> None:
    assert PASSES.read(PASSES.write(Pass(booking, slot))) == Pass(booking, slot)


@given(st.text())
def test_a_pupil_s_own_code_is_no_pass(pupil: str) -> None:
    assert PASSES.read(PASSES.write(OwnCode(pupil))) == OwnCode(pupil)


def test_a_stranger_checks_a_pass_with_the_public_key_alone() -> None:
    (key,) = PASSES.keys
    assert "d" not in key
    signed = jws.deserialize_compact(PASSES.write(HERE), OKPKey.import_key(dict(key)), algorithms=["Ed25519"])
    assert (signed.protected["kid"], signed.payload) == (key["kid"], b'{"booking":"a-booking","slot":"a-slot"}')


@given(st.text() | st.from_regex(r"[\w-]+\.[\w-]+\.[\w-]+", fullmatch=True))
def test_nothing_else_is_a_pass(said: str) -> None:
    assert PASSES.read(said) is None


@pytest.mark.parametrize(
    "header", ['{"alg":"Ed25519","crit":5}', '"alg"', '["alg"]', '{"alg":"Ed25519","crit":[[]]}', "[" * 9_999]
)
def test_a_header_that_is_none_makes_no_pass(header: str) -> None:
    token = f"{base64.urlsafe_b64encode(header.encode()).decode().rstrip('=')}.e30.AA"
    assert PASSES.read(token) is None


@pytest.mark.parametrize("change", ["another installation", "another kind", "no such payload", "unsigned", "cut"])
def test_what_is_signed_otherwise_is_no_pass(change: str) -> None:
    token = PASSES.write(HERE)
    private = OKPKey.import_key(PASSES._key.as_dict(private=True))
    signed: dict[str, Any] = {
        "another installation": Passes(b"n" * 32).write(HERE),
        "another kind": jws.serialize_compact({"alg": "Ed25519"}, b'{"booking":"b","slot":"s"}', private, ["Ed25519"]),
        "no such payload": jws.serialize_compact(
            {"alg": "Ed25519", "typ": "bilet-pass"}, b'{"booking":"b"}', private, ["Ed25519"]
        ),
        "unsigned": "eyJhbGciOiJub25lIiwidHlwIjoiYmlsZXQtcGFzcyJ9." + token.split(".")[1] + ".",
        "cut": token[:-4],
    }
    assert PASSES.read(signed[change]) is None
    assert PASSES.read(token) == HERE


def entry(**said: Any) -> PresenceEntry:
    return PresenceEntry.model_validate({"source": "qr", **said})


@pytest.mark.parametrize(
    "said", [{}, {"participant": "p", "token": "t.t.t"}, {"token": "t.t.t", "source": "list"}, {"token": "t"}]
)
def test_a_presence_is_either_a_pupils_or_a_passs(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        entry(**said)


def test_a_pass_names_the_pupil_in_its_own_slot_alone() -> None:
    scans = Scans(
        "a-slot", {"t.t.t": HERE, "u.u.u": Pass("b", "another"), "v.v.v": Pass("gone", "a-slot")}, {"a-booking": "p1"}
    )
    assert scans.presence(entry(token="t.t.t")).participant == "p1"
    own = Scans("a-slot", {"o.o.o": OwnCode("p3")}, {}).presence(entry(token="o.o.o"))
    assert (own.participant, own.own_code) == ("p3", True)
    named = scans.presence(entry(participant="p2"))
    assert (named.participant, named.own_code) == ("p2", False)
    for token, why in (("u.u.u", "another slot"), ("v.v.v", "no booking"), ("w.w.w", "no pass")):
        with pytest.raises(BadInput, match="token") as refused:
            scans.presence(entry(token=token))
        assert why in refused.value.errors[0].detail


def test_the_door_opens_an_hour_before_for_who_shows_a_pass() -> None:
    slot = trial("2020-10-05")
    path = booked(diagnosed(), slot)
    (held,) = path.bookings
    early, too_early = at("2020-10-05", 13), at("2020-10-05", 12)
    assert steps.attend(path, pupil(), held, "qr", early, GATE).happened[0].time == early
    refusals: list[tuple[AttendanceSource, datetime]] = [("list", early), ("qr", too_early)]
    for source, time in refusals:
        with pytest.raises(Conflict) as refused:
            steps.attend(path, pupil(), held, source, time, GATE)
        assert refused.value.type == "not-started"


async def test_a_workbook_of_a_thousand_scans_is_read_and_one_that_swells_is_not() -> None:
    titles, time = ["№", "ФИО", "Код", "Слот", "Время"], "2020-10-05T15:00:00+03:00"
    lines = [[str(n), "Длинная Фамилия Именем", f"{n}.{'p' * 270}.s", f"slot{n}", time] for n in range(1_000)]
    read, items = await scans_in(with_shared_strings(xlsx_file([titles, *lines])))
    assert (len(read), [type(item.value) for item in items]) == (1_000, [Scan] * 1_000)
    empty = part_of(xlsx_file([titles]), SHEET).replace(b"</sheetData>", b"<row/>" * 200_000 + b"</sheetData>")
    with pytest.raises(BadInput, match="more than 1 MiB once unpacked"):
        await scans_in(with_parts(xlsx_file([titles]), {SHEET: empty}))
