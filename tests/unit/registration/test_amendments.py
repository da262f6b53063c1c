"""One pupil is amended on purpose: what is said otherwise is changed, and nothing else."""

from functools import partial
from itertools import count
from typing import Any

import pytest
from pydantic import ValidationError

from services.registration.domain.amendments import Amendment, AmendmentBatch
from services.registration.domain.classes import class_of
from services.registration.domain.enrolment import Enrolled
from services.registration.domain.identities import Identities
from services.registration.domain.moves import gone, move
from services.registration.domain.participants import Participant
from services.registration.domain.roster_entries import MOST_GUARDIANS
from services.registration.domain.school_keys import Guardians
from shared.base.errors import BadInput, Conflict, Forbidden
from tests.builders.events import at
from tests.builders.registration import CODES, SCHOOL, Known, entered, pupil

LATER = at("2020-10-01")
MOTHER = {"ref": "g1", "name": "Иванова Анна 1"}
ISSUE = partial(Participant.with_codes, codes=CODES, now=LATER, expires=at("2020-12-31"))


def batch_of(known: Known, ref: str = "1") -> AmendmentBatch:
    (child,) = (child for child in known.pupils.values() if child.external_ref == ref)
    return AmendmentBatch(child, Guardians(known.guardians), Identities(known.identities))


def amended(batch: AmendmentBatch, **said: Any) -> Enrolled:
    numbers = count(100)
    return batch.amend(Amendment.model_validate(said), LATER, None, ISSUE, lambda: f"id{next(numbers)}")


def test_a_child_who_was_entered_under_another_s_name_and_date_is_amended() -> None:
    batch = batch_of(entered(pupil()).known)
    done = amended(batch, name="Соколов Антон", birth_date="2005-03-02")
    assert (done.new, done.added, done.corrected) == (False, (), ("name", "birth_date"))
    assert [(c.field, c.new) for c in batch.identities.corrections] == [
        ("name", "Соколов Антон"),
        ("birth_date", "2005-03-02"),
    ]
    assert batch.pupils.made == []


def test_a_disability_is_said_and_taken_back_quietly() -> None:
    batch = batch_of(entered(pupil(disability=True)).known)
    assert amended(batch, disability=False).added == ("disability",)
    (decision,) = batch.pupils.made
    assert (decision.state.disability, decision.happened) == (False, ())
    assert amended(batch_of(entered(pupil()).known), disability=False).added == ()


def test_a_guardian_whom_the_former_school_named_is_the_same_person_under_one_more_key() -> None:
    known = entered(pupil()).known
    (child,) = known.pupils.values()
    next_school = class_of(SCHOOL.model_copy(update={"id": "RU-ROS-001-S02"}), "7А")
    came = gone(move(child, next_school, at("2020-09-20")).state, SCHOOL.id)
    batch = AmendmentBatch(came, Guardians(known.guardians), Identities(known.identities))
    own = {"ref": "own-1", "name": "иванова анна 1"}
    done = amended(batch, guardians=[own])
    assert (done.added, list(done.guardians.values())) == ((), list(child.guardians))
    assert [(key, new.id, new.is_known) for key, new in batch.guardians.entered.items()] == [
        (("RU-ROS-001-S02", "own-1"), child.guardians[0], True)
    ]


def test_guardians_are_added_and_their_names_corrected() -> None:
    batch = batch_of(entered(pupil()).known)
    father = {"ref": "f", "name": "Иванов Олег"}
    done = amended(batch, guardians=[father, {**MOTHER, "name": "Соколова Анна"}])
    assert (done.added, done.corrected) == (("guardian",), ("guardian",))
    (decision,) = batch.pupils.made
    assert decision.state.guardians == ("id1", "id100")
    assert {code.guardian for code in decision.state.codes} == {None, "id1", "id100"}
    assert batch.guardians.entered.keys() == {(SCHOOL.id, "f")}
    assert batch.identities.entered["id100"]["name"] == "Иванов Олег"


def test_what_is_said_again_changes_nothing() -> None:
    batch = batch_of(entered(pupil()).known)
    done = amended(batch, name="Иванов Пётр 1", birth_date="2007-05-17", disability=False, guardians=[MOTHER])
    assert (done.added, done.corrected, batch.pupils.made, batch.identities.corrections) == ((), (), [], [])


def test_a_guardian_of_another_pupil_is_out_of_reach_for_one_of_some_classes() -> None:
    known = entered(pupil("1"), pupil("2")).known
    other, own = ({"guardians": [{**MOTHER, "ref": f"g{n}"}]} for n in (2, 1))
    with pytest.raises(Forbidden) as refused:
        batch_of(known).must_be_reached(Amendment.model_validate(other))
    assert [error.pointer for error in refused.value.errors] == ["guardians/0/ref"]
    batch_of(known).must_be_reached(Amendment.model_validate(own))
    batch_of(known).must_be_reached(Amendment.model_validate({"guardians": [{**MOTHER, "ref": "new"}]}))


@pytest.mark.parametrize("said", [{}, {"name": None}, {"guardians": []}, {"occurred_at": "2020-10-01T10:00:00+03:00"}])
def test_an_amendment_that_says_nothing_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="says nothing"):
        Amendment.model_validate(said)


def test_bounds_hold_for_an_amendment_too() -> None:
    for said in ({"birth_date": "1999-05-17"}, {"birth_date": "2015-05-17"}):
        with pytest.raises(BadInput, match="birth_date"):
            Amendment.model_validate(said).must_fit(LATER.date())
    Amendment.model_validate({"birth_date": "2007-05-17"}).must_fit(LATER.date())
    many = [{"ref": f"f{n}", "name": "Иванов"} for n in range(MOST_GUARDIANS)]
    with pytest.raises(Conflict) as refused:
        amended(batch_of(entered(pupil()).known), guardians=many)
    assert refused.value.type == "too-many-guardians"


def test_a_guardian_of_another_family_is_not_taken_by_a_mistyped_key() -> None:
    known = entered(pupil("1"), pupil("2", guardian={"ref": "g2", "name": "Петрова Анна"})).known
    with pytest.raises(Conflict) as refused:
        amended(batch_of(known), guardians=[{"ref": "g2", "name": "Соколов Олег"}])
    assert (refused.value.type, [e.pointer for e in refused.value.errors]) == ("another-guardian", ["guardians/0/ref"])
    assert amended(batch_of(known), guardians=[{"ref": "g2", "name": "Петрова Анна"}]).added == ("guardian",)


def test_one_key_in_two_spellings_is_one_guardian_and_never_two_names() -> None:
    batch = batch_of(entered(pupil()).known)
    one, other = {"ref": "f-1", "name": "Иванов Олег"}, {"ref": "F–1", "name": "Иванов Олег"}
    amended(batch, guardians=[one, other])
    assert batch.guardians.entered.keys() == {(SCHOOL.id, "f-1")}
    with pytest.raises(BadInput) as refused:
        Amendment.model_validate({"guardians": [one, {**other, "name": "Петров Олег"}]}).must_fit(LATER.date())
    assert [error.pointer for error in refused.value.errors] == ["guardians/1/ref"]
