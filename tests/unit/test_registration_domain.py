"""Registration decides: who may be entered, what happens once only, and what never changes."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registration.answers.progress import Progress, SeasonView
from services.registration.api.rosters import Roster
from services.registration.codes import DIGEST_BYTES, LENGTH, Codes
from services.registration.copies.steps import Steps, step
from services.registration.domain.consents import (
    CONSENTS_WITHIN,
    MOST_CONSENTS,
    ConsentRequest,
    give_consent,
    giver,
    withdraw_consent,
)
from services.registration.domain.links import link_account, link_guardian
from services.registration.domain.organisations import Definition, Organisation, define
from services.registration.domain.participants import Consent, Participant
from services.registration.domain.rosters import Intake, PupilEntry
from services.registration.entropy import Entropy
from services.registration.vault import Vault
from shared.base.errors import BadInput, Conflict
from shared.contracts.event import Event
from shared.http.problems import Problem
from shared.programme.stages import Rules
from shared.storage.decision import Decision
from shared.storage.namesakes import must_be_own, namesakes
from tests.builders import at, attended, diagnosed, enveloped, recommended, revoked
from tests.builders_registration import CODES, NOW, SCHOOL, Entered, Known, enter, intake, pupil, roster, season

REGION = Organisation(
    id="RU-ROS", kind="region", name="Ростовская область", parent="RU", region="RU-ROS", utc_offset="+03:00"
)
MUNICIPALITY = REGION.model_copy(
    update={"id": "RU-ROS-001", "kind": "municipality", "parent": "RU-ROS", "municipality": "RU-ROS-001"}
)


def definition(**changed: Any) -> Definition:
    return Definition(**{"kind": "school", "name": "Школа № 1", "parent": "RU-ROS-001", **changed})


def entered(
    *pupils: Any,
    known: Known | None = None,
    ids: Iterator[int] | None = None,
    now: datetime = NOW,
    changed: Mapping[str, Any] = MappingProxyType({}),
) -> Entered:
    """What a roster of these lines comes to."""
    return enter(roster(pupils, **changed), known=known, ids=ids, now=now)


def pointers(problem: Problem) -> list[str]:
    return [error.pointer for error in problem.errors or ()]


def events(decision: Decision[Any]) -> list[str]:
    return [happened.event.type for happened in decision.happened]


def participant(**changed: Any) -> Participant:
    return entered(pupil()).decisions[0].state.model_copy(update=changed)


def consent(version: str = "2020-1", day: str = "2020-09-10", guardian: str = "id1") -> Consent:
    return Consent(version=version, channel="paper", given_at=at(day), guardian=guardian)


def test_an_organisation_happens_once_and_again_only_when_it_changes() -> None:
    first = define(None, "S1", definition(), MUNICIPALITY, NOW)
    assert events(first) == ["organisation.defined.v1"]
    assert (first.state.region, first.state.municipality, first.state.utc_offset) == ("RU-ROS", "RU-ROS-001", "+03:00")
    stored = first.state.model_copy(update={"sequence": 1})
    assert define(stored, "S1", definition(), MUNICIPALITY, NOW) == Decision(stored)
    renamed = define(stored, "S1", definition(name="Лицей № 1"), MUNICIPALITY, NOW)
    assert events(renamed) == ["organisation.defined.v1"]
    assert (renamed.state.name, renamed.state.sequence) == ("Лицей № 1", 1)


@pytest.mark.parametrize(
    ("changed", "parent", "pointer"),
    [
        ({}, None, "parent"),
        ({}, REGION, "parent"),
        ({"kind": "municipality"}, MUNICIPALITY, "parent"),
        ({"kind": "region"}, None, "parent"),
        ({"kind": "region", "parent": "RU"}, None, "utc_offset"),
        ({"utc_offset": "+07:00"}, MUNICIPALITY, "utc_offset"),
        ({"kind": "college", "level": "main"}, MUNICIPALITY, "level"),
        ({"occurred_at": NOW + timedelta(seconds=1)}, MUNICIPALITY, "occurred_at"),
    ],
)
def test_an_organisation_that_does_not_fit_is_refused_by_field(
    changed: dict[str, Any], parent: Organisation | None, pointer: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        define(None, "S1", definition(**changed), parent, NOW)
    assert [error.pointer for error in refusal.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("RU-ROS-001", True),
        ("RU-ROS-001-S01", True),
        ("S9", True),
        ("RU-ROSTOV", False),
        ("RU-MOW", False),
        ("RU-TST-001", False),
        ("OLD-001", False),
        ("RU-ROS-NEW-001", False),
        ("ru-ros-001", True),
        ("ru-mow-001", False),
        ("Ru-Mow", False),
        ("ru-tst-001", False),
        ("old-001", False),
        ("RU-ROS-new-001", False),
        ("ru", False),
    ],
)
def test_a_region_s_operator_enters_no_code_in_another_region_s_name(code: str, fits: bool) -> None:
    named = [name.upper() for name in namesakes(code)]
    known = {region for region in ("RU-ROS", "RU-TST", "OLD", "RU-ROS-NEW") if region in named}
    if fits:
        must_be_own(code, "RU-ROS", known)
        return
    with pytest.raises(BadInput) as refusal:
        must_be_own(code, "RU-ROS", known)
    assert [error.pointer for error in refusal.value.errors] == ["code"]


@pytest.mark.parametrize("kind", ["region", "municipality", "school"])
def test_the_nation_s_code_is_nobody_s(kind: str) -> None:
    for parent in (REGION, MUNICIPALITY):
        with pytest.raises(BadInput) as refusal:
            define(None, "RU", definition(kind=kind, parent="RU", utc_offset="+03:00"), parent, NOW)
        assert [error.pointer for error in refusal.value.errors] == ["code"]


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1999-12-31T00:00:00Z", "2101-01-01T00:00:00Z"]
)
def test_a_time_that_staff_give_is_of_this_century(time: str) -> None:
    with pytest.raises(ValidationError, match="2000 to 2100"):
        definition(occurred_at=time)
    with pytest.raises(ValidationError, match="2000 to 2100"):
        ConsentRequest.model_validate({"version": "1", "channel": "paper", "given_at": time})
    with pytest.raises(ValidationError, match="2000 to 2100"):
        Roster.model_validate(roster([pupil()], occurred_at=time))
    (item,) = entered(pupil(consent={"version": "1", "given_at": time, "channel": "paper"})).items
    assert item.problem is not None
    assert pointers(item.problem) == ["/pupils/0/consent/given_at"]


@pytest.mark.parametrize("line", [pupil("\ud800"), {"external_ref": "\ud800"}, {"external_ref": "a\udfff", "grade": 7}])
def test_what_is_not_unicode_is_refused_and_not_told_again(line: dict[str, Any]) -> None:
    good, bad = entered(pupil("1"), line).items
    assert (good.status, bad.status, bad.external_ref) == ("created", "rejected", None)
    assert "/pupils/1/external_ref" in bad.model_dump_json()


def of_classes(*classes: str, **changed: Any) -> dict[str, Any]:
    """A sender's classes, and what is changed of the roster."""
    return {"classes": classes, **changed}


