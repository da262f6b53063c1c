"""The pages of the API documents, through the gateway: whole, and served by nobody else."""

import re

import aiohttp
import pytest
from yarl import URL

from deploy.local.system import System
from tests.drivers.documents import SERVICES

LOADS = re.compile(r'(?:src|href)="([^"]+)"')


@pytest.mark.parametrize("page", ["/docs", *(f"/{service}/docs" for service in SERVICES)])
async def test_a_page_is_whole_and_asks_no_other_host(running: System, page: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(running.url + page) as answer:
        html = await answer.text()
        assert answer.status == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "<script>" not in html
        parts = LOADS.findall(html)
        assert parts
        for part in parts:
            async with http.get(answer.url.join(URL(part))) as loaded:
                assert (loaded.status, bool(await loaded.read())) == (200, True), part
                assert loaded.url.host == answer.url.host


@pytest.mark.parametrize("service", SERVICES)
async def test_a_page_says_where_its_document_is(running: System, service: str) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{running.url}/{service}/docs/reference.js") as answer:
            assert 'url: "openapi.json"' in await answer.text()
        async with http.get(f"{running.url}/{service}/openapi.json") as answer:
            assert (await answer.json())["info"]["title"] == f"Bilet {service}"
        async with http.get(f"{running.url}/{service}/docs/../../secrets") as answer:
            assert answer.status == 404
