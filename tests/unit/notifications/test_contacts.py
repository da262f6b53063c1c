"""Responsible persons: which parts fit together, what a phone and an address are, and where a family's pupil is."""

import os
from itertools import permutations
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from pydantic import ValidationError

from services.notifications.contacts import ring_of
from services.notifications.domain.contacts import (
    MOST_CONTACTS,
    ContactEntry,
    contact_of,
    must_have_room,
)
from services.notifications.domain.places import Stay
from shared.base.errors import BadInput, Conflict, Forbidden
from shared.base.named_keys import NamedKey
from shared.base.settings import Settings
from shared.identity.grants import Grant
from shared.identity.key_ring import KeyRing
from shared.identity.principal import Principal
from shared.identity.vault import Vault
from shared.programme.organisations import Organisation
from tests.builders.events import PLACE, at, enveloped, erased, moved, registered

SCHOOL = Organisation(
    id="S1", kind="school", region="RU-ROS", municipality="RU-ROS-001", utc_offset="+03:00", sequence="0000000001"
)


def entry(**changed: Any) -> ContactEntry:
    said = {"role": "navigator", "name": "Соколова Анна", "phone": "+7 863 200-00-00", "classes": ["7б", "7 «А»"]}
    return ContactEntry.model_validate({**said, **changed})


def test_classes_are_in_their_one_form_and_a_closed_school_has_nobody() -> None:
    assert contact_of("c1", SCHOOL, "n1", entry()).classes == ("7А", "7Б")
    with pytest.raises(Conflict) as refused:
        contact_of("c1", SCHOOL.model_copy(update={"closed_on": "2021-09-01"}), "n1", entry())
    assert refused.value.type == "organisation-closed"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ({"phone": None}, "school", ["phone"]),
        ({"role": "coordinator", "public": True}, "school", ["classes", "public"]),
        ({"role": "concept-lead", "classes": [], "public": True}, "region", ["role", "public"]),
        ({}, "college", ["role"]),
    ],
)
def test_what_does_not_fit_together_is_refused_by_field(said: dict[str, Any], kind: str, words: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        contact_of("c1", SCHOOL.model_copy(update={"kind": kind}), "n1", entry(**said))
    assert [error.pointer for error in refused.value.errors] == words


def test_a_municipality_has_coordinators_and_no_organisation_has_too_many() -> None:
    town = SCHOOL.model_copy(update={"kind": "municipality"})
    assert contact_of("c1", town, "n1", entry(role="coordinator", classes=[], phone=None, mail="a@b.ru")).mail
    must_have_room("S1", MOST_CONTACTS - 1)
    with pytest.raises(Conflict, match="S1 has 200 contacts"):
        must_have_room("S1", MOST_CONTACTS)


@pytest.mark.parametrize("phone", ["+7 (863) 200-00-00", "8 863 2000000, доб. 12", "112345", "+78632000000 ext. 7"])
def test_a_phone_number_is_as_it_is_dialled(phone: str) -> None:
    assert entry(phone=f" {phone} ").phone == phone


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("phone", text) for text in ("", "8-800-BILET", "1234", "+7 863 200-00-00 доб.", "1" * 16, "++7863200")),
        *(("mail", text) for text in ("", "a", "a@b", "a b@c.ru", "Анна <a@b.ru>", "a@b..ru", "a@b.ru, c@d.ru")),
        ("name", "\u200b"),
        ("classes", ["А"]),
        ("role", "director"),
    ],
)
def test_what_is_no_contact_is_refused(field: str, text: Any) -> None:
    with pytest.raises(ValidationError):
        entry(**{field: text})


@pytest.mark.parametrize("mail", ["school3@example.org", "школа@школа.рф", "a+b@c.d-e.ru"])
def test_an_address_is_as_it_is_written(mail: str) -> None:
    assert entry(mail=mail).mail == mail


def test_a_navigator_of_some_classes_enters_nobody() -> None:
    whole, some = (Principal("s", "a", (Grant("navigator", "S1", classes),)) for classes in (None, frozenset({"7А"})))
    whole.scope.must_cover_whole(*SCHOOL.place)
    with pytest.raises(Forbidden, match="some of its classes"):
        some.scope.must_cover_whole(*SCHOOL.place)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_pupil_is_where_the_latest_day_says_and_nowhere_once_erased(order: tuple[int, ...]) -> None:
    events = [
        enveloped(registered("p1"), 1, at("2020-09-14")),
        enveloped(moved("p1", {**PLACE, "school_class": "8В"}), 2, at("2020-10-01")),
        enveloped(registered("p1", season="2021", school_class="7Г"), 3, at("2020-09-20")),
    ]
    stay = Stay()
    for number in order:
        stay = stay.after(events[number])
    assert (stay.school_class, stay.day) == ("8В", "2020-10-01")
    gone = stay.after(enveloped(erased("p1"), 4, at("2020-11-01")))
    assert gone == gone.after(events[1]) == Stay(is_erased=True)


def vault_of(settings: Settings) -> Vault:
    return Vault(ring_of(settings), os.urandom)


@pytest.mark.parametrize("ring", [(), (NamedKey("k1", b"1" * 32),)])
def test_a_contact_opens_with_no_other_service_s_keys_be_they_the_same(ring: tuple[NamedKey, ...]) -> None:
    settings = Settings(
        kafka_bootstrap_servers="k:1",
        mongo_url="mongodb://m",
        master_key=bytes(32),
        oidc_issuer="http://i",
        vault_keys=ring,
    )
    row = vault_of(settings).seal("c1", {"name": "Соколова Анна"})
    assert row.get("wrapped_by") == (ring[0].id if ring else None)
    assert vault_of(settings).open(row) == {"name": "Соколова Анна"}
    another = {"vault_keys": (NamedKey("k1", b"2" * 32),)} if ring else {"master_key": b"1" * 32}
    for other in (Vault(KeyRing.of(settings), bytes), vault_of(settings.model_copy(update=another))):
        with pytest.raises(InvalidTag):
            other.open(row)
    with pytest.raises(InvalidTag):
        vault_of(settings).open({**row, "_id": "c2"})


def test_what_was_sealed_before_there_was_a_ring_opens_with_one() -> None:
    settings = Settings(
        kafka_bootstrap_servers="k:1", mongo_url="mongodb://m", master_key=bytes(32), oidc_issuer="http://i"
    )
    row = vault_of(settings).seal("c1", {"name": "Соколова Анна"})
    newer = vault_of(settings.model_copy(update={"vault_keys": (NamedKey("k1", b"1" * 32),)}))
    assert newer.open(row) == newer.open(newer.wrap_again(row)) == {"name": "Соколова Анна"}