LATER = {"season": "2021", "class": "8Б", "occurred_at": "2020-10-14T10:00:00+03:00"}
MOTHER = {"ref": "g1", "name": "Иванова Анна"}


@pytest.mark.parametrize(
    ("line", "changed", "pointer"),
    [
        (pupil(), {"class": "7Б"}, "/pupils/0/external_ref"),
        (pupil(guardian=None, consent=None), {"class": "7Б"}, "/pupils/0/external_ref"),
        (pupil(grade=8), LATER, "/pupils/0/external_ref"),
        (pupil(grade=8, guardian={"ref": "new", "name": "Н"}), LATER, "/pupils/0/external_ref"),
        (pupil("made-up", guardian=MOTHER), {"class": "7Б"}, "/pupils/0/guardian/ref"),
        (pupil("made-up", guardian=MOTHER, consent=None, grade=8), LATER, "/pupils/0/guardian/ref"),
    ],
)
def test_a_class_s_navigator_gets_nobody_of_another_class(
    line: dict[str, Any], changed: dict[str, Any], pointer: str
) -> None:
    first = entered(pupil())
    own = of_classes("7Б", "8Б", **changed)
    refused = entered(line, known=first.known, ids=count(10), changed=own)
    (item,) = refused.items
    assert (item.status, item.participant, item.guardian, item.link_code, item.account_code) == (
        "rejected",
        *[None] * 4,
    )
    assert item.problem is not None
    assert (item.problem.type, pointers(item.problem)) == ("another-class", [pointer])
    assert refused.writes == 0
    together = enter(roster([pupil()]), roster([line], **own))
    assert together.answers[1] == [item]
    assert together.known == first.known
    for classes in (None, ("7А", "7Б", "8Б")):
        assert entered(line, known=first.known, changed={**changed, "classes": classes}).items[0].status != "rejected"


