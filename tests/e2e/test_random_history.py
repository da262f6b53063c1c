"""Any history of commands by many people: whatever is refused or accepted, the figures are those of a recount.

The commands are drawn without regard to what is possible: a pupil is moved, merged, archived, erased, tested and booked
in any order and on any day. The recount knows the region's feed alone.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from deploy.cli.whole_demo import settings_of
from deploy.local.system import System
from services.analytics.verification.logs import Pace
from services.analytics.verification.verify import verify
from tests.chaos.agreement import agreed, settled
from tests.e2e.conftest import Answer, Client
from tests.e2e.history_of_money import Money
from tests.e2e.season import NATION, World, world

COMMANDS = 240
HISTORIES = int(os.environ.get("HISTORIES", "2"))
CLASSES = ("7А", "7Б", "8А")
PARENTS = ("mother", "father", "aunt")
WRONG = {"reason": "Ошибка", "occurred_at": "2020-10-20T10:00:00+03:00"}
EARLY = "2020-09-29T10:00:00+03:00"
DAYS = [f"2020-{month:02}-{day:02}" for month in (9, 10, 11) for day in range(1, 29, 3)]


class History:
    """A region whose people do what a random number says."""

    def __init__(self, place: World, rng: Random) -> None:
        self.place = place
        self.rng = rng
        self.money = Money(place, rng)
        self.pupils: list[dict[str, Any]] = []
        self.slots: list[str] = []
        self.seats: list[tuple[str, str]] = []
        """Slot and participant of each booking."""
        self.attendances: list[str] = []
        self.accepted: Counter[str] = Counter()
        self.lessons: list[str] = []
        self.refused: Counter[str] = Counter()

    @property
    def other(self) -> str:
        """The school of another municipality."""
        return f"{self.place.region}-002-S01"

    async def begin(self) -> None:
        """A second municipality with a school, and slots of four seats."""
        client, by = self.place.client, self.place.operator
        for code, kind, parent in (
            (f"{self.place.region}-002", "municipality", self.place.region),
            (self.other, "school", f"{self.place.region}-002"),
        ):
            body = {"kind": kind, "name": f"Организация {code}", "parent": parent}
            await client.ok("PUT", f"/registration/organisations/{code}", body, by=by)
        await self.money.begin()
        self.slots = [await self.place.slot(f"s{number}", capacity=4) for number in range(6)]

    def moment(self) -> str:
        """A moment of the season."""
        return f"{self.rng.choice(DAYS)}T{self.rng.randint(8, 18):02}:00:00+03:00"

    def one(self) -> dict[str, Any]:
        """A pupil who was entered, be there one by now or not."""
        return self.rng.choice(self.pupils)

    async def goes_on(self) -> None:
        """One command of any kind."""
        kinds: Sequence[Callable[[], Any]] = (
            *([self.enters] * 4),
            *([self.sits] * 4),
            *([self.books] * 4),
            *([self.attends] * 5),
            *(self.arrives, self.arrives, self.hears, self.hears, self.forgets),
            *(self.misses, self.revokes, self.revokes, self.moves, self.moves, self.links, self.links, self.unlinks),
            *(self.withdraws, self.consents, self.archives, self.restores, self.merges, self.merges, self.parts),
            *(self.money.sets_quota, self.money.gives, self.money.gives, self.money.prices, self.money.pays),
            *(self.money.drafts_act, self.money.drafts_act, self.money.signs, self.money.signs),
            *(self.erases, self.relocates, self.shifts, self.shifts, self.resizes, self.calls_off),
        )
        kind = self.enters if len(self.pupils) < 6 else self.rng.choice(kinds)
        answer: Answer = await kind()
        assert answer.status < 500, (kind.__name__, answer.body)
        items = (answer.body or {}).get("items", ())
        is_refused = answer.status >= 300 or (items and all(item.get("problem") for item in items))
        (self.refused if is_refused else self.accepted)[kind.__name__] += 1

    async def _do(self, method: str, path: str, body: Any = None, by: Sequence[str] = (), **more: str) -> Answer:
        return await self.place.client.call(method, path, body, by=by or self.place.operator, **more)

    async def enters(self) -> Answer:
        """A roster names a new pupil, or one who is known."""
        number = self.rng.randint(1, 25)
        second = [{"ref": f"second-{number}", "name": f"Соколова Вера {number}"}] if self.rng.random() < 0.3 else []
        line = self.place.pupil(number, guardians=second)
        if self.rng.random() < 0.4:
            line["consent"] = None
        school = self.rng.choice([self.place.school, self.place.school, self.other])
        said = {"school": school, "class": self.rng.choice(CLASSES[:2]), "occurred_at": self.moment()}
        answer = await self._do("POST", "/registration/rosters", self.place.roster([line], **said))
        self.pupils += [item for item in answer.body.get("items", ()) if item.get("status") == "created"]
        return answer

    async def sits(self) -> Answer:
        attempt = self.place.attempt(self.one()["participant"], f"a{self.rng.random()}", occurred_at=self.moment())
        return await self._do("POST", "/trials/attempts", attempt)

    async def books(self) -> Answer:
        slot, participant = self.rng.choice(self.slots), self.one()["participant"]
        moment = f"2020-09-{self.rng.randint(20, 28)}T{self.rng.randint(5, 15):02}:{self.rng.randint(0, 59):02}"
        said = {"participant": participant, "occurred_at": f"{moment}:{self.rng.randint(0, 59):02}Z"}
        answer = await self._do("POST", f"/trials/slots/{slot}/bookings", said)
        self.seats += [(slot, participant)] if answer.status < 300 else []
        return answer

    async def attends(self) -> Answer:
        slot, participant = self.rng.choice([*self.seats, (self.slots[0], self.one()["participant"])])
        present = [{"participant": participant, "source": "list", "occurred_at": "2020-10-05T16:00:00+03:00"}]
        answer = await self._do("POST", f"/trials/slots/{slot}/attendance", present, self.place.host)
        self.attendances += [i["attendance"] for i in answer.body.get("items", ()) if i.get("attendance")]
        return answer

    async def arrives(self) -> Answer:
        """A pupil comes to the door, with a booking or without."""
        code = await self._do("GET", f"/trials/participants/{self.one()['participant']}/code")
        if code.status >= 300:
            return code
        scan = {"token": code.body["token"], "slot": self.rng.choice(self.slots)}
        at = f"2020-10-05T{self.rng.randint(8, 16):02}:10:{self.rng.randint(0, 59):02}+03:00"
        answer = await self._do("POST", "/trials/checkins", [{**scan, "occurred_at": at}], self.place.host)
        self.attendances += [i["attendance"] for i in answer.body.get("items", ()) if i.get("attendance")]
        return answer

    async def hears(self) -> Answer:
        """A school says that a pupil was in one of its lessons."""
        lesson = {"ref": f"l{self.rng.randint(1, 4)}", "season": self.place.season, "theme": "1"}
        of = {"school": self.rng.choice([self.place.school, self.other]), "occurred_at": "2020-09-25T09:00:00+03:00"}
        said = {**lesson, **of, "participants": [self.one()["participant"]]}
        answer = await self._do("POST", "/trials/lessons", said)
        self.lessons += [answer.body["lesson"]] if answer.status < 300 else []
        return answer

    async def forgets(self) -> Answer:
        id = self.rng.choice(self.lessons) if self.lessons else "none"
        return await self._do("POST", f"/trials/lessons/{id}/revocation", {"reason": "Ошибка"})

    async def misses(self) -> Answer:
        slot, participant = self.rng.choice([*self.seats, (self.slots[0], self.one()["participant"])])
        absent = [{"participant": participant, "occurred_at": "2020-10-05T17:00:00+03:00"}]
        return await self._do("POST", f"/trials/slots/{slot}/absences", absent, self.place.host)

    async def revokes(self) -> Answer:
        id = self.rng.choice(self.attendances) if self.attendances else "none"
        return await self._do("POST", f"/trials/attendance/{id}/revocation", WRONG, self.place.host)

    async def shifts(self) -> Answer:
        """A slot is held at another hour of its day."""
        to = {"starts_at": f"2020-10-05T{self.rng.randint(8, 15):02}:00:00+03:00", "occurred_at": EARLY}
        return await self._do("POST", f"/trials/slots/{self.rng.choice(self.slots)}/move", to, self.place.host)

    async def resizes(self) -> Answer:
        to = {"capacity": self.rng.randint(1, 6), "occurred_at": EARLY}
        return await self._do("POST", f"/trials/slots/{self.rng.choice(self.slots)}/seats", to, self.place.host)

    async def calls_off(self) -> Answer:
        """A slot is called off, and another one opened in its place."""
        number = self.rng.randrange(len(self.slots))
        said = {"reason": "frost", "occurred_at": EARLY}
        answer = await self._do("POST", f"/trials/slots/{self.slots[number]}/closing", said, self.place.host)
        if answer.status < 300:
            self.slots[number] = await self.place.slot(f"instead-{self.rng.random()}", capacity=4)
        return answer

    async def moves(self) -> Answer:
        school = self.rng.choice([self.place.school, self.other])
        said = {"school": school, "class": self.rng.choice(CLASSES), "occurred_at": self.moment()}
        return await self._do("POST", f"/registration/participants/{self.one()['participant']}/moves", said)

    async def links(self) -> Answer:
        code = {"code": self.one().get("link_code") or "AAAA-AAAA-AAAA"}
        parent = f"{self.rng.choice(PARENTS)} of {self.place.region}"
        return await self._do("POST", "/registration/links", code, ("guardian",), subject=parent)

    async def unlinks(self) -> Answer:
        one = self.one()
        return await self._do("DELETE", f"/registration/participants/{one['participant']}/links/{one.get('guardian')}")

    async def withdraws(self) -> Answer:
        path = f"/registration/participants/{self.one()['participant']}/consents/current"
        return await self._do("DELETE", f"{path}?occurred_at={self.moment().replace('+', '%2B')}")

    async def consents(self) -> Answer:
        one = self.one()
        said = {"version": f"{self.rng.random()}", "channel": "paper", "guardian": one.get("guardian")}
        path = f"/registration/participants/{one['participant']}/consents"
        return await self._do("POST", path, {**said, "given_at": self.moment()})

    async def archives(self) -> Answer:
        said = {"reason": self.rng.choice(["left", "left", "mistake"]), "occurred_at": self.moment()}
        return await self._do("POST", f"/registration/participants/{self.one()['participant']}/archive", said)

    async def restores(self) -> Answer:
        return await self._do("DELETE", f"/registration/participants/{self.one()['participant']}/archive")

    async def merges(self) -> Answer:
        said = {"survivor": self.one()["participant"], "duplicate": self.one()["participant"]}
        return await self._do("POST", "/registration/merges", said)

    async def parts(self) -> Answer:
        return await self._do("DELETE", f"/registration/merges/{self.one()['participant']}")

    async def erases(self) -> Answer:
        return await self._do("DELETE", f"/registration/participants/{self.one()['participant']}")

    async def relocates(self) -> Answer:
        """The second school goes from one municipality to the other."""
        parent = self.rng.choice([self.place.municipality, f"{self.place.region}-002"])
        path = f"/registration/organisations/{self.other}/moves"
        return await self._do("POST", path, {"parent": parent, "occurred_at": self.moment()})

    async def is_closed_and_corrected(self) -> None:
        """The season is closed, and revised twice with some commands before each and after the last."""
        season = f"/trials/seasons/{self.place.season}"
        await self.place.client.ok("POST", f"{season}/closing", {}, by=NATION)
        for revision in (1, 2, 3):
            for _ in range(COMMANDS // 9):
                await self.goes_on()
            if revision < 3:
                said = {"reason": "Сверка"}
                await self.place.client.ok("PUT", f"{season}/revisions/{revision}", said, by=NATION)


@pytest.mark.parametrize("number", range(HISTORIES))
async def test_whatever_people_do_the_figures_are_those_of_a_recount(
    number: int, running: System, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = os.environ.get("HISTORY_SEED") or os.urandom(4).hex()
    with capsys.disabled():
        print(f"\nHISTORY_SEED={seed}/{number}")
    rng = Random(f"{seed}/{number}")
    quotas = {"quota_unit": rng.choice(("attendance", "pupil")), "quotas_bind": number % 2 == 0}
    closes = "2020-12-31" if number else "2099-12-31"
    history = History(await world(client, closes=closes, **quotas), rng)
    await history.begin()
    for _ in range(COMMANDS):
        await history.goes_on()
    if number:
        await history.is_closed_and_corrected()
    await settled(settings_of(running.settings))
    await history.money.signs_the_rest()
    both = await agreed(running, history.place.region, history.place.season)
    acts = await history.money.agrees_with(both.feed)
    verdict = await verify(settings_of(running.settings), Pace(print))
    assert verdict.is_proven, verdict.first
    with capsys.disabled():
        signed = [record.data["kopecks"] for record in both.feed if record.type == "act.signed.v1"]
        paid = [kopecks for lines in signed for kopecks in lines]
        print(f"{quotas}, {len(acts)} acts, lines of {paid} kopecks")
        print(f"{dict(history.accepted)} accepted, {dict(history.refused)} refused")
        print(f"{sum(both.events.values())} events; {both.figures.funnel}")
    every = ("enters", "sits", "books", "attends", "merges")
    assert min(history.accepted[kind] for kind in every) > 0
    assert min(both.figures.funnel[stage] for stage in ("registered", "tested")) > 0
