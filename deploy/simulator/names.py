"""Plausible Russian names of families: made up, seeded, of nobody in particular."""

from dataclasses import dataclass
from random import Random
from typing import Self


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SURNAMES = _words(
    "Авдеев Алексеев Андреев Антонов Баранов Белов Беляев Бондарев Борисов Быков Васильев Виноградов Власов Волков "
    "Воробьёв Воронин Гаврилов Голубев Громов Давыдов Данилов Денисов Дорофеев Егоров Ерёмин Ефимов Жуков Зайцев "
    "Захаров Зимин Иванов Ильин Казаков Калинин Карпов Киселёв Ковалёв Козлов Комаров Королёв Крылов Кузнецов "
    "Лебедев Логинов Макаров Маслов Медведев Миронов Морозов Назаров Никитин Новиков Орлов Осипов Панов Петров "
    "Поляков Попов Романов Рябов Савельев Семёнов Сергеев Сидоров Смирнов Соболев Соколов Соловьёв Степанов Тарасов "
    "Титов Тихонов Фадеев Фёдоров Филиппов Фролов Чернов Шубин Щербаков Яковлев"
)
BOYS = _words(
    "Александр Алексей Андрей Артём Богдан Вадим Василий Виктор Владислав Глеб Григорий Даниил Денис Дмитрий Егор Иван "
    "Илья Кирилл Константин Лев Макар Максим Марк Матвей Михаил Никита Павел Роман Семён Степан Тимофей Фёдор"
)
GIRLS = _words(
    "Алина Алиса Анастасия Анна Валерия Варвара Василиса Вера Вероника Виктория Дарья Ева Екатерина Елизавета Злата "
    "Кира Ксения Маргарита Мария Милана Надежда Полина Светлана София Таисия Ульяна Юлия Яна"
)
MOTHERS = _words(
    "Алла Анна Валентина Галина Екатерина Елена Ирина Лариса Людмила Марина Мария Наталья Оксана Ольга Светлана "
    "Татьяна Юлия"
)
FATHERS = (
    ("Александр", "Александров"), ("Алексей", "Алексеев"), ("Андрей", "Андреев"), ("Антон", "Антонов"),
    ("Борис", "Борисов"), ("Вадим", "Вадимов"), ("Виктор", "Викторов"), ("Владимир", "Владимиров"),
    ("Денис", "Денисов"), ("Иван", "Иванов"), ("Игорь", "Игорев"), ("Константин", "Константинов"),
    ("Максим", "Максимов"), ("Михаил", "Михайлов"), ("Николай", "Николаев"), ("Олег", "Олегов"),
    ("Павел", "Павлов"), ("Роман", "Романов"), ("Сергей", "Сергеев"), ("Фёдор", "Фёдоров"),
)  # fmt: skip
"""A father's name and the stem of his children's patronymic: «Игорев» makes «Игоревич» and «Игоревна»."""


@dataclass(frozen=True, slots=True)
class Family:
    """A surname, a father and the guardian who stands in the school's records."""

    surname: str
    father_stem: str
    guardian: str

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        surname = rng.choice(SURNAMES)
        father, stem = rng.choice(FATHERS)
        own_stem = rng.choice(FATHERS)[1]
        if rng.random() < 0.2:
            return cls(surname, stem, f"{surname} {father} {_patronymic(own_stem, girl=False)}")
        return cls(surname, stem, f"{surname}а {rng.choice(MOTHERS)} {_patronymic(own_stem, girl=True)}")

    def child(self, rng: Random) -> str:
        """Surname, name and patronymic of a daughter or a son."""
        girl = rng.random() < 0.5
        given = rng.choice(GIRLS if girl else BOYS)
        return f"{self.surname}{'а' if girl else ''} {given} {_patronymic(self.father_stem, girl)}"


def _patronymic(stem: str, girl: bool) -> str:
    return stem + ("на" if girl else "ич")