def test_a_class_s_navigator_enters_the_own_families() -> None:
    seven = of_classes("7А")
    first = entered(pupil("1", guardian=MOTHER), pupil("2", guardian=MOTHER), changed=seven)
    elsewhere = entered(pupil("3", guardian=MOTHER), known=first.known, ids=count(10), changed={"class": "7Б"})
    for classes, school_class, ref in (("7А", "7А", "4"), ("7Б", "7Б", "5")):
        changed = of_classes(classes, **{"class": school_class})
        (item,) = entered(pupil(ref, guardian=MOTHER), known=elsewhere.known, ids=count(20), changed=changed).items
        assert (item.status, item.guardian) == ("created", first.items[0].guardian)
    again = entered(pupil("1", guardian=MOTHER), known=elsewhere.known, changed=seven)
    assert again.items == [first.items[0].model_copy(update={"status": "known"})]


def test_kind_and_parent_of_an_organisation_never_change() -> None:
    stored = define(None, "S1", definition(), MUNICIPALITY, NOW).state
    elsewhere = MUNICIPALITY.model_copy(update={"id": "RU-ROS-002"})
    for changed, parent in (({"kind": "college"}, MUNICIPALITY), ({"parent": "RU-ROS-002"}, elsewhere)):
        with pytest.raises(Conflict, match="cannot change"):
            define(stored, "S1", definition(**changed), parent, NOW)


def test_a_pupil_is_registered_with_consent_at_their_own_times() -> None:
    first = entered(pupil())
    decision = first.decisions[0]
    assert [(h.event.type, h.time.isoformat()) for h in decision.happened] == [
        ("participant.registered.v1", "2020-09-14T10:00:00+03:00"),
        ("consent.given.v1", "2020-09-01T12:00:00+03:00"),
    ]
    assert decision.state.consent is not None
    assert decision.state.consent.guardian == first.guardians[SCHOOL.id, "g1"] == first.items[0].guardian
    assert first.items[0].status == "created"


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (pupil(grade=8), "/pupils/0/grade"),
        (pupil(grade="7"), "/pupils/0/grade"),
        (pupil(grade=True), "/pupils/0/grade"),
        (pupil(birth_date="2014-09-15"), "/pupils/0/birth_date"),
        (pupil(birth_date="1999-09-13"), "/pupils/0/birth_date"),
        (pupil(birth_date="17.05.2007"), "/pupils/0/birth_date"),
        (pupil(name="  "), "/pupils/0/name"),
        (pupil(name="я" * 201), "/pupils/0/name"),
        (pupil(guardian=None), "/pupils/0/consent"),
        (
            pupil(consent={"version": "1", "given_at": "2020-11-02T00:00:00+03:00", "channel": "paper"}),
            "/pupils/0/consent/given_at",
        ),
        (
            pupil(consent={"version": "1", "given_at": "2020-09-02T00:00:00", "channel": "paper"}),
            "/pupils/0/consent/given_at",
        ),
        ({**pupil(), "external_ref": None}, "/pupils/0/external_ref"),
        ("Иванов", "/pupils/0"),
    ],
)
def test_a_wrong_line_is_refused_by_field_and_changes_nothing(line: Any, pointer: str) -> None:
    refused = entered(line)
    assert refused.writes == 0
    assert refused.items[0].status == "rejected"
    assert refused.items[0].problem is not None
    assert pointers(refused.items[0].problem) == [pointer]
    assert "Иванов" not in refused.items[0].problem.model_dump_json()


