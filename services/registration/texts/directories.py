"""Further refusals of lines, of a region's directory or of a report of numbers, in Russian. Data."""

from collections.abc import Mapping

DIRECTORIES: Mapping[str, str] = {
    "is none of the words that are known": "такого слова здесь не бывает: подходящие есть в описании столбцов",
    "stands already, in line {line}": "этот код уже есть в строке {line}",
    "{twin} exists, and differs by the case of letters alone": (
        "уже есть код {twin}, который отличается только заглавными и строчными буквами"
    ),
    "is an organisation's of another region": "это код организации другого региона",
    "is the name of {count} municipalities: write the code": (
        "так называются несколько муниципалитетов ({count}): напишите код"
    ),
    "is no municipality of the region, by code or by name": (
        "в регионе нет такого муниципалитета ни по коду, ни по названию"
    ),
    "must begin with {region}-: it names another region": (
        "код относится к другому региону: он должен начинаться с {region}-"
    ),
    "is no school of the region": "такой школы в регионе нет",
    "{code} is not in the register": "{code} нет в реестре",
    "is {code}'s": "этот номер уже у {code}",
    "is another organisation's": "этот номер уже у другой организации",
    "is the nation's": "это код всей страны",
    "only a school has one": "бывает только у школы",
    "only a region or a municipality has its own": "свои бывают только у региона или муниципалитета",
    "a region's is {nation}": "у региона здесь {nation}",
    "is required for a region": "для региона нужно заполнить",
    "must be the code of a {above} in the register": "нужен код из реестра ({above})",
    "region": "регион",
    "municipality": "муниципалитет",
    "is inherited from the municipality: {offset}": "берётся от муниципалитета: {offset}",
    "{code} began with another utc_offset, which cannot change: `clocks` says what changed since": (
        "{code}: часовой пояс был другим, изменить его здесь нельзя"
    ),
    "{code} has another {field}, which changes by a move alone": (
        "{code}: в реестре не так ({field}), изменить это можно только переводом организации"
    ),
    "{code} has another {field}, which cannot change": "{code}: в реестре не так ({field}), изменить это нельзя",
    "kind": "тип организации",
    "parent": "муниципалитет",
    "must be later than that of the change before": "должно быть позже предыдущей перемены",
    "is not a school's": "это код не школы",
    "says neither the level nor a number": "нет ни уровня, ни численности",
    "must begin with the grade, {grade}": "класс должен начинаться с {grade}",
    "is said already, in {place}": "этот класс в отчёте уже есть",
    "of one grade either the whole is said or its classes": (
        "для одной параллели нужна или общая численность, или численность по классам"
    ),
    "is more than all, {total}": "это больше, чем учеников всего ({total})",
    "line {line} of the same school is wrong": "у этой же школы ошибка в строке {line}",
}
