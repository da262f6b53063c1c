"""A region's directory from a file, on real Kafka and MongoDB: line by line, and once however often it is sent."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.tables.files import MEDIA_TYPES
from tests.builders.organisations import INN, OGRN
from tests.builders.sheets import DIRECTORY
from tests.builders.tables import csv_file, xlsx_file
from tests.drivers.registration import NATIONAL, REGIONAL, Registration, registration

CSV, XLSX = MEDIA_TYPES
ELSEWHERE = {"role": "regional-operator", "org": "RU-MOS"}
LINES = [
    ["RU-ROS-D1-S1", "Школа", "Школа № 1", "Дальний район", "Основной", INN, OGRN],
    ["RU-ROS-D1-S2", "", "Школа № 2", "RU-ROS-D1", "", "", ""],
    ["RU-ROS-D1", "Муниципальный район", "Дальний  район", "", "", "", ""],
    ["RU-ROS-D1-C1", "Техникум", "Техникум", "Дальний район", "", "", ""],
    ["RU-ROS-D1-S3", "Школа", "Школа № 3", "Никакой район", "высший", "7707083894", ""],
    ["ru-ros-d1-s2", "Школа", "Двойник", "Дальний район", "", "", ""],
    ["RU-MOS-1", "Школа", "Чужая школа", "Дальний район", "", "", ""],
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        await service.define("RU-MOS", kind="region", name="Московская область", utc_offset="+03:00")
        yield service


async def send(
    running: Registration, file: bytes, query: str = "", media_type: str = CSV, grants: Sequence[Any] = (REGIONAL,)
) -> tuple[int, dict[str, Any]]:
    url = f"{running.base}/registration/regions/RU-ROS/directory{query}"
    headers = running.bearer("staff", list(grants)) | {"Content-Type": media_type}
    async with running.http.post(url, data=BytesIO(file), headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


def counts(answer: dict[str, Any]) -> list[int]:
    return [answer[name] for name in ("lines", "created", "changed", "known", "refused")]


async def test_a_directory_is_tried_entered_and_known(running: Registration) -> None:
    file, before = csv_file([DIRECTORY, *LINES], "cp1251"), await running.documents()
    status, tried = await send(running, file, "?dry_run=true")
    assert (status, counts(tried), tried["dry_run"]) == (200, [7, 4, 0, 0, 3], True)
    assert await running.documents() == before
    status, entered = await send(running, file, "?occurred_at=2020-08-01T00:00:00%2B03:00")
    assert (status, entered) == (200, {**tried, "dry_run": False})
    told = [(fault["line"], fault["column"], fault["code"], fault["type"]) for fault in entered["faults"]]
    assert told == [
        (6, "Уровень", "RU-ROS-D1-S3", "bad-input"),
        (7, "Код", "ru-ros-d1-s2", "bad-input"),
        (8, "Код", "RU-MOS-1", "bad-input"),
    ]
    assert [fault["reason"] for fault in entered["faults"]] == [
        "такого слова здесь не бывает: подходящие есть в описании столбцов",
        "этот код уже есть в строке 3",
        "код относится к другому региону: он должен начинаться с RU-ROS-",
    ]
    defined = [
        e
        for e in await running.published("registration.catalogue.v1")
        if e.subject.startswith("organisation/RU-ROS-D1")
    ]
    assert [(e.event.key, e.time.isoformat()) for e in defined] == [
        (code, "2020-08-01T00:00:00+03:00") for code in ("RU-ROS-D1", "RU-ROS-D1-S1", "RU-ROS-D1-S2", "RU-ROS-D1-C1")
    ]
    settled = await running.documents()
    status, again = await send(running, xlsx_file([DIRECTORY, *LINES]), media_type=XLSX)
    assert (status, counts(again), again["faults"]) == (200, [7, 0, 0, 4, 3], entered["faults"])
    assert await running.documents() == settled
    renamed = [[*LINES[0][:2], "Лицей № 1", *LINES[0][3:]], LINES[3]]
    assert counts((await send(running, csv_file([DIRECTORY, *renamed])))[1]) == [2, 0, 1, 1, 0]
    _, shown = await running.call("GET", "/organisations/RU-ROS-D1-S1", grants=[REGIONAL])
    assert (shown["name"], shown["municipality_name"], shown["inn"]) == ("Лицей № 1", "Дальний район", INN)


async def test_what_is_no_directory_is_refused_as_a_whole(running: Registration) -> None:
    good, before = (
        csv_file([DIRECTORY, ["RU-ROS-E1-S1", "", "Школа", "RU-ROS-001", "", "", ""]]),
        await running.documents(),
    )
    for file, query, media_type, grants, status, slug, pointers in (
        (good, "", CSV, [ELSEWHERE], 403, "forbidden", []),
        (good, "", CSV, [{"role": "municipal-operator", "org": "RU-ROS-001"}], 403, "forbidden", []),
        (good, "?occurred_at=2099-01-01T00:00:00Z", CSV, [REGIONAL], 422, "bad-input", ["query:occurred_at"]),
        (good, "?dry=true", CSV, [REGIONAL], 422, "bad-input", ["query:dry"]),
        (good, "", "application/json", [REGIONAL], 415, "unsupported-media-type", []),
        (b"", "", CSV, [REGIONAL], 422, "bad-input", [""]),
        (b"%PDF-1.7", "", CSV, [REGIONAL], 422, "bad-input", [""]),
        (csv_file([["Код", "Район"]]), "", CSV, [REGIONAL], 422, "bad-input", [""]),
        (b"x" * (2 * 1024 * 1024 + 1), "", CSV, [REGIONAL], 413, "body-too-large", []),
        (b"\r\n".join([good] + [b"RU-ROS-X1;;x;y;;;"] * 10_001), "", CSV, [REGIONAL], 422, "bad-input", [""]),
    ):
        found, refused = await send(running, file, query, media_type, grants)
        assert (found, refused["type"]) == (status, slug), (file[:40], refused)
        assert [error["pointer"] for error in refused.get("errors", [])] == pointers
    headers = running.bearer("staff", [NATIONAL]) | {"Content-Type": CSV}
    for code, status in (("RU-ROS-001", 422), ("RU-NONE", 404)):
        url = f"{running.base}/registration/regions/{code}/directory"
        async with running.http.post(url, data=BytesIO(good), headers=headers) as answer:
            assert answer.status == status
    assert await running.documents() == before


async def test_a_whole_region_is_entered_in_seconds_and_by_two_at_once_once(running: Registration) -> None:
    towns = [[f"RU-ROS-T{n}", "район", f"Район {n}", "", "", "", ""] for n in range(50)]
    schools = [[f"RU-ROS-T{n % 50}-S{n}", "", f"Школа № {n}", f"Район {n % 50}", "", "", ""] for n in range(1_500)]
    file = csv_file([DIRECTORY, *schools, *towns])
    began = time.monotonic()
    answers = await asyncio.gather(send(running, file), send(running, file))
    took = time.monotonic() - began
    assert [status for status, _ in answers] == [200, 200]
    assert sum(answer["created"] for _, answer in answers) == 1_550
    assert sum(answer["known"] for _, answer in answers) == 1_550
    assert took < 60, f"3,100 lines took {took:.1f} s"
    print(f"\n3,100 lines of two senders: {took:.1f} s")
    defined = [e.event.key for e in await running.published("registration.catalogue.v1") if "RU-ROS-T" in e.subject]
    assert len(defined) == len(set(defined)) == 1_550