def test_the_season_says_which_grades_take_part() -> None:
    line = pupil(grade=5, birth_date="2009-05-17")
    problem = entered(line, changed={"class": "5Б"}).items[0].problem
    assert problem is not None
    assert [dict(e) for e in problem.errors or ()] == [
        {"pointer": "/pupils/0/grade", "detail": "must be from 6 to 11 in season 2020"}
    ]


@pytest.mark.parametrize(("born", "status"), [("2014-09-14", "created"), ("2014-09-15", "rejected")])
def test_the_youngest_is_six_on_the_day(born: str, status: str) -> None:
    assert entered(pupil(birth_date=born)).items[0].status == status


@pytest.mark.parametrize("grade", range(1, 12))
def test_the_usual_ages_of_every_grade_are_entered(grade: int) -> None:
    where = replace(intake(NOW, **{"class": f"{grade}А"}), season=season(grades=(1, 11)))
    born = [f"{2020 - grade - 6}-03-01", f"{2020 - grade - 5}-02-28"]
    lines = [PupilEntry.model_validate(pupil(date, grade=grade, birth_date=date)) for date in born]
    assert [fault for line in lines for fault in where.faults(line, None)] == []


def test_a_pupil_listed_twice_is_entered_once() -> None:
    items = entered(pupil("1"), pupil("2"), pupil("1")).items
    assert [item.status for item in items] == ["created", "created", "rejected"]
    assert items[2].problem is not None
    assert "/pupils/0" in items[2].problem.detail


def test_siblings_of_one_school_have_one_guardian_and_codes_of_their_own() -> None:
    anna = {"ref": "anna", "name": "Иванова Анна"}
    siblings = entered(pupil("1", guardian=anna), pupil("2", guardian=anna))
    first, second = siblings.items
    assert first.guardian == second.guardian
    assert first.link_code != second.link_code
    assert len(siblings.identities) == 3


def test_the_same_roster_again_finds_everyone_and_writes_nothing() -> None:
    first = entered(pupil("1"), pupil("2", guardian=None, consent=None))
    again = entered(pupil("1"), pupil("2", guardian=None, consent=None), known=first.known, ids=count(100))
    assert again.writes == 0
    assert again.items == [item.model_copy(update={"status": "known"}) for item in first.items]


def test_a_redeemed_code_is_not_shown_again() -> None:
    first = entered(pupil())
    linked = link_guardian(first.decisions[0].state, "id1", "account", NOW).state
    again = entered(pupil(), known=first.known.then([Decision(linked)], {}))
    assert again.items[0].guardian == "id1"
    assert again.items[0].link_code is None
    assert again.items[0].account_code == first.items[0].account_code


def test_a_known_pupil_enters_another_season_in_the_new_class() -> None:
    first = entered(pupil())
    line = pupil(grade=8, guardian={"ref": "father", "name": "Иванов Иван"}, consent=None)
    later = {"season": "2021", "class": "8А", "occurred_at": "2021-09-14T10:00:00+03:00"}
    second = entered(line, known=first.known, ids=count(10), now=at("2021-11-01"), changed=later)
    state = second.decisions[0].state
    assert events(second.decisions[0]) == ["participant.registered.v1"]
    assert (state.id, state.place.school_class, list(state.seasons)) == ("id2", "8А", ["2020", "2021"])
    assert state.guardians == ("id1", "id10")
    assert [code.guardian for code in state.codes] == [None, "id1", "id10"]
    assert state.codes[:2] == first.decisions[0].state.codes
    assert set(second.identities) == {"id10"}


def test_a_roster_of_an_earlier_time_does_not_say_where_the_pupil_is_now() -> None:
    first = entered(pupil())
    earlier = {"season": "2019", "class": "6А", "occurred_at": "2019-09-14T10:00:00+03:00"}
    line = pupil(grade=6, consent=None)
    second = entered(line, known=first.known, changed=earlier)
    assert second.decisions[0].state.place.school_class == "7А"
    happened: Any = second.decisions[0].happened[0].event
    assert (happened.school_class, happened.grade) == ("6А", 6)


