"""The words of a notice, in Russian and English: chosen at read, from codes, so that no text is ever stored. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.notifications.copies.objects import Kind, Named, Names
from services.notifications.domain.notices import Notice
from shared.base.languages import Language


@dataclass(frozen=True, slots=True)
class Text:
    """One notice in words; a pupil's name is not among them: only the reader's browser has it."""

    title: str
    body: str


MONTHS: Mapping[Language, str] = {
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "en": "January February March April May June July August September October November December",
}
KINDS: Mapping[Language, Mapping[str, str]] = {
    "ru": {
        "trial": "Профпроба",
        "partner-trial": "Профпроба у партнёра",
        "excursion": "Экскурсия",
        "museum": "Музей",
        "master-class": "Мастер-класс",
        "lesson": "Урок",
        "festival": "Фестиваль",
    },
    "en": {
        "trial": "Practical trial",
        "partner-trial": "Practical trial at a partner",
        "excursion": "Excursion",
        "museum": "Museum",
        "master-class": "Master class",
        "lesson": "Lesson",
        "festival": "Festival",
    },
}
WHY: Mapping[Language, Mapping[str, str]] = {
    "ru": {
        "mistake": "Её поставили по ошибке.",
        "consent": "В это время не было согласия.",
        "of-age": "Ученику исполнилось 18 лет.",
        "archived": "Участие завершено.",
        "merged": "В этой группе у ребёнка уже есть место: его записи объединены.",
        "moved": "Занятие перенесли на время, когда у ребёнка другая запись.",
        "unconfirmed": "Место из списка ожидания не подтвердили вовремя, его получит следующий.",
        "frost": "Занятие не состоится из-за мороза.",
        "quarantine": "Занятие не состоится из-за карантина.",
        "staff-absent": "Занятие не состоится: наставник не сможет прийти.",
        "premises": "Занятие не состоится: площадка временно закрыта.",
        "too-few": "Занятие не состоится: записалось слишком мало участников.",
        "other": "Площадка отменила занятие.",
    },
    "en": {
        "mistake": "It was recorded by mistake.",
        "consent": "No consent was in force at that time.",
        "of-age": "The pupil is 18 now.",
        "archived": "Participation has ended.",
        "merged": "The child has a seat in this group already: two entries were united.",
        "moved": "It was moved to a time at which the child has another booking.",
        "unconfirmed": "The seat from the waiting list was not confirmed in time and goes to the next in line.",
        "frost": "It is not held because of frost.",
        "quarantine": "It is not held because of quarantine.",
        "staff-absent": "It is not held: the mentor cannot come.",
        "premises": "It is not held: the venue is closed for now.",
        "too-few": "It is not held: too few had booked.",
        "other": "The venue called it off.",
    },
}
"""The reasons that a notice tells; one that was asked for, or that nobody said, needs none."""
TEXTS: Mapping[Language, Mapping[str, Text]] = {
    "ru": {
        "participant.registered": Text("Регистрация в сезоне", "Сезон «{season}», класс {school_class}."),
        "participant.moved": Text("Перевод в другой класс", "Теперь это класс {school_class}."),
        "participant.promoted": Text("Переход в следующий класс", "Теперь это класс {school_class}."),
        "participant.merged": Text("Записи объединены", "Школа нашла вторую запись ребёнка; все шаги теперь в одной."),
        "participant.unmerged": Text("Записи разъединены", "Это были два разных ребёнка; у каждого снова своя запись."),
        "participant.archived": Text("Участие завершено", "Новые шаги закрыты, пройденное видно и дальше."),
        "participant.restored": Text("Участие продолжается", "Диагностики и пробы снова открыты."),
        "consent.given": Text("Согласие получено", "Диагностики и пробы открыты."),
        "consent.withdrawn": Text("Согласие отозвано", "Без согласия диагностики и пробы закрыты."),
        "guardian.linked": Text("Кабинет родителя открыт", "Все этапы теперь видны и родителю."),
        "guardian.unlinked": Text("Кабинет родителя закрыт", "Один из родителей больше не видит этапов. {why}"),
        "diagnostic.completed": Text("Диагностика пройдена", "Сезон «{season}»; результат в кабинете."),
        "diagnostic.revoked": Text("Диагностика не засчитана", "Сезон «{season}»; ответы удалены. {why}"),
        "trial.booked": Text("Запись подтверждена", "{activity}."),
        "trial.moved": Text("Занятие перенесено", "{activity}, {minutes} мин. Раньше: {before}, {from_minutes} мин."),
        "trial.cancelled": Text("Запись отменена", "{activity}. {why}"),
        "trial.attended": Text("Участие подтверждено", "{activity}."),
        "attendance.missed": Text(
            "Запись не использована",
            "{activity}. Площадка отметила, что никто не пришёл; если это ошибка, скажите школе.",
        ),
        "attendance.revoked": Text("Отметка об участии снята", "{activity}. {why}"),
        "recommendation.issued": Text("Рекомендация готова", "Сезон «{season}»{competencies}."),
        "recommendation.withdrawn": Text("Рекомендация отозвана", "Этапы сезона «{season}» исправлены."),
    },
    "en": {
        "participant.registered": Text("Registered for the season", "Season “{season}”, class {school_class}."),
        "participant.moved": Text("Moved to another class", "The class is now {school_class}."),
        "participant.promoted": Text("Promoted to the next class", "The class is now {school_class}."),
        "participant.merged": Text(
            "Entries united", "A second entry of the child was found; all steps are in one now."
        ),
        "participant.unmerged": Text(
            "Entries parted", "They were two children after all; each has an own entry again."
        ),
        "participant.archived": Text("Participation has ended", "New steps are closed; what was done stays visible."),
        "participant.restored": Text("Participation goes on", "Diagnostics and trials are open again."),
        "consent.given": Text("Consent received", "Diagnostics and trials are open."),
        "consent.withdrawn": Text("Consent withdrawn", "Diagnostics and trials are closed without consent."),
        "guardian.linked": Text("A guardian's cabinet is open", "A guardian now sees every stage too."),
        "guardian.unlinked": Text("A guardian's cabinet was closed", "One guardian no longer sees the stages. {why}"),
        "diagnostic.completed": Text("Diagnostic completed", "Season “{season}”; the result is in the cabinet."),
        "diagnostic.revoked": Text("Diagnostic taken back", "Season “{season}”; the answers are destroyed. {why}"),
        "trial.booked": Text("Booking confirmed", "{activity}."),
        "trial.moved": Text(
            "Moved to another time", "{activity}, {minutes} min. Before: {before}, {from_minutes} min."
        ),
        "trial.cancelled": Text("Booking cancelled", "{activity}. {why}"),
        "trial.attended": Text("Attendance confirmed", "{activity}."),
        "attendance.missed": Text(
            "A booking was not used",
            "{activity}. The venue says that nobody came; if that is wrong, tell the school.",
        ),
        "attendance.revoked": Text("Attendance taken back", "{activity}. {why}"),
        "recommendation.issued": Text("The recommendation is ready", "Season “{season}”{competencies}."),
        "recommendation.withdrawn": Text("Recommendation withdrawn", "Stages of season “{season}” were corrected."),
    },
}


OFFERED: Mapping[Language, Text] = {
    "ru": Text("Освободилось место", "{activity}. Подтвердите запись до {confirm_by}, иначе место получит следующий."),
    "en": Text("A seat came free", "{activity}. Confirm the booking until {confirm_by}, or the next in line gets it."),
}
"""Of a booking from the waiting list that is to be confirmed."""
REVISED: Mapping[Language, Text] = {
    "ru": Text("Рекомендация обновлена", "Сезон «{season}»{competencies}. Прежняя больше не действует."),
    "en": Text("The recommendation was revised", "Season “{season}”{competencies}. The one before no longer holds."),
}
"""Of a recommendation that follows an earlier one of the season."""
OF_A_SLOT: tuple[Kind, ...] = ("competency", "venue", "slot")
"""The fields of a notice's data that name an object of the catalogue by its code."""


