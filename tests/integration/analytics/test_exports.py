"""Figures as files over HTTP: chosen by format or Accept, in scope, of the moment, and equal to the answer in JSON."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.consumers import eventually, publish
from tests.drivers.service import ServiceProcess, installed

REGIONAL = {"role": "regional-operator", "org": "RU-ROS"}
MUNICIPAL = {"role": "municipal-operator", "org": "RU-ROS-001"}
ELSEWHERE = {"role": "municipal-operator", "org": "RU-TAM-001"}
CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"


class Analytics(ServiceProcess):
    """Analytics in role `all`."""

    service = "analytics"

    async def file(self, path: str, grant: Any = REGIONAL, **headers: str) -> tuple[int, bytes, Any]:
        """Status, content and headers of an answer of the region."""
        url = f"{self.base}/analytics/regions/RU-ROS/{path}{'&' if '?' in path else '?'}season=2020"
        async with self.http.get(url, headers=self.bearer("someone", [grant]) | headers) as answer:
            return answer.status, await answer.read(), answer.headers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Analytics]:
    async with installed(Analytics, infrastructure) as service:
        catalogue = builders.season(), builders.region(), builders.municipality(), builders.school()
        pupils = [(f"p{n}", {"school_class": name}) for n, name in enumerate(("7А", "7 «а»", "7Б"))]
        told = [enveloped(builders.registered(id, **place)) for id, place in pupils]
        steps = [enveloped(builders.diagnosed(id, **place), 2) for id, place in pupils[:2]]
        await publish(service.settings, *map(enveloped, catalogue), *told, *steps)

        async def shown() -> bool:
            status, content, _ = await service.file("funnel?format=json")
            return status == 200 and b'"registered":3' in content and b'"participated":2' in content

        await eventually(shown)
        yield service


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


async def test_the_form_has_a_row_for_each_class_in_every_format(running: Analytics) -> None:
    status, content, headers = await running.file("export")
    assert (status, headers["content-type"].partition(";")[0]) == (200, CSV)
    assert headers["content-disposition"].startswith('attachment; filename="form-RU-ROS-2020-')
    rows = rows_of(content)
    assert [(row["class"], row["grade"], row["registered"], row["participated"]) for row in rows] == [
        ("7А", "7", "2", "2"),
        ("7Б", "7", "1", "0"),
    ]
    assert {(row["season"], row["region"], row["method"], row["municipality"]) for row in rows} == {
        ("2020", "RU-ROS", "funnel/1", "RU-ROS-001")
    }
    _, book, _ = await running.file("export?format=xlsx")
    head, *lines = openpyxl.load_workbook(io.BytesIO(book))["data"].iter_rows(values_only=True)
    _, columns, _ = await running.file("export", Accept=PARQUET)
    found = pyarrow.parquet.read_table(io.BytesIO(columns)).to_pylist()
    assert [list(map(str, row.values())) for row in found] == [list(row.values()) for row in rows]
    assert [dict(zip(head, map(str, line), strict=True))["registered"] for line in lines] == ["2", "1"]


async def test_days_add_up_to_the_funnel(running: Analytics) -> None:
    _, content, _ = await running.file("export?table=days")
    summed: dict[str, int] = defaultdict(int)
    for row in rows_of(content):
        summed[row["stage"]] += int(row["pupils"])
    assert summed == {"registered": 3, "participated": 2}
    assert len(rows_of(content)) == 3, "two spellings of one class are one"
    day = rows_of(content)[0]["day"]
    _, before, _ = await running.file(f"export?table=days&as_of={int(day[:4]) - 1}{day[4:]}")
    assert rows_of(before) == []


@pytest.mark.parametrize("figure", ["funnel?by=municipality", "ranking", "competencies", "quotas"])
async def test_every_figure_is_a_file_too(running: Analytics, figure: str) -> None:
    status, content, headers = await running.file(figure, Accept=f"{PARQUET}, {CSV};q=0.5")
    assert (status, headers["content-type"], headers["vary"]) == (200, PARQUET, "Accept")
    told = pyarrow.parquet.read_table(io.BytesIO(content))
    _, answer, plain = await running.file(figure, Accept="text/html, */*;q=0.8")
    assert plain["content-type"] == "application/json"
    assert plain["etag"] != headers["etag"]
    assert told.num_rows == len(json.loads(answer)["rows"])
    status, nothing, _ = await running.file(figure, Accept=PARQUET, **{"If-None-Match": headers["etag"]})
    assert (status, nothing) == (304, b"")


@pytest.mark.parametrize(
    ("path", "accept", "status", "pointer"),
    [
        ("export", "application/json", 406, ""),
        ("ranking", "image/png", 406, ""),
        ("ranking", "text/csv;q=0", 406, ""),
        ("export?format=pdf", "*/*", 422, "query:format"),
        ("export?table=persons", "*/*", 422, "query:table"),
        ("funnel?format=csv", "*/*", 422, "query:by"),
    ],
)
async def test_what_there_is_not_is_refused(
    running: Analytics, path: str, accept: str, status: int, pointer: str
) -> None:
    answered, content, headers = await running.file(path, Accept=accept)
    assert (answered, headers["content-type"]) == (status, "application/problem+json")
    assert [error["pointer"] for error in json.loads(content).get("errors", [{"pointer": ""}])] == [pointer]


async def test_a_file_reaches_as_far_as_the_scope(running: Analytics) -> None:
    assert (await running.file("export", ELSEWHERE))[0] == 403
    assert (await running.file("export", {"role": "guardian", "org": "RU-ROS"}))[0] == 403
    _, content, _ = await running.file("export?format=parquet", MUNICIPAL)
    assert pyarrow.parquet.read_schema(io.BytesIO(content)).metadata[b"scope"].startswith(b"RU-ROS-001")


async def test_every_figure_says_what_it_is(running: Analytics) -> None:
    for language, title in (("ru", "Воронка"), ("en", "Funnel")):
        headers = running.bearer("someone", [{"role": "guardian", "org": "RU-ROS"}]) | {"Accept-Language": language}
        async with running.http.get(f"{running.base}/analytics/figures", headers=headers) as answer:
            items = (await answer.json())["figures"]
            assert answer.headers["content-language"] == language
        assert (items[0]["title"], items[0]["method"]) == (title, "funnel/1")
        assert [item["figure"] for item in items] == ["funnel", "ranking", "competencies", "quotas"]
