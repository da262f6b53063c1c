"""From the 18th birthday on a pupil decides alone: about the consent, and about whose cabinets stay."""

from datetime import date, timedelta

import pytest

from services.registration.domain.links import LinkBatch, link_guardian
from services.registration.domain.majority import ended, giver, is_of_age, keep, majority, must_decide
from services.registration.domain.participants import Participant
from services.registration.domain.roster_entries import GuardianEntry
from shared.base.errors import BadInput, Conflict
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.builders.events import at
from tests.builders.registration import CODES, NOW, enter, pupil, roster


def participant(**changed: object) -> Participant:
    return enter(roster([pupil()])).decisions[0].state.model_copy(update=changed)


@pytest.mark.parametrize(
    ("born", "day"),
    [("2002-10-05", "2020-10-05"), ("2004-02-29", "2022-03-01"), ("2002-02-28", "2020-02-28")],
)
def test_a_pupil_is_of_age_from_the_18th_birthday_on_by_the_clock_of_the_region(born: str, day: str) -> None:
    assert majority(date.fromisoformat(born)).isoformat() == day
    midnight = at(day, 0)
    assert is_of_age({"birth_date": born}, midnight)
    assert not is_of_age({"birth_date": born}, midnight - timedelta(seconds=1))
    assert not is_of_age({}, midnight)


def test_a_consent_on_paper_names_its_giver() -> None:
    two = participant(guardians=("mother", "father"))
    assert giver(two, "mother", of_age=False) == "mother"
    assert giver(participant(), None, of_age=False) == "id1"
    assert giver(two, "self", of_age=True) == "self"
    for named, of_age in ((None, False), ("stranger", False), ("self", False), (None, True), ("mother", True)):
        with pytest.raises(BadInput) as refusal:
            giver(two, named, of_age)
        assert [error.pointer for error in refusal.value.errors] == ["guardian"]
    with pytest.raises(Conflict):
        giver(participant(guardians=()), None, of_age=False)


def test_who_does_not_decide_is_told_why() -> None:
    must_decide(is_pupil=True, of_age=True)
    must_decide(is_pupil=False, of_age=False)
    for is_pupil, slug in ((True, "pupil-minor"), (False, "pupil-of-age")):
        with pytest.raises(Conflict) as refusal:
            must_decide(is_pupil, of_age=not is_pupil)
        assert refusal.value.type == slug


def test_cabinets_end_unless_the_pupil_keeps_them_and_the_consent_stays() -> None:
    family = participant(guardians=("id1", "father"), linked={"id1": "mother", "father": "dad"})
    kept = keep(family, "father", kept=True)
    assert (kept.happened, kept.quiet, keep(kept.state, "father", kept=True).made) == ((), True, False)
    decision = ended(kept.state, NOW)
    ((event, time),) = [
        (h.event.model_dump(include={"guardian", "account", "by", "reason"}), h.time) for h in decision.happened
    ]
    assert event == {"guardian": "id1", "account": "mother", "by": "platform", "reason": "of-age"}
    assert (time, decision.state.linked, decision.state.issued) == (NOW, {"father": "dad"}, {"id1": 1})
    assert decision.state.consents == family.consents
    assert not ended(decision.state, NOW).made
    assert ended(keep(decision.state, "father", kept=False).state, NOW).state.linked == {}


@pytest.mark.parametrize("kept", [False, True])
def test_a_guardian_opens_the_cabinet_of_a_pupil_of_age_only_where_it_is_kept(kept: bool) -> None:
    first = enter(roster([pupil()]))
    (item,) = first.items
    state = keep(first.decisions[0].state, item.guardian or "", kept).state
    batch = LinkBatch([state], {}, of_age=[state.id])
    who = Principal("mother", "mother", (Grant("guardian"),))
    digest = CODES.digest(item.link_code or "")
    if kept:
        assert batch.redeem(digest, who, NOW, None).new
        return
    with pytest.raises(Conflict) as refusal:
        batch.redeem(digest, who, NOW, None)
    assert (refusal.value.type, batch.pupils.made, batch.bound) == ("pupil-of-age", [], {})
    assert link_guardian(state, item.guardian or "", "mother", NOW).made, "by code alone nothing else forbids it"


ADULT = {"birth_date": "2002-09-10"}


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"given_at": "2020-09-09T23:59:59+03:00"}, None),
        ({"given_at": "2020-09-10T00:00:00+03:00"}, "consent/by_pupil"),
        ({"given_at": "2020-09-10T00:00:00+03:00", "by_pupil": True}, None),
        ({"given_at": "2020-09-09T23:59:59+03:00", "by_pupil": True}, "consent/by_pupil"),
        ({"given_at": "2020-09-10T00:00:00+03:00", "by_pupil": True, "guardian": "g1"}, "consent/by_pupil"),
    ],
)
def test_a_roster_s_consent_is_the_pupil_s_from_the_birthday_on(said: dict[str, object], pointer: str | None) -> None:
    consent = {"version": "1", "channel": "paper", **said}
    (item,) = enter(roster([pupil(consent=consent, grade=7, **ADULT)])).items
    found = [] if item.problem is None else [error.pointer for error in item.problem.errors or ()]
    assert [pointer.rpartition("/pupils/0/")[2] for pointer in found] == ([pointer] if pointer else [])
    if pointer is None:
        state = enter(roster([pupil(consent=consent, **ADULT)])).decisions[0].state
        assert state.consents[0].guardian == ("self" if said.get("by_pupil") else item.guardian)


HOME = {"ref": "home", "name": "Детский дом № 1", "kind": "organisation", "inn": "6102000018"}


def test_a_representative_may_be_an_organisation_by_its_number() -> None:
    first = enter(roster([pupil(guardian=HOME), pupil("2", guardian=HOME)]))
    assert {item.guardian for item in first.items} == {first.items[0].guardian}
    home = first.items[0].guardian or ""
    assert first.known.identities[home]["inn"] == HOME["inn"]
    more = {**HOME, "name": "Детский дом имени Крупской", "ogrn": "1026100000013"}
    again = enter(roster([pupil(guardian=more)]), known=first.known)
    assert (again.items[0].problem, again.known.identities[home]["ogrn"]) == (None, more["ogrn"])
    bare = {"ref": "home", "name": "Детский дом № 1"}
    assert enter(roster([pupil(guardian=bare)]), known=again.known).items[0].problem is None
    for other in ({**HOME, "inn": "7707083893"}, {**bare, "kind": "person"}):
        (item,) = enter(roster([pupil(guardian=other)]), known=again.known).items
        assert item.problem is not None
        assert item.problem.type == "another-guardian"


@pytest.mark.parametrize(
    "wrong",
    [{"inn": "6102000019"}, {"inn": None}, {"kind": "person"}, {"kind": None}, {"ogrn": "1026100000014"}],
)
def test_an_organisation_without_a_right_number_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"ИНН|ОГРН|organisation"):
        GuardianEntry.model_validate({**HOME, **wrong})
