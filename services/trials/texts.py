"""Sentences about a profile for families, in both languages: without norms nothing is said to be high or low."""

from collections.abc import Mapping

from services.trials.domain.catalogue.definitions import Level, Norm
from services.trials.domain.catalogue.wording import Label, Words
from services.trials.domain.seats.suggestions import Reason

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


REASONS: Mapping[Reason, Words] = {
    "interest": Words(ru="Близко к тому, что тебе интересно", en="Close to what interests you"),
    "in-municipality": Words(ru="Проходит в твоём муниципалитете", en="It is held in your municipality"),
    "neighbour": Words(
        ru="Площадка рядом: ждёт и учеников твоего муниципалитета",
        en="The venue is near and expects you, too",
    ),
    "online": Words(ru="Проходит онлайн: ехать никуда не нужно", en="It is held online: no journey is needed"),
    "new-competency": Words(ru="Для тебя это новое", en="You have not tried this yet"),
    "counts": Words(ru="Засчитывается как практическая проба", en="It counts as a practical trial"),
    "needs-met": Words(ru="Здесь есть всё, что тебе нужно на площадке", en="The place has all that you need"),
}
"""Sentences to the pupil that say why a trial is suggested."""


def because(reason: Reason, interest: Label | None) -> Words:
    """Returns the sentence of a reason, with the name of the scale where it is an interest."""
    words = REASONS[reason]
    if reason != "interest" or interest is None:
        return words
    return Words(ru=f"{words.ru}: {interest.ru}", en=f"{words.en}: {interest.en or interest.ru}")


def compared(norm: Norm | None, value: float) -> Words:
    """Returns the sentence that says whether a value is usual, with those who are compared with."""
    if norm is None:
        return NO_NORMS
    level = LEVELS[norm.level(value)]
    return Words(
        ru=f"{level.ru}. Сравнение с ответами {norm.sample} человек, {norm.year} год: {norm.source}",
        en=f"{level.en}. Compared with the answers of {norm.sample} people in {norm.year}: {norm.source}",
    )
