"""Reads whose answer is a file with names: within the scope alone, bounded, and with a trace of everyone in it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.registration.answers.codes import CodesView
from services.registration.answers.participants import Names
from services.registration.answers.progress import Progress, SeasonView
from services.registration.codes import Codes
from services.registration.copies.steps import Steps, progress_id
from services.registration.domain.cabinets import SELF
from services.registration.domain.door_codes import DoorCodes, pupil_of
from services.registration.domain.opening_balances import first_of
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Participant
from services.registration.files import class_form, door_cards, slips, summary
from services.registration.files.door_cards import Card
from services.registration.files.slips import Owner, Slip
from services.registration.files.workbooks import Book, book
from services.registration.reads.participants import ScopedReads, as_in_a_register
from services.registration.reads.reach import in_reach
from shared.base.errors import BadInput, Conflict, FieldError, NotFound
from shared.base.side_thread import LIGHT, aside
from shared.programme.moments import zone
from shared.storage.mongo import Document

MOST_OF_A_CLASS = 1_000
"""Pupils, as many as one roster enters."""
MOST_OF_A_SCHOOL = 10_000
MOST_SLIPS = 300
"""Thirty pages: a large class whose pupils have six guardians each."""
IN_THE_CABINET = "в личном кабинете программы"
"""Where codes are typed, as long as an installation names no address."""
HERE: Document = {"erased_at": None, "merged": None, "archived": None}
"""Matches pupils who take part; a duplicate is its survivor."""
NOT_BY_MISTAKE: Document = {"erased_at": None, "merged": None, "archived.reason": {"$ne": "mistake"}}
"""Matches these, and those who have left the programme."""


@dataclass(frozen=True, slots=True)
class ClassAsked:
    """A class in a season, as a request names it."""

    school: str
    name: str
    season: str


class Downloads(ScopedReads):
    """The files of a school."""

    async def class_form(self, asked: ClassAsked, codes: Codes, now: datetime) -> bytes:
        """The form of a class in a season; raises NotFound where there is no such class in the scope."""
        school, pupils = await self._taking_part(asked)
        season = asked.season
        names = await self._names([id for p in pupils for id in (p.id, *p.guardians)], [p.id for p in pupils])
        progress = await self._progress(pupils, [season])
        entries = [
            class_form.Entry(
                pupil=pupil,
                identity=names.get(pupil.id, {}),
                progress=SeasonView.of(pupil, season, progress),
                codes=CodesView.of(pupil, names, codes, now),
                now=now,
            )
            for pupil in _by_name(pupils, names)
        ]
        day = now.astimezone(zone(school.utc_offset)).date()
        called = progress.seasons.get(season, season)
        title = f"{school.name} · класс {asked.name} · {called} · на {day:%d.%m.%Y}"
        return await aside(partial(_form, title, entries, now), max(LIGHT, len(entries)), rests=True)

    async def slips(self, asked: ClassAsked, owner: Owner, codes: Codes, where: str, now: datetime) -> bytes:
        """The open codes of a class to be printed, of guardians or of the pupils themselves.

        Raises NotFound where there is no such class in the scope, Conflict where no code is open or too many are.
        """
        school, pupils = await self._taking_part(asked)
        names = await self._names([id for p in pupils for id in (p.id, *p.guardians)], [p.id for p in pupils])
        found = [slip for pupil in _by_name(pupils, names) for slip in _slips(pupil, owner, names, codes, now)]
        if not found:
            raise Conflict("no code is open: cabinets are open, or codes are to be issued anew", slug="no-open-codes")
        if len(found) > MOST_SLIPS:
            raise Conflict(f"the class has more than {MOST_SLIPS} open codes", slug="too-many-pupils")
        heading = f"{school.name}, класс {asked.name}"
        return await aside(partial(slips.printed, heading, where or IN_THE_CABINET, found, now), LIGHT, rests=True)

    async def door_cards(self, asked: ClassAsked, codes: DoorCodes, now: datetime) -> bytes:
        """The own codes of a class to be printed, by the pupils' names.

        Raises NotFound where there is no such class in the scope, BadInput for a code of nobody in it.
        """
        school, pupils = await self._taking_part(asked)
        of_entry = {id: pupil for pupil in pupils for id in (pupil.id, *pupil.duplicates)}
        found = {n: of_entry.get(pupil_of(code) or "") for n, code in enumerate(codes.codes)}
        unknown = [n for n, pupil in found.items() if pupil is None]
        if unknown:
            raise BadInput.of(FieldError(f"codes/{n}", "is the code of no pupil of the class") for n in unknown)
        own = {pupil.id: codes.codes[n] for n, pupil in found.items() if pupil is not None}
        names = await self._names(list(own), list(own))
        named = [pupil for pupil in _by_name(pupils, names) if pupil.id in own]
        cards = [Card(name=names.get(pupil.id, {}).get("name", ""), code=own[pupil.id]) for pupil in named]
        heading = f"{school.name}, класс {asked.name}"
        return await aside(partial(door_cards.printed, heading, cards, now), LIGHT, rests=True)

    async def summary(self, code: str, year: int | None, now: datetime) -> bytes:
        """The summary of a school's pupils in a calendar year, the running one unless another is asked for.

        Raises NotFound for a school out of scope, BadInput for a year to come, Conflict for too large a school.
        """
        school = await self._school(code)
        today = now.astimezone(zone(school.utc_offset)).date()
        if year is not None and year > today.year:
            raise BadInput.field("year", "is to come")
        query = {**in_reach(self._who.scope, school), **NOT_BY_MISTAKE}
        if await self._mongo["participants"].count_documents(query, limit=MOST_OF_A_SCHOOL + 1) > MOST_OF_A_SCHOOL:
            raise Conflict(f"the school has more than {MOST_OF_A_SCHOOL} pupils", slug="too-many-pupils")
        with book(now) as made:
            await self._summarise(made, school, year or today.year, query)
            return await aside(made.close, LIGHT)

    async def _summarise(self, made: Book, school: Organisation, year: int, query: Document) -> None:
        """Writes class by class, so that no more of a school is in memory at once."""
        municipality = school.municipality or ""
        called = (await self._organisations.names([municipality])).get(municipality) or municipality
        sheet = made.sheet(str(year), f"{school.name} · сводный отчёт за {year} год", summary.COLUMNS)
        row = 1
        for name in sorted(await self._mongo["participants"].distinct("place.school_class", query), key=_as_read):
            found = await self._class(school, name, NOT_BY_MISTAKE, must_exist=False)
            pupils = [pupil for pupil in found if summary.registered(pupil).year <= year]
            names = await self._names([p.id for p in pupils], [p.id for p in pupils])
            progress = await self._progress(pupils, {season for p in pupils for season in p.seasons})
            told = await self._balances.of([id for p in pupils for id in (p.id, *p.duplicates)], year)
            balances = {balance.participant: balance for balance in told}
            entries = [
                summary.Entry(
                    pupil=p,
                    identity=names.get(p.id, {}),
                    steps=_steps(p, progress),
                    opening=first_of(balances, [p.id, *p.duplicates]),
                )
                for p in _by_name(pupils, names)
            ]
            place = summary.School(called, school.name)
            await aside(partial(summary.write, sheet, place, year, entries, row), len(entries), rests=True)
            row += len(entries)

    async def _taking_part(self, asked: ClassAsked) -> tuple[Organisation, list[Participant]]:
        school = await self._school(asked.school)
        return school, await self._class(school, asked.name, {f"seasons.{asked.season}": {"$exists": True}, **HERE})

    async def _school(self, code: str) -> Organisation:
        """A school in scope; whether another is one is not told."""
        row = await self._mongo["organisations"].find_one({"_id": code})
        school = Organisation.of(row).on(await self._clocks.known()) if row else None
        if school is None or school.kind != "school" or not self._who.scope.covers(*school.place):
            raise NotFound("no such school in your scope")
        return school

    async def _class(
        self, school: Organisation, name: str, which: Document, must_exist: bool = True
    ) -> list[Participant]:
        """The pupils of a class; raises NotFound for one out of scope, Conflict for too large a one."""
        if not self._who.scope.covers(*school.place, school_class=name):
            raise NotFound("no such class in your scope")
        query = {"place.school": school.id, "place.school_class": name, **which}
        rows = await self._mongo["participants"].find(query).limit(MOST_OF_A_CLASS + 1).to_list(MOST_OF_A_CLASS + 1)
        if must_exist and not rows:
            raise NotFound("no such class in your scope")
        if len(rows) > MOST_OF_A_CLASS:
            raise Conflict(f"class {name} has more than {MOST_OF_A_CLASS} pupils", slug="too-many-pupils")
        return await self._on_clocks(await aside(lambda: list(map(Participant.of, rows)), len(rows)))


def _form(title: str, entries: Sequence[class_form.Entry], now: datetime) -> bytes:
    with book(now) as made:
        class_form.write(made, title, entries)
        return made.close()


def _slips(pupil: Participant, owner: Owner, names: Names, codes: Codes, now: datetime) -> Iterator[Slip]:
    """The slips of a pupil whose codes somebody can still redeem."""
    own = names.get(pupil.id, {}).get("name", "")
    for code in CodesView.of(pupil, names, codes, now).codes:
        if code.code is not None and (code.owner == SELF) == (owner == "pupil"):
            until = code.expires and code.expires.date()
            yield Slip(owner=owner, name=code.name or "", pupil=own, code=code.code, until=until)


def _steps(pupil: Participant, progress: Progress) -> tuple[Steps, ...]:
    found = (progress.steps.get(progress_id(pupil.id, season)) for season in pupil.seasons)
    return tuple(steps for steps in found if steps is not None)


def _by_name(pupils: Sequence[Participant], names: Names) -> list[Participant]:
    """The pupils as a class register has them."""
    return sorted(pupils, key=lambda p: (as_in_a_register(names.get(p.id, {}).get("name", "")), p.id))


def _as_read(name: str) -> tuple[int, str]:
    """The order of classes: 9А comes before 10А."""
    grade = re.match(r"[0-9]+", name)
    return int(grade[0]) if grade else 0, name
