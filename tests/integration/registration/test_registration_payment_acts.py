"""Acts for payment with names over HTTP: to the venue of all, to an operator of the own pupils, to nobody else."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.payments import ActSigned
from tests.builders.events import at, attended, booked, enveloped
from tests.builders.registration import pupil
from tests.drivers.consumers import publish
from tests.drivers.files import File, file
from tests.drivers.registration import NAVIGATOR, REGIONAL, Registration, registration

VENUE, OWNER = "V1", "RU-DON-001-C01"
HOST, ELSEWHERE = {"role": "venue", "org": VENUE}, {"role": "regional-operator", "org": "RU-DON"}
NAME, SUM = "Фамилия, имя, отчество", "Сумма, руб."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def signed(running: Registration, act: str, *lines: tuple[str, str, int], parts: int = 1, part: int = 1) -> None:
    """An act of a venue of another region, whose pupils come from here."""
    event = ActSigned(
        act=act,
        venue=VENUE,
        organisation=OWNER,
        season="2020",
        region="RU-DON",
        number=3,
        begins=date(2020, 10, 1),
        ends=date(2020, 10, 31),
        pupils=len(lines),
        part=part,
        parts=parts,
        attendances=tuple(attendance for attendance, _, _ in lines),
        slots=tuple(slot for _, slot, _ in lines),
        rates=("2020/-/-/-/-/-/2020-09-01",) * len(lines),
        kopecks=tuple(kopecks for _, _, kopecks in lines),
    )
    await publish(running.settings, enveloped(event, part))
    await running.know({"_id": act, f"told.{part}": {"$exists": True}}, 1, "payment_acts")


async def asked(running: Registration, act: str, by: Any, kind: str = "workbook") -> File:
    return await file(running, f"/payment-acts/{act}/{kind}", [by])


async def test_an_act_has_names_dates_and_sums_for_the_venue_and_is_on_record(running: Registration) -> None:
    entered = await running.enter(pupil("pa-1", name="Ягодин Яков"), pupil("pa-2", name="Ёжиков Артём"), pupil("pa-3"))
    first, second, gone = (item["participant"] for item in entered)
    events = [event for id in (first, second, gone) for event in (booked(id, "sa"), attended(id, "sa"))]
    await publish(running.settings, *(enveloped(e, n % 2 + 1, at("2020-10-05")) for n, e in enumerate(events)))
    await running.know({"attended": {"$size": 1}}, 3, "steps")
    lines = [(f"t-{id}-sa", "sa", 130_000) for id in (first, gone)]
    await signed(running, "act-1", *lines, ("t-" + second + "-sa", "sa", -65_050))
    assert (await running.call("DELETE", f"/participants/{gone}", grants=[REGIONAL]))[0] == 200

    got = await asked(running, "act-1", HOST)
    assert (got.status, 'filename="V1-2020-3.xlsx"' in got.headers["Content-Disposition"]) == (200, True)
    rows = [(row["№"], row[NAME], row["Дата"] and f"{row['Дата']:%d.%m.%Y}", row[SUM]) for row in got.rows()]
    assert rows == [
        (1, "Ягодин Яков", "05.10.2020", 1300),
        (2, "—", None, 1300),
        (3, "Ёжиков Артём", "05.10.2020", -650.5),
        (None, "Итого, учеников: 3", None, 1949.5),
    ]
    page = await asked(running, "act-1", HOST, "printout")
    for seen in ("Акт № 3", "Ягодин Яков", "−650,50", "Итого: 1 949,50 руб., учеников: 3.", "Заказчик"):
        assert seen in page.text
    reading = {"route": "GET /registration/payment-acts/{act}/workbook", "participants": first, "roles": ["venue"]}
    await running.know(reading, 1, "audit_log")


async def test_an_operator_reads_the_names_of_own_pupils_and_others_no_act(running: Registration) -> None:
    (item,) = await running.enter(pupil("pa-4", name="Дальний Лев"))
    id = item["participant"]
    events = [booked(id, "sb"), attended(id, "sb")]
    await publish(running.settings, *(enveloped(event, n, at("2020-10-06")) for n, event in enumerate(events, 1)))
    await running.know({"_id": f"{id}/2020", "attended": {"$size": 1}}, 1, "steps")
    await signed(running, "act-2", (f"t-{id}-sb", "sb", 100))
    of_venue, of_region = await asked(running, "act-2", HOST), await asked(running, "act-2", ELSEWHERE)
    nation = await asked(running, "act-2", {"role": "national-operator", "org": "RU"})
    assert [got.rows()[0][NAME] for got in (of_venue, of_region, nation)] == ["Дальний Лев", "—", "Дальний Лев"]
    for by, status in ((REGIONAL, 404), ({"role": "venue", "org": "V2"}, 404), (NAVIGATOR, 403)):
        assert (await asked(running, "act-2", by)).status == status
    assert (await asked(running, "no-act", HOST)).status == 404


async def test_an_act_is_shown_once_all_its_parts_have_arrived(running: Registration) -> None:
    await signed(running, "act-3", ("t1", "sc", 100), parts=2, part=2)
    early = await asked(running, "act-3", HOST)
    assert (early.status, early.problem["type"]) == (404, "not-found")
    await signed(running, "act-3", ("t0", "sc", 100), parts=2, part=1)
    assert [row["Участие"] for row in (await asked(running, "act-3", HOST)).rows()] == ["t0", "t1", None]


async def test_an_act_that_is_too_long_is_taken_as_a_workbook(running: Registration) -> None:
    await signed(running, "act-4", *((f"t{n}", "sd", 1) for n in range(2_001)))
    refused = await asked(running, "act-4", HOST, "printout")
    assert (refused.status, refused.problem["type"]) == (409, "too-many-lines")
    assert len((await asked(running, "act-4", HOST)).rows()) == 2_002
