"""The archive: a pupil takes part no longer, and again, whoever says it and however late."""

from itertools import count

import pytest

from services.registration.domain.archive import MOST_ARCHIVINGS, archive, restore
from services.registration.domain.classes import class_of
from services.registration.domain.moves import move
from services.registration.domain.participants import Participant
from shared.base.errors import BadInput, Conflict
from tests.builders.events import at
from tests.builders.registration import SCHOOL, entered, pupil
from tests.drivers.told import events

OTHER = SCHOOL.model_copy(update={"id": "RU-ROS-002-S04", "municipality": "RU-ROS-002"})
CLASSES = {name: class_of(SCHOOL, name) for name in ("7А", "7Б", "8А")} | {"neighbour": class_of(OTHER, "7В")}


def participant() -> Participant:
    return entered(pupil()).decisions[0].state


def test_the_archive_says_a_reason_once_and_is_left_again() -> None:
    away = archive(participant(), "left", at("2020-10-01"))
    assert events(away) == ["participant.archived.v1"]
    assert archive(away.state, "left", at("2020-10-02")).happened == ()
    corrected = archive(away.state, "mistake", at("2020-10-02"))
    assert events(corrected) == ["participant.archived.v1"]
    back = restore(corrected.state, at("2020-10-03"))
    assert (events(back), back.state.archived) == (["participant.restored.v1"], None)
    assert restore(back.state, at("2020-10-04")).happened == ()


@pytest.mark.parametrize("day", ["2020-09-13", "2020-09-30"])
def test_the_archive_begins_after_the_registration_and_ends_after_it_began(day: str) -> None:
    away = archive(participant(), "left", at("2020-10-01")).state
    with pytest.raises(BadInput):
        restore(away, at(day))
    if day < "2020-09-14":
        with pytest.raises(BadInput):
            archive(participant(), "left", at(day))


def test_a_pupil_is_not_archived_for_ever() -> None:
    state = participant()
    for n in range(MOST_ARCHIVINGS):
        away = archive(state, "left", at("2020-10-01", n % 24)).state
        state = restore(away, at("2020-10-02")).state
    with pytest.raises(Conflict) as refused:
        archive(state, "left", at("2020-10-03"))
    assert refused.value.type == "too-many-archivings"


def test_an_archived_pupil_is_neither_entered_nor_moved() -> None:
    first = entered(pupil())
    away = archive(first.decisions[0].state, "left", at("2020-10-01"))
    known = first.known.then([away], {})
    refused = entered(
        pupil(), known=known, ids=count(100), changed={"class": "7Б", "occurred_at": "2020-10-01T10:00:00+03:00"}
    )
    assert refused.items[0].problem is not None
    assert (refused.items[0].problem.type, refused.writes) == ("participant-archived", 0)
    with pytest.raises(Conflict, match="archive"):
        move(away.state, CLASSES["7Б"], at("2020-10-02"))
