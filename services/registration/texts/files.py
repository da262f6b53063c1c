"""Refusals of a file as a whole, and of a row that cannot be read, in Russian. Data."""

from collections.abc import Mapping

FILES: Mapping[str, str] = {
    "is empty": "файл пуст",
    "holds no row": "в файле нет ни одной строки",
    "is not there any more: send it again": "файл уже удалён: отправьте его ещё раз",
    "is neither CSV nor XLSX, but {what}": "нужен файл CSV или XLSX, а это {what}",
    "an old workbook (XLS) or one with a password: save it as XLSX or CSV": (
        "старая книга Excel (XLS) или книга с паролем: сохраните её как XLSX или CSV"
    ),
    "a PDF document": "документ PDF",
    "an RTF document": "документ RTF",
    "packed by gzip: unpack it": "архив gzip: распакуйте его",
    "packed by RAR: unpack it": "архив RAR: распакуйте его",
    "packed by 7-Zip: unpack it": "архив 7-Zip: распакуйте его",
    "a picture": "картинка",
    "an empty archive": "пустой архив",
    "a page of HTML or XML, whatever its name says: save it as XLSX or CSV": (
        "страница HTML или XML, как бы она ни называлась: сохраните её как XLSX или CSV"
    ),
    "no text": "не текст",
    "is {other}": "это {other}",
    "a report of numbers of pupils by class: send it to `POST /registration/regions/{code}/numbers`": (
        "отчёт о численности по классам, а не список учеников: его загружает оператор региона "
        "(POST /registration/regions/{code}/numbers)"
    ),
    "a list of pupils, one a line: send it to `POST /registration/imports`": (
        "список учеников, а не отчёт о численности: его загружают как список (POST /registration/imports)"
    ),
    "no line at the begin names its columns: {missing}": ("в начале файла нет строки с названиями столбцов: {missing}"),
    "line {line} names columns, but not {missing}": "в строке {line} есть названия столбцов, но нет нужных: {missing}",
    "line {line} names a column twice: {doubled}": "в строке {line} столбец назван дважды: {doubled}",
    "holds more than {most} rows: divide it": "в файле больше {most} строк: разделите его",
    "holds more than {most} lines: divide it": "в файле больше {most} строк: разделите его",
    "has more than {most} rows": "на листе больше {most} строк",
    "merges cells in more than {most} places": "на листе больше {most} объединённых ячеек",
    "has merged cells that overlap": "объединённые ячейки на листе перекрывают друг друга",
    # text
    "line {line}: a quotation mark is opened and not closed": "строка {line}: кавычка открыта и не закрыта",
    "a quotation mark is opened here and closed on line {line}: all between them is one cell": (
        "здесь открыта кавычка, а закрыта она в строке {line}: всё между ними попало в одну ячейку"
    ),
    "line {line} cannot be read: {error}": "строка {line} не читается ({error})",
    "line {line} has more than {most} characters": "в строке {line} больше {most} знаков",
    "holds what is not {encoding}, near line {line}": (
        "около строки {line} есть знаки не в кодировке {encoding}: сохраните файл заново, лучше как XLSX"
    ),
    # workbooks
    "is a workbook without a sheet that is shown": "в книге все листы скрыты",
    "is a workbook with more than {most} sheets that are shown": "в книге больше {most} листов",
    "has a list on each of the sheets {sheets}, counted from the left: "
    "send each as a file of its own, or hide those that are not meant": (
        "списки стоят на нескольких листах (считая слева: {sheets}): "
        "отправьте каждый отдельным файлом или скройте лишние листы"
    ),
    "is an archive or a document of another kind, not a workbook (XLSX)": (
        "это архив или другой документ, а не книга Excel (XLSX)"
    ),
    "is a workbook of more than {most} parts": "книга слишком сложная: в ней больше {most} частей",
    "is a workbook with a part of more than {most} MiB once unpacked": (
        "книга слишком велика: одна её часть занимает больше {most} МиБ"
    ),
    "is a workbook with entities of its own, which no program writes": (
        "книга испорчена или сделана не программой для таблиц: сохраните её заново"
    ),
    "is no workbook, or a broken one: {error}": "это не книга Excel, или она испорчена ({error}): сохраните её заново",
    "{fault}, at line {line}": "{fault}; около строки {line}",
    # rows
    "has {count} cells; {most} are the most": "в строке {count} ячеек, а можно не больше {most}",
    "has a cell of more than {most} characters": "в одной из ячеек больше {most} знаков",
    "{title}: is the error {error} of a formula: write the value instead": (
        "{title}: вместо значения ошибка формулы {error}: напишите само значение"
    ),
    # imports
    "has counts of a calendar year: say which, as `counted_in=2024` of the request": (
        "в файле есть счёт за календарный год: укажите год при отправке (counted_in=2024)"
    ),
    "has no counts, of which the request says the year by `counted_in`": (
        "при отправке указан год счёта (counted_in), а таких столбцов в файле нет"
    ),
    "the process that enters it has ended several times": (
        "файл не удалось обработать после нескольких попыток: обратитесь в поддержку"
    ),
    "an error of ours; it is logged": "ошибка на нашей стороне, она записана: отправьте файл ещё раз позже",
    "the quota {policy} is used up; try again in {seconds} s": (
        "слишком много попыток за короткое время: отправьте файл снова через {seconds} с"
    ),
}
