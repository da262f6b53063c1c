"""A class is sent again all autumn: a later roster adds what it knows more, and removes nothing else."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.consents import withdraw_consent
from services.registration.domain.roster_entries import MOST_GUARDIANS
from tests.builders.events import at
from tests.builders.registration import CODES, SCHOOL, Known, enter, entered, pupil, roster
from tests.drivers.told import events, pointers

BARE: dict[str, Any] = {"guardian": None, "consent": None}
CONSENT = pupil()["consent"]
MOTHER, FATHER = {"ref": "m", "name": "Иванова Анна"}, {"ref": "f", "name": "Иванов Олег"}


def again(known: Known, line: dict[str, Any]) -> Any:
    return entered(line, known=known, ids=count(100))


def test_a_guardian_who_comes_later_is_added_with_a_code_and_no_event() -> None:
    first = entered(pupil(**BARE))
    later = again(first.known, pupil(guardian=MOTHER, consent=None))
    (item,) = later.items
    assert (item.status, item.added, item.guardian) == ("known", ["guardian"], later.guardians[SCHOOL.id, "m"])
    assert item.link_code == CODES.text(first.items[0].participant or "", item.guardian)
    (decision,) = later.decisions
    assert (events(decision), decision.state.guardians) == ([], (item.guardian,))
    assert CODES.digest(item.link_code or "") in {code.digest for code in decision.state.codes}
    assert later.identities == {item.guardian: {"name": "Иванова Анна"}}


def test_a_consent_that_comes_later_is_given_by_its_guardian_at_its_time() -> None:
    first = entered(pupil(**BARE))
    later = again(first.known, pupil(guardian=MOTHER))
    assert later.items[0].added == ["guardian", "consent"]
    (decision,) = later.decisions
    assert [(h.event.type, h.time.isoformat()) for h in decision.happened] == [
        ("consent.given.v1", "2020-09-01T12:00:00+03:00")
    ]
    assert decision.state.consent is not None
    assert decision.state.consent.guardian == later.guardians[SCHOOL.id, "m"]


def test_several_guardians_have_a_code_each_and_one_of_them_consents() -> None:
    line = pupil(guardian=MOTHER, guardians=[FATHER, {**MOTHER, "ref": "M"}], consent={**CONSENT, "guardian": "f"})
    first = entered(line)
    (item,) = first.items
    assert item.guardians is not None
    assert [guardian.ref for guardian in item.guardians] == ["m", "f"]
    assert item.guardian == item.guardians[0].guardian
    assert len({guardian.link_code for guardian in item.guardians}) == 2
    consent = first.decisions[0].state.consent
    assert consent is not None
    assert consent.guardian == item.guardians[1].guardian
    assert again(first.known, line).writes == 0


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (pupil(consent={**CONSENT, "guardian": "nobody"}), "/pupils/0/consent/guardian"),
        (pupil(guardian=None, guardians=[], consent=CONSENT), "/pupils/0/consent"),
        (pupil(guardians=[{**FATHER, "ref": f"g{n}"} for n in range(MOST_GUARDIANS + 1)]), "/pupils/0/guardians"),
        (pupil(guardians=[{**FATHER, "ref": f"f{n}"} for n in range(MOST_GUARDIANS)]), "/pupils/0/guardians"),
        (pupil(guardians=[{"ref": "f", "name": " "}]), "/pupils/0/guardians/0/name"),
    ],
)
def test_a_line_with_wrong_guardians_is_refused_by_field(line: dict[str, Any], pointer: str) -> None:
    refused = entered(line)
    assert refused.writes == 0
    assert refused.items[0].problem is not None
    assert pointers(refused.items[0].problem) == [pointer]


def test_a_guardian_of_another_class_is_refused_where_the_line_names_her() -> None:
    first = entered(pupil("1", guardian=MOTHER))
    line = pupil("2", guardian=FATHER, guardians=[MOTHER], consent=None)
    changed = {"class": "7Б", "classes": ("7Б",)}
    (item,) = entered(line, known=first.known, ids=count(100), changed=changed).items
    assert item.problem is not None
    assert (item.problem.type, pointers(item.problem)) == ("another-class", ["/pupils/0/guardians/0/ref"])


def test_what_a_line_does_not_name_stays() -> None:
    first = entered(pupil(guardian=MOTHER, disability=True))
    assert again(first.known, pupil(**BARE)).writes == 0
    (state,) = first.known.pupils.values()
    assert (state.disability, len(state.guardians), state.consent is not None) == (True, 1, True)


def test_a_disability_that_is_said_later_is_kept_quietly() -> None:
    later = again(entered(pupil()).known, pupil(disability=True))
    assert later.items[0].added == ["disability"]
    (decision,) = later.decisions
    assert (decision.state.disability, decision.happened) == (True, ())


def test_a_consent_older_than_its_withdrawal_refuses_its_line_and_adds_nothing() -> None:
    first = entered(pupil(guardian=MOTHER))
    (state,) = first.known.pupils.values()
    ended = withdraw_consent(state, at("2020-09-20"))
    withdrawn = first.known.then([ended], {})
    later = again(withdrawn, pupil(guardian=MOTHER, guardians=[FATHER]))
    assert later.items[0].problem is not None
    assert (later.items[0].problem.type, later.writes) == ("consent-withdrawn", 0)
    anew = pupil(guardian=MOTHER, consent={**CONSENT, "given_at": "2020-09-21T10:00:00+03:00"})
    assert enter(roster([anew], occurred_at=None), known=withdrawn, ids=count(100)).items[0].added == ["consent"]


LINES = st.builds(
    lambda guardian, others, consented, disability: pupil(
        guardian=guardian,
        guardians=others,
        disability=disability,
        consent=CONSENT if consented and (guardian or others) else None,
    ),
    st.sampled_from([None, MOTHER, FATHER]),
    st.lists(st.sampled_from([MOTHER, FATHER, {"ref": "b", "name": "Иванова Вера"}]), max_size=3),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(LINES, min_size=1, max_size=6))
def test_whatever_is_sent_in_turn_comes_to_all_that_was_said(lines: list[dict[str, Any]]) -> None:
    known, numbers = Known(), count(1)
    for line in lines:
        known = entered(line, known=known, ids=numbers).known
    (state,) = known.pupils.values()
    said = {g["ref"] for line in lines for g in [line["guardian"], *line["guardians"]] if g}
    assert {ref for _, ref in known.guardians} == said
    assert set(state.guardians) == set(known.guardians.values())
    assert state.disability == any(line["disability"] for line in lines)
    assert (state.consent is not None) == any(line["consent"] for line in lines)
    assert {code.guardian for code in state.codes} == {None, *state.guardians}
    assert entered(lines[-1], known=known, ids=numbers).writes == 0