REFS = st.sampled_from(["1", "2", "3", "4"])
LINES = st.one_of(
    REFS.map(pupil),
    REFS.map(lambda ref: pupil(ref, guardian={"ref": "shared", "name": "Иванова Анна"})),
    REFS.map(lambda ref: pupil(ref, grade=12)),
    REFS.map(lambda ref: pupil(ref, consent=None, guardian=None)),
    st.sampled_from([None, {}, {"external_ref": 1}]),
)


@given(st.lists(LINES, max_size=8))
def test_every_line_has_one_answer_and_every_answer_is_written(lines: list[Any]) -> None:
    first = entered(*lines)
    created = {item.participant for item in first.items if item.status == "created"}
    assert len(first.items) == len(lines)
    assert created == {decision.state.id for decision in first.decisions}
    assert created | set(first.guardians.values()) == set(first.identities)
    shown = {CODES.digest(text) for i in first.items for text in (i.link_code, i.account_code) if text}
    assert shown == {code.digest for decision in first.decisions for code in decision.state.codes}
    again = entered(*lines, known=first.known, ids=count(100))
    assert again.writes == 0
    assert [(i.participant, i.link_code) for i in again.items] == [(i.participant, i.link_code) for i in first.items]


def test_a_consent_is_in_force_until_withdrawn_and_its_giver_stays_on_record() -> None:
    first = give_consent(participant(consents=()), consent())
    assert events(first) == ["consent.given.v1"]
    assert give_consent(first.state, consent(day="2020-09-12")) == Decision(first.state)
    assert give_consent(first.state, consent("2019-1", "2020-09-09")) == Decision(first.state)
    ended = withdraw_consent(first.state, at("2020-10-01"))
    assert events(ended) == ["consent.withdrawn.v1"]
    assert (ended.state.consent, ended.state.consents[0].guardian) == (None, "id1")
    assert withdraw_consent(ended.state, at("2020-10-02")) == Decision(ended.state)
    with pytest.raises(Conflict, match="withdrawn"):
        give_consent(ended.state, consent("2020-2", "2020-09-30"))
    assert give_consent(ended.state, consent(day="2020-10-02")).state.consent is not None
    with pytest.raises(BadInput, match="before"):
        withdraw_consent(first.state, at("2020-09-09"))


def test_consents_that_are_given_and_taken_back_all_day_long_come_to_an_end() -> None:
    """What is kept of them would fill the pupil's documents here and in trials. Taking back is never refused."""
    state, begin = participant(consents=()), at("2020-09-10")

    def consented(days: float) -> Participant:
        return give_consent(state, consent().model_copy(update={"given_at": begin + timedelta(days=days)})).state

    for number in range(MOST_CONSENTS):
        state = withdraw_consent(consented(number), begin + timedelta(days=number, hours=1)).state
    with pytest.raises(Conflict) as refusal:
        consented(MOST_CONSENTS)
    assert refusal.value.type == "too-many-consents"
    last = CONSENTS_WITHIN.days
    with pytest.raises(Conflict, match="within 30 days"):
        consented(last - 0.1)
    assert consented(last).consent is not None


def test_a_consent_names_its_giver() -> None:
    two = participant(guardians=("mother", "father"))
    assert giver(two, "father", None) == "father"
    assert giver(two, None, "mother") == "mother"
    assert giver(participant(), None, None) == "id1"
    for named in (None, "stranger"):
        with pytest.raises(BadInput):
            giver(two, None, named)
    with pytest.raises(Conflict):
        giver(participant(guardians=()), None, None)


@pytest.mark.parametrize(
    "link",
    [
        lambda state, account: link_guardian(state, "id1", account, NOW),
        lambda state, account: link_account(state, account, NOW),
    ],
)
def test_a_link_happens_once_and_never_to_two_accounts(
    link: Callable[[Participant, str], Decision[Participant]],
) -> None:
    first = link(participant(), "one")
    assert len(first.happened) == 1
    assert link(first.state, "one") == Decision(first.state)
    with pytest.raises(Conflict, match="another account") as refusal:
        link(first.state, "two")
    assert refusal.value.type == "code-redeemed"


