"""Refusals of lines of a file of pupils, in Russian. Data."""

from collections.abc import Mapping

LINES: Mapping[str, str] = {
    "line {line}": "строка {line}",
    # cells
    "is missing": "не заполнено",
    "is another one than that of the request": "не то, что указано для всего файла",
    "must be a day, as 17.05.2007 or 2007-05-17": "нужна дата, например 17.05.2007",
    "must be a day, as 2020-09-14": "нужна дата, например 14.09.2020",
    "must be a time with its offset, as 2020-09-14T10:00:00+03:00": (
        "нужны дата и время, например 2020-09-14T10:00:00+03:00"
    ),
    "was cut off when it was saved: make the column wider and save again, as a day like 17.05.2007": (
        "вместо даты сохранились решётки: расширьте столбец и сохраните файл ещё раз, дата нужна вида 17.05.2007"
    ),
    "has a year of two digits: write the day with all four, as 17.05.2007": (
        "год из двух цифр: напишите все четыре, например 17.05.2007"
    ),
    "is no day of the calendar": "такого дня нет в календаре",
    "must be a whole number": "нужно целое число",
    "must be да or нет": "напишите «да» или «нет»",
    "must be бумага, госуслуги or кабинет": "напишите «бумага», «госуслуги» или «кабинет»",
    "must be родитель, who is the first one on the line, or ученик": (
        "напишите «родитель» (тот, что назван в строке первым) или «ученик»"
    ),
    "must be from {least} to {most}": "нужно число от {least} до {most}",
    "must be from 1 to 11": "нужно число от 1 до 11",
    "must have ten digits": "нужно десять цифр",
    "must have thirteen digits": "нужно тринадцать цифр",
    "must be 2 to 40 Latin letters, digits and dashes": "код — это от 2 до 40 латинских букв, цифр и дефисов",
    "must have at most {longest} characters": "не больше {longest} знаков",
    "lies outside the years {first} to {last}": "год должен быть от {first} до {last}",
    "has {count} items; {most} is the most": "здесь {count}, а можно не больше {most}",
    "holds nothing that can be seen": "в ячейке нет видимых знаков",
    "holds a control character or another one that is no text: U+{point}": (
        "в ячейке служебный знак U+{point}, которого не видно: наберите текст заново"
    ),
    "Input should be greater than or equal to {ge}": "нужно число не меньше {ge}",
    "Input should be less than or equal to {le}": "нужно число не больше {le}",
    "String should match pattern '{pattern}'": "написано не в том виде",
    "Input should be {expected}": "такое значение не подходит",
    # persons
    "holds no letter, so that it is no name": "нет ни одной буквы: это не имя",
    "holds a phone, an address or another number beside the name": (
        "кроме имени, здесь телефон, адрес или другой номер: оставьте только имя"
    ),
    "is a phone: send a key of the school's own": "это телефон: нужен номер, который дала школа, например личного дела",
    "is a СНИЛС: send a key of the school's own": "это СНИЛС: нужен номер, который дала школа, например личного дела",
    "is no ИНН: its last digit does not fit the others": "в ИНН ошибка: последняя цифра не подходит к остальным",
    "is no ОГРН: its last digit does not fit the others": "в ОГРН ошибка: последняя цифра не подходит к остальным",
    "an organisation, and nobody else, has `inn` or `ogrn`": "ИНН или ОГРН нужны организации, и только ей",
    "must give an age from {least} to {most}": "по этой дате ученику не от {least} до {most} лет",
    "is listed already, in {listed}": "этот ученик уже есть в списке: {listed}",
    "is the key of a guardian who is named otherwise before": (
        "под этим ключом раньше в строке назван другой родитель: у каждого должен быть свой"
    ),
    "is needed where a line says `namesake`": "для полного тёзки нужен ключ ученика, например номер личного дела",
    "is one of more than {most} birth dates of the same name in this file: check them, "
    "or give each child a key and say `namesake`": (
        "в файле больше {most} разных дат рождения при одном и том же имени: проверьте их, "
        "а если это разные дети, дайте каждому ключ и напишите «да» в столбце «Тёзка»"
    ),
    "the pupil would have more than {most} guardians": "у ученика получится больше {most} родителей и представителей",
    "a person has been corrected {most} times": "данные этого человека исправляли уже {most} раз: больше нельзя",
    "this key named another {whom} before: give another {whom} a key of its own, "
    "or amend the pupil alone, where the earlier entry was wrong": (
        "под этим ключом раньше записан другой человек ({whom}): дайте новому свой ключ, "
        "а если ошибка в прежней записи, исправьте её в карточке ученика"
    ),
    "child": "ученик",
    "guardian": "родитель или представитель",
    # the class and the school
    "was taken for a day by the spreadsheet: write it as a text, as «7А»": (
        "таблица приняла класс за дату: сделайте ячейку текстовой и напишите, например, «7А»"
    ),
    "must begin with a grade from 1 to 11, as «7А»": "класс начинается с числа от 1 до 11, например «7А»",
    "must begin with a grade from {least} to {most}": "класс начинается с числа от {least} до {most}",
    "must begin with the grade, as «7А» does, without `.`, `:` and `$`, in at most 20 characters": (
        "класс начинается с числа, например «7А»; точка, двоеточие и «$» не нужны, всего не больше 20 знаков"
    ),
    "must be {grade}, as class {school_class} says": "для класса {school_class} здесь должно быть {grade}",
    "must be from {least} to {most} in season {season}": "в сезоне {season} участвуют классы с {least} по {most}",
    "is not in the register": "такой школы нет в реестре",
    "no school {code} in the register": "школы {code} нет в реестре",
    "is not a school": "это не школа",
    "{code} was closed on {day}": "{code}: закрыта с {day}",
    "{code} was closed on {day}: {into} goes on in its place": "{code}: закрыта с {day}, вместо неё теперь {into}",
    "is no open school's of your scope, by its name or its code": (
        "среди ваших школ нет работающей с таким названием или кодом"
    ),
    "is no municipality of your scope, by its name or its code": (
        "среди ваших муниципалитетов нет такого ни по названию, ни по коду"
    ),
    "is the name of {count} schools: write the code": "так называются несколько школ ({count}): напишите код",
    "is no school's of this municipality: write the code": (
        "в этом муниципалитете школы с таким названием нет: напишите код"
    ),
    "outside the scope of the token's grants": "эта школа или этот класс вам не доступны",
    "outside the scope of the token's grants; {unfit}": "эта школа или этот класс вам не доступны ({unfit})",
    "the account was put out of {organisations}: its grants there count for nothing": (
        "у вас больше нет доступа к {organisations}"
    ),
    "season {season} has not been defined": "сезон {season} ещё не открыт",
    "has not been defined": "ещё не открыт",
    "{day} lies outside season {season}, {opens} to {closes}": (
        "{day} не входит в сезон {season}: он идёт с {opens} по {closes}"
    ),
    "the last day of registration was {last}": "внести учеников можно было до {last} включительно",
    "season {season} is closed; only corrections are recorded": (
        "сезон {season} закрыт: можно только исправлять то, что в нём записано"
    ),
    "only an operator of the place makes an exception": "исключение делает только оператор этого места",
    "lies in the future": "эта дата ещё не наступила",
    # pupils who are there already
    "another class's roster knows {whom}, and the token's grants do not cover that class: "
    "the school's navigator for the whole school or an operator enters such a pupil": (
        "{whom} уже в списке другого класса, который вам не доступен: "
        "внести может педагог-навигатор всей школы или оператор"
    ),
    "this pupil": "этот ученик",
    "this guardian": "этот родитель",
    "the pupil with this key has left the school: give a new pupil a key of its own": (
        "ученик с этим ключом выбыл из школы: новому ученику нужен свой ключ"
    ),
    "the pupil came to the school after the time of the roster": (
        "ученик пришёл в школу позже даты, на которую составлен список"
    ),
    "the pupil is in the archive: restore the pupil first": "ученик в архиве: сначала верните его из архива",
    "the school knows this child by another key: send that one, "
    "or say `namesake` where it is another child of the same name and birth date": (
        "этот ребёнок уже есть в школе под другим ключом: укажите тот ключ, "
        "а если это полный тёзка, напишите «да» в столбце «Тёзка»"
    ),
    "another class or school knows this child: ask for a transfer, "
    "or say `namesake` where it is another child of the same name and birth date": (
        "этот ребёнок уже учится в другом классе или в другой школе: запросите перевод, "
        "а если это полный тёзка, напишите «да» в столбце «Тёзка»"
    ),
    "the pupil has been placed {most} times": "ученика переводили уже {most} раз: больше нельзя",
    "lies before the pupil was registered": "дата раньше, чем ученика внесли",
    # consents
    "names no giver: the guardian is missing": "не сказано, кто дал согласие: укажите родителя",
    "must be true: the pupil was of age then and gives the consent alone": (
        "ученику уже было 18 лет, согласие даёт он сам: напишите «ученик» в столбце «Кто дал согласие»"
    ),
    "names a guardian too": "согласие дал ученик, а назван и родитель",
    "is true of one who was not of age then": "ученику ещё не было 18 лет: согласие даёт родитель",
    "is in the future": "эта дата ещё не наступила",
    "consent was withdrawn after this one had been given": "после этого согласия его уже отозвали",
    "{most} consents were given within {days} days": "за {days} дней уже дано {most} согласий: больше нельзя",
    "is that of a consent on paper: this one was given otherwise": (
        "номер бывает у согласия на бумаге, а это дано иначе"
    ),
    "lies before the day on which it was given": "дата раньше дня, когда дано согласие",
    "is required: the region had no template then": (
        "не заполнено: у региона тогда не было образца согласия, поэтому нужна версия"
    ),
    "is required: the number under which the school keeps the paper": (
        "не заполнено: нужен номер, под которым согласие на бумаге хранится в школе"
    ),
    "is the digest of no template that the region had then": "такого образца согласия у региона тогда не было",
    "is of no template that the region had then: {known}": "такой версии у региона тогда не было, были: {known}",
}
