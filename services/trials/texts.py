"""Sentences about a profile for families, in both languages: without norms nothing is said to be high or low."""

from collections.abc import Mapping

from services.trials.domain.definitions import Level, Norm
from services.trials.domain.wording import Words

NO_NORMS = Words(
    ru="Норм для этой шкалы нет. Число показывает, какую часть возможных баллов набрал ученик, и не говорит, "
    "много это или мало по сравнению с другими.",
    en="There are no norms for this scale. The number is the part of the possible points that the pupil has got; "
    "it does not say whether that is much or little beside others.",
)
LEVELS: Mapping[Level, Words] = {
    "low": Words(ru="Ниже, чем у большинства", en="Lower than most"),
    "usual": Words(ru="Как у большинства", en="As most have it"),
    "high": Words(ru="Выше, чем у большинства", en="Higher than most"),
}


def compared(norm: Norm | None, value: float) -> Words:
    """Returns the sentence that says whether a value is usual, with those who are compared with."""
    if norm is None:
        return NO_NORMS
    level = LEVELS[norm.level(value)]
    return Words(
        ru=f"{level.ru}. Сравнение с ответами {norm.sample} человек, {norm.year} год: {norm.source}",
        en=f"{level.en}. Compared with the answers of {norm.sample} people in {norm.year}: {norm.source}",
    )
