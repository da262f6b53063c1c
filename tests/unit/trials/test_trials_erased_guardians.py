"""A guardian who was erased acts for nobody any more, in whatever order it is heard; an act is kept for each."""

from itertools import permutations

import pytest

from services.trials.copies.learning import learn
from services.trials.copies.participants import Participant
from shared.contracts.event import Envelope
from shared.identity.family import FamilyLink
from tests.builders.events import enveloped, erased, guardian_erased, guardian_linked, registered

STORY = (
    enveloped(registered(), 1),
    enveloped(guardian_linked(), 2),
    enveloped(guardian_linked(guardian="g2"), 3),
    enveloped(guardian_erased(), 4),
)
FATHER = FamilyLink(account="a-g2", role="guardian")


def learnt(*story: Envelope) -> Participant:
    pupil: Participant | None = None
    for envelope in story:
        pupil = learn(pupil, envelope)
    assert pupil is not None
    return pupil


@pytest.mark.parametrize("order", [*permutations(STORY)])
def test_her_account_opens_nothing_in_whatever_order_it_is_heard(order: tuple[Envelope, ...]) -> None:
    pupil = learnt(*order)
    assert pupil.accounts == (FATHER,)
    assert "a-g1" not in repr(pupil)
    assert pupil.guardians_erased == {"g1": "2020-10-10-act"}


def test_an_account_that_another_guardian_has_too_stays_hers() -> None:
    pupil = learnt(STORY[0], STORY[1], enveloped(guardian_linked(guardian="g2", account="a-g1"), 3), STORY[3])
    assert pupil.accounts == (FamilyLink(account="a-g1", role="guardian"),)
    assert [change.guardian for change in pupil.link_changes] == ["g2"]


def test_a_link_of_an_earlier_release_ends_by_its_account() -> None:
    old = learnt(STORY[0]).model_copy(update={"accounts": (FamilyLink(account="a-g1", role="guardian"), FATHER)})
    assert learn(old, STORY[3]).accounts == (FATHER,)


def test_of_a_pupil_who_was_erased_nothing_is_kept_of_guardians() -> None:
    for story in ((*STORY, enveloped(erased(), 5)), (*STORY[:3], enveloped(erased(), 5), STORY[3])):
        assert learnt(*story).guardians_erased == {}
