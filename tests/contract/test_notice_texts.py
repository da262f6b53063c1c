"""A notice has words in every language: for each event that makes one, each kind of activity, each month."""

import re
from typing import get_args

import pytest

from services.notifications.domain import notices as domain
from services.notifications.texts import KINDS, MONTHS, TEXTS, WHY
from shared.base.languages import Language
from shared.contracts.cancellations import CancellationReason
from shared.contracts.registration import UnlinkReason
from shared.contracts.trials import RevocationReason, SlotKind

LANGUAGES = get_args(Language)
GAP = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_words_for_whatever_a_notice_is_about(language: Language) -> None:
    assert TEXTS[language].keys() == {event.type.rpartition(".")[0] for event in domain.DATA}
    assert KINDS[language].keys() == set(get_args(SlotKind))
    reasons = {*get_args(RevocationReason), *get_args(UnlinkReason), *get_args(CancellationReason)}
    assert WHY[language].keys() == reasons - {"asked", "unsaid"}
    assert len(MONTHS[language].split()) == 12
    assert all(text.title and text.body for text in TEXTS[language].values())


def test_a_notice_says_the_same_in_every_language() -> None:
    gaps = [{type_: GAP.findall(text.title + text.body) for type_, text in TEXTS[name].items()} for name in LANGUAGES]
    assert all(said == gaps[0] for said in gaps)
