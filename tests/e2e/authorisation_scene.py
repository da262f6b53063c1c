"""A season in which everything exists that can be asked for, with neighbours on every side who are not to be told."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.drivers.consumers import eventually
from tests.e2e.authorisation_calendar import DAYS
from tests.e2e.authorisation_payments import signed_act
from tests.e2e.conftest import Client
from tests.e2e.season import NATION, World, soon, world
from tests.e2e.season import RULES as USUAL

LAST_YEAR = USUAL | {"opens": "2019-09-01", "closes": "2019-12-16"}
"""Of a season that is over."""
RULES = {"closes": "2099-12-31"}
"""The season runs today too: a family acts now."""
WHERE: Mapping[str, tuple[str, str, str]] = {
    "own": ("001-S01", "7А", "own"),
    "second": ("001-S01", "7А", "own"),
    "next": ("001-S01", "7А", "next"),
    "form": ("001-S01", "7Б", "form"),
    "school": ("001-S02", "7А", "school"),
    "town": ("002-S01", "7А", "town"),
    "gone": ("001-S01", "7А", "gone"),
    "one": ("001-S01", "7А", "one"),
    "again": ("001-S01", "7А", "again"),
}
"""The pupils, each with school, class and guardian: `own` is asked about, `second` of its family, `gone` is erased, and
`again` is merged into `one`, who has no consent any more. The guardian of `school` is erased."""


@dataclass(frozen=True)
class Pupil:
    """A pupil whom a school entered."""

    id: str
    guardian: str
    """The guardian's id."""
    secrets: frozenset[str]
    """The names of the pupil and the guardian, and their ids."""
    codes: Mapping[str, str]
    """One for the guardian and one for the pupil."""