def test_a_code_is_told_by_its_participant_and_guardian() -> None:
    text = CODES.text("p1", "g1")
    assert len(text) == LENGTH
    assert text.isalnum()
    assert text == text.upper()
    assert len({text, CODES.text("p1"), CODES.text("p1", "g2"), CODES.text("p2", "g1")}) == 4


def test_codes_and_their_digests_are_an_installation_s_own() -> None:
    other, text = Codes(b"x" * 32), CODES.text("p1", "g1")
    assert other.text("p1", "g1") != text
    assert other.digest(text) != CODES.digest(text)
    assert len(CODES.digest(text)) == DIGEST_BYTES


@given(st.dictionaries(st.text(), st.text(max_size=300), max_size=3))
def test_the_vault_opens_what_it_sealed_for_that_person_only(identity: dict[str, str]) -> None:
    vault = Vault(b"m" * 32, os.urandom)
    sealed = vault.seal("p1", identity)
    assert vault.open(sealed) == identity
    for spoilt in ({**sealed, "_id": "p2"}, {**sealed, "data": sealed["data"][:-1] + b"?!"}, {**sealed, "version": 2}):
        with pytest.raises(InvalidTag):
            vault.open(spoilt)
    with pytest.raises(InvalidTag):
        Vault(b"n" * 32, os.urandom).open(sealed)
    assert vault.seal("p1", identity)["data"] != sealed["data"]


@given(st.lists(st.integers(1, 200), max_size=60))
def test_no_random_byte_is_handed_out_twice(counts: list[int]) -> None:
    pages = count()
    entropy = Entropy(lambda size: b"".join(next(pages).to_bytes(4, "big") for _ in range(size // 4)))
    drawn = [entropy.draw(4 * size) for size in counts]
    words = [piece[at : at + 4] for piece in drawn for at in range(0, len(piece), 4)]
    assert [len(piece) for piece in drawn] == [4 * size for size in counts]
    assert len(set(words)) == len(words)


STEPS = [
    diagnosed(),
    attended(),
    attended(slot="s2", kind="excursion"),
    attended(slot="s3"),
    revoked(slot="s3"),
    recommended(),
]


@given(st.lists(st.sampled_from(STEPS), max_size=6).flatmap(lambda more: st.permutations([*STEPS, *more])))
def test_progress_is_the_same_in_any_order_and_however_often(order: list[Event]) -> None:
    sets: dict[str, list[Any]] = {}
    for event in order:
        found = step(enveloped(event))
        assert found is not None
        known = sets.setdefault(found[0], [])
        known += [] if found[1] in known else [found[1]]
    id, rules = participant().id, Rules(frozenset({"readiness"}), 1)
    progress = Progress({f"{id}/2020": Steps.of(sets)}, {"2020": rules}, {"2020": "Сезон 2020"})
    view = SeasonView.of(participant(), "2020", progress)
    assert view.season_name == "Сезон 2020"
    assert (view.diagnostics, view.trials, view.activities, view.recommended) == (["readiness"], 1, 1, True)
    assert view.stages is not None
    assert view.stages.completed is not None


def test_only_a_school_has_rosters() -> None:
    sent = Roster.model_validate(roster([pupil()]))
    college = SCHOOL.model_copy(update={"kind": "college"})
    with pytest.raises(BadInput, match="is not a school"):
        Intake.of(sent, season(), college, NOW, None)


@pytest.mark.parametrize(
    ("time", "inside"),
    [
        ("2020-07-06T20:59:59Z", False),
        ("2020-07-06T21:00:00Z", True),
        ("2020-12-17T05:59:59+09:00", True),
        ("2020-12-16T21:00:00Z", False),
    ],
)
def test_a_roster_lies_within_the_season_by_the_regions_calendar(time: str, inside: bool) -> None:
    if inside:
        assert intake(at("2021-01-01"), occurred_at=time).occurred_at.utcoffset() == timedelta(hours=3)
        return
    with pytest.raises(Conflict, match="2020-07-07 to 2020-12-16") as refused:
        intake(at("2021-01-01"), occurred_at=time)
    assert (refused.value.type, refused.value.errors[0].pointer) == ("outside-season", "occurred_at")