def objects(notice: Notice) -> list[Named]:
    """Returns the objects of the catalogue that the notice's words name."""
    named: list[Named] = [(kind, notice.data[kind]) for kind in OF_A_SLOT if kind in notice.data]
    named += [("competency", code) for code in notice.data.get("competencies", ())]
    return named if notice.season is None else [*named, ("season", notice.season)]


def render(notice: Notice, names: Names, language: Language) -> Text:
    """Returns the notice in words; what the catalogue does not hold yet is called by its code, or left out."""
    text, season = _text(notice, language), notice.season
    competencies = [names.get(("competency", code), code) for code in notice.data.get("competencies", ())]
    return Text(
        text.title,
        text.body.format(
            season=season and names.get(("season", season), season),
            school_class=notice.data.get("school_class"),
            activity=_activity(notice, names, language),
            competencies=f": {', '.join(competencies)}" if competencies else "",
            why=WHY[language].get(_reason(notice), ""),
            before=_of_slot(notice, "from_starts_at", names, language),
            confirm_by=_of_slot(notice, "confirm_by", names, language),
            minutes=notice.data.get("minutes"),
            from_minutes=notice.data.get("from_minutes"),
        ).strip(),
    )


def _reason(notice: Notice) -> str:
    """Returns why something was taken back; an earlier release knew mistakes alone, and kept no reason."""
    return str(notice.data.get("reason", "mistake" if notice.type == "attendance.revoked" else ""))


def _activity(notice: Notice, names: Names, language: Language) -> str:
    """Returns what, where and when: «Профпроба: Поварское дело, Колледж, 12 октября 2020, 14:30»."""
    data = notice.data
    if "slot" not in data:
        return ""
    competency = names.get(("competency", data["competency"]), data["competency"])
    venue = names.get(("venue", data["venue"])) if "venue" in data else None
    now, told = names.get(("slot", data["slot"])), data.get("starts_at")
    starts_at = now if told is None else _on_clock_of(now, told)
    parts = [competency, venue, starts_at and _local(starts_at, language)]
    return f"{KINDS[language][data['kind']]}: {', '.join(part for part in parts if part)}"


def _text(notice: Notice, language: Language) -> Text:
    if notice.data.get("confirm_by"):
        return OFFERED[language]
    return REVISED[language] if notice.data.get("revision", 1) > 1 else TEXTS[language][notice.type]


def _of_slot(notice: Notice, field: str, names: Names, language: Language) -> str:
    """Returns a time that a notice has, if it has it, on the clock of its slot."""
    told = notice.data.get(field)
    return "" if told is None else _local(_on_clock_of(names.get(("slot", notice.data["slot"])), told), language)


def _on_clock_of(shown: str | None, instant: str) -> str:
    """Returns a time that an event told, on the clock on which the slot's start is shown by now."""
    told = datetime.fromisoformat(instant)
    return instant if shown is None else told.astimezone(datetime.fromisoformat(shown).tzinfo).isoformat()


def _local(instant: str, language: Language) -> str:
    """Returns a time on the clock of its own offset."""
    moment = datetime.fromisoformat(instant)
    return f"{moment.day} {MONTHS[language].split()[moment.month - 1]} {moment.year}, {moment:%H:%M}"