@dataclass
class Scene:
    """A region with two municipalities, two schools and two venues in one of them; and another region."""

    client: Client
    here: World
    there: World
    pupils: dict[str, Pupil] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    """Ids by their refs: `free` and `wide` are to be booked, `left` and `near` are, `held` is attended, `over` was,
    and `missed` is not; `moved` and `off` are changed, and nobody books there; for `full` `own` waits."""
    booking: str = ""
    """Of `own`, in `left`."""
    kept: str = ""
    """The booking of `own` in `near`."""
    transfer: str = ""
    """Of `own` to the sibling municipality; it was refused."""
    request: str = ""
    """Of the guardian of `own` for another child's place; it was refused."""
    exclusion: str = ""
    """Of an account that the school has put out."""
    act: str = ""
    """Of the erasure of `gone`."""
    act_of_guardian: str = ""
    """Of the erasure of the guardian of `school`."""
    attendance: str = ""
    """Of `own`, in `over`."""
    lesson: str = ""
    """In which `own` was."""
    code: str = ""
    """The own one of `own`."""
    imported: str = ""
    """Of a file of the school, with a line that was refused."""
    erased_contact: str = ""
    """Of a responsible person who is erased."""
    payment_act: str = ""
    """An act for payment of the attendance."""

    @property
    def over(self) -> str:
        """The season of the year before."""
        return f"{self.here.season}-before"

    @property
    def version(self) -> str:
        """Of the consent document."""
        return f"v-{self.here.season}"

    @property
    def templates(self) -> str:
        """The address of the region's templates."""
        return f"/registration/consent-templates/{self.here.season}/{self.here.region}"

    @property
    def template(self) -> Mapping[str, Any]:
        """The region's only one."""
        return {"version": self.version, "title": "Согласие", "text": "Согласен на обработку данных."}

    @property
    def competency(self) -> str:
        """In which the municipality has trials, and nobody else."""
        return f"c-{self.here.season}"

    @property
    def programme(self) -> dict[str, Any]:
        """An online one of the venue, by which a slot is held."""
        who = {"organisation": self.here.venue, "name": "Проба", "competency": self.competency}
        how: dict[str, Any] = {"level": "basic", "format": "online", "link": self.address, "environment": "smart"}
        how |= {"criteria": [{"code": "care", "name": "Аккуратность"}]}
        return {**who, **how, "minutes": 90, "places": 8, "grades": [6, 11]}

    @property
    def address(self) -> str:
        """The address where that is held."""
        return f"https://meet.example.org/{self.here.season}"

    @property
    def held_lesson(self) -> Mapping[str, Any]:
        """A lesson in which `own` was."""
        where = {"season": self.here.season, "school": self.here.school}
        return {**where, "theme": "1", "participants": [self.pupils["own"].id]}

    @property
    def application(self) -> tuple[str, dict[str, Any]]:
        """A second venue of the owner, which has asked for its place: its code and entry."""
        entry = {"organisation": self.here.venue, "name": "Мастерская", "registry": "regional"}
        return f"{self.here.region}-V09", {**entry, "season": self.here.season}

    @property
    def navigator(self) -> dict[str, Any]:
        """The school's responsible person, whom families see."""
        name = f"Педагог {self.here.season}"
        return {"role": "navigator", "name": name, "mail": "school@example.org", "classes": ["7А"], "public": True}

    async def name_navigators(self) -> str:
        """The navigator of the class, and another one who is erased; the id of that one."""
        path, by = f"/notifications/contacts/{self.here.school}", self.here.operator
        await soon(self.client, "PUT", f"{path}/n1", self.navigator, by=by)
        other = await self.client.ok("PUT", f"{path}/n2", {**self.navigator, "name": "Педагог Иной"}, by=by)
        await self.client.ok("DELETE", f"/notifications/contacts/{other['contact']}", by=by)
        return str(other["contact"])

    def line(self, key: str) -> dict[str, Any]:
        """A pupil's line of a roster."""
        guardian = {"ref": WHERE[key][2], "name": f"Опекун {WHERE[key][2]} {self.here.season}"}
        return self.here.pupil(external_ref=key, name=f"Ученица {key} {self.here.season}", guardian=guardian)

    def roster(self, key: str) -> dict[str, Any]:
        """The roster that enters one pupil."""
        school, form, _ = WHERE[key]
        return self.here.roster([self.line(key)], school=f"{self.here.region}-{school}", **{"class": form})

    def offer(self, ref: str, day: str) -> dict[str, Any]:
        """A slot of a timetable."""
        seats = 1 if ref == "full" else 8
        fields: dict[str, Any] = {"minutes": 90, "capacity": seats, "grades": [6, 11], "kind": "trial"}
        fields |= {"programme": self.competency} if ref in ("left", "over") else {}
        return {"ref": ref, "competency": self.competency, "starts_at": f"{day}T15:00:00+03:00", **fields}

    async def organise(self) -> None:
        """The neighbours' organisations, their venue, and what is published for all."""
        here, client = self.here, self.client
        for code, kind, parent in (
            ("002", "municipality", here.region),
            ("001-S02", "school", here.municipality),
            ("002-S01", "school", f"{here.region}-002"),
            ("001-V02", "college", here.municipality),
            ("001-C09", "college", here.municipality),
        ):
            body = {"kind": kind, "name": f"Организация {here.region}-{code}", "parent": parent}
            await client.ok("PUT", f"/registration/organisations/{here.region}-{code}", body, by=here.operator)
        path, numbers = f"/registration/schools/{here.school}/years/2019", {"pupils": [{"grade": 7, "total": 77}]}
        await client.ok("PUT", path, numbers, by=here.operator)
        path = f"/registration/organisations/{here.municipality}/targets/2019"
        await client.ok("PUT", path, {"pupils": 1234}, by=here.operator)
        venue = {"organisation": f"{here.municipality}-V02", "name": "Музей", "registry": "regional"}
        path = f"/trials/venues/{here.municipality}-V02"
        await soon(client, "PUT", path, {**venue, "season": here.season}, by=here.operator)
        await client.ok("PUT", f"/trials/seasons/{self.over}", LAST_YEAR, by=NATION)
        await client.ok("PUT", f"/trials/competencies/{self.competency}", {"name": "Проба"}, by=NATION)
        await client.ok("PUT", f"/trials/programmes/{self.competency}", self.programme, by=here.host)
        code, entry = self.application
        await client.ok("POST", f"/trials/venues/{code}/applications", entry, by=here.host)
        await client.ok("PUT", f"/registration/consent-documents/{self.version}", DOCUMENT, by=NATION)
        await client.ok("PUT", self.templates, self.template, by=NATION)

    async def enter(self, key: str) -> None:
        """One pupil, by the region's operator."""
        line = self.line(key)
        answer = await soon(self.client, "POST", "/registration/rosters", self.roster(key), by=self.here.operator)
        (item,) = answer["items"]
        secrets = frozenset((line["name"], line["guardian"]["name"], item["participant"], item["guardian"]))
        codes = {"guardian": item["link_code"], "pupil": item["account_code"]}
        self.pupils[key] = Pupil(item["participant"], item["guardian"], secrets, codes)

    async def link(self, key: str, role: str, subject: str) -> None:
        """An account of the family."""
        body = {"code": self.pupils[key].codes[role]}
        await self.client.ok("POST", "/registration/links", body, by=(role,), subject=subject)

    def wanted(self, key: str, school: str) -> dict[str, Any]:
        """The request of a school for a pupil of another one."""
        return {"school": school, "class": "7А", **{name: self.line(key)[name] for name in ("name", "birth_date")}}

    async def refuse_transfer(self) -> str:
        """A transfer that was asked for and refused."""
        path, body = "/registration/transfers", self.wanted("own", f"{self.here.region}-002-S01")
        asked = await self.client.ok("POST", path, body, by=self.here.operator)
        await self.client.ok("DELETE", f"{path}/{asked['transfer']}", by=self.here.operator)
        return str(asked["transfer"])

    def asked(self, name: str) -> dict[str, Any]:
        """The request of a guardian for a child's place in 7А."""
        child = {"name": name, "birth_date": "2008-01-31", "guardian_name": "Опекун Иной"}
        return {"school": self.here.school, "class": "7А", **child}

    async def ask_for_place(self, subject: str) -> None:
        """A request that a guardian made and the school refused."""
        path, by = "/registration/requests", ("guardian",)
        asked = await self.client.ok("POST", path, self.asked("Просимый Ребёнок"), by=by, subject=subject)
        self.request = str(asked["request"])
        refusal = f"{path}/{self.request}/refusal"
        await self.client.ok("POST", refusal, {"reason": "other"}, by=self.here.navigator)

    async def send_file(self) -> str:
        """An import of one line, which has no birth date; it is over."""
        query = f"?season={self.here.season}&school={self.here.school}&class=7А"
        path, file = "/registration/imports", "Ключ;ФИО;Дата рождения\r\nrefused;Отказ Анна;\r\n".encode()
        by, kind = self.here.operator, {"Content-Type": "text/csv"}
        answer = await self.client.call("POST", path + query, file, by=by, subject="sender", **kind)
        sent = str(answer.body["id"])

        async def over() -> bool:
            told = await self.client.ok("GET", f"{path}/{sent}", by=by, subject="sender")
            return bool(told["state"] == "done" and told["refused"] == 1)

        await eventually(over)
        return sent

    async def play(self) -> None:
        """A diagnostic, in both municipalities, and slots, of which `own` has booked some, and been at one."""
        for key in ("own", "town"):
            attempt = self.here.attempt(self.pupils[key].id, "first")
            await soon(self.client, "POST", "/trials/attempts", attempt, by=self.here.operator)
        timetable = {"venue": self.here.venue, "season": self.here.season, "occurred_at": "2020-09-20T10:00:00+03:00"}
        body = {**timetable, "slots": [self.offer(ref, day) for ref, day in DAYS.items()]}
        opened = await soon(self.client, "POST", "/trials/slots/batch", body, by=self.here.host)
        self.slots = {item["ref"]: item["slot"] for item in opened["items"]}
        for ref in ("held", "over", "missed"):
            await self._book(ref)
        self.kept, self.booking = await self._book("near"), await self._book("left")
        await self._book("full", "form")
        await self._book("full", way="waiting")
        path, own = f"/trials/slots/{self.slots['over']}/attendance", self.pupils["own"].id
        present = await self.client.ok("POST", path, [{"participant": own, "source": "list"}], by=self.here.host)
        self.attendance = present["items"][0]["attendance"]
        self.code = (await self.client.ok("GET", f"/trials/participants/{own}/code", by=self.here.navigator))["token"]
        held = {**self.held_lesson, "ref": "first"}
        self.lesson = (await self.client.ok("POST", "/trials/lessons", held, by=self.here.navigator))["lesson"]

    async def _book(self, ref: str, pupil: str = "own", way: str = "bookings") -> str:
        body = {"participant": self.pupils[pupil].id, "occurred_at": "2020-09-21T10:00:00+03:00"}
        path = f"/trials/slots/{self.slots[ref]}/{way}"
        return str((await soon(self.client, "POST", path, body, by=self.here.navigator)).get("booking"))


DOCUMENT = {"title": "Согласие", "url": "https://example.org/consent"}


async def scene(client: Client) -> Scene:
    """A scene of its own."""
    here, there = await asyncio.gather(world(client, **RULES), world(client))
    made = Scene(client, here, there)
    await made.organise()
    for key in WHERE:
        await made.enter(key)
    await made.play()
    made.payment_act = await signed_act(client, here)
    erased = await client.ok("DELETE", f"/registration/participants/{made.pupils['gone'].id}", by=here.operator)
    made.act = erased["act"]["number"]
    erased = await client.ok("DELETE", f"/registration/guardians/{made.pupils['school'].guardian}", by=here.operator)
    made.act_of_guardian = erased["act"]["number"]
    withdrawn = f"/registration/participants/{made.pupils['one'].id}/consents/current"
    await client.ok("DELETE", f"{withdrawn}?occurred_at=2020-10-20T10:00:00%2B03:00", by=here.operator)
    made.transfer, made.imported = await made.refuse_transfer(), await made.send_file()
    body = {"org": here.school, "account": "somebody"}
    made.exclusion = (await client.ok("POST", "/registration/staff/exclusions", body, by=here.navigator))["exclusion"]
    made.erased_contact = await made.name_navigators()
    return made
