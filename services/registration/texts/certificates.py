"""The words of certificates and of the page that verifies them, in Russian and English. Data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.base.languages import Language

CertificateState = Literal["valid", "replaced", "withdrawn"]


@dataclass(frozen=True, slots=True)
class CertificateWords:
    """The words on a certificate, and on the page where it is verified."""

    title: str
    given: str
    season: str
    advised: str
    dated: str
    verify: str
    page: str
    states: Mapping[CertificateState, str]
    unknown: str
    initials: str


WORDS: Mapping[Language, CertificateWords] = {
    "ru": CertificateWords(
        title="Билет",
        given="Индивидуальная рекомендация",
        season="Сезон: {season}",
        advised="Рекомендованные направления",
        dated="Выдано {day}, редакция {revision}",
        verify="Проверить билет",
        page="Проверка билета",
        states={
            "valid": "Билет действует",
            "replaced": "Билет заменён: ученик получил новую рекомендацию",
            "withdrawn": "Билет больше не действует",
        },
        unknown="Такого билета нет",
        initials="Инициалы ученика",
    ),
    "en": CertificateWords(
        title="Certificate",
        given="Individual recommendation",
        season="Season: {season}",
        advised="Recommended fields",
        dated="Issued on {day}, revision {revision}",
        verify="Verify it here",
        page="Verification of a certificate",
        states={
            "valid": "The certificate is valid",
            "replaced": "The certificate was replaced: the pupil has a new recommendation",
            "withdrawn": "The certificate is no longer valid",
        },
        unknown="There is no such certificate",
        initials="Initials of the pupil",
    ),
}
