"""The page as a browser loads it through the gateway: compressed, asked for again only when it may have changed."""

import gzip
import re
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.system import System
from services.analytics.api.page import ASYNCAPI, INDEX, PARTS, VERSION
from tests.drivers.documents import SERVICES

PLAIN = {"Accept-Encoding": "identity"}


@pytest_asyncio.fixture(loop_scope="session")
async def browser(running: System) -> AsyncIterator[aiohttp.ClientSession]:
    """Asks the gateway, and sees what is sent as it is sent."""
    async with aiohttp.ClientSession(running.url, auto_decompress=False) as http:
        yield http


async def loaded(
    browser: aiohttp.ClientSession, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    async with browser.request(method, path, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/docs/asyncapi.yaml", "/static/page.js", "/trials/docs/swagger-ui.css"]
)
async def test_a_file_is_compressed_and_sent_again_only_when_changed(browser: aiohttp.ClientSession, path: str) -> None:
    _, plain, text = await loaded(browser, path, headers=PLAIN)
    status, packed, content = await loaded(browser, path, headers={"Accept-Encoding": "br;q=1, gzip;q=0.8"})
    assert (status, packed["Content-Encoding"], gzip.decompress(content)) == (200, "gzip", text)
    assert len(content) < len(text) / 2
    assert plain["Vary"] == packed["Vary"] == "Accept-Encoding"
    assert plain["ETag"] != packed["ETag"]
    for sent, encoding in ((plain, "identity"), (packed, "gzip")):
        known = {"If-None-Match": f'"other", W/{sent["ETag"]}', "Accept-Encoding": encoding}
        again, unchanged, nothing = await loaded(browser, path, headers=known)
        assert (again, nothing, unchanged["ETag"]) == (304, b"", sent["ETag"])
    refused = await loaded(browser, path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused[1]


@pytest.mark.parametrize("path", ["/", "/docs", "/favicon.ico", "/static/page.css", "/scenario.json"])
async def test_head_is_get_without_the_body(browser: aiohttp.ClientSession, path: str) -> None:
    status, asked, nothing = await loaded(browser, path, "HEAD", PLAIN)
    _, got, content = await loaded(browser, path, headers=PLAIN)
    assert (status, nothing) == (200, b"")
    assert asked["Content-Length"] == str(len(content))
    assert {name: asked[name] for name in ("Content-Type", "Cache-Control")} == {
        name: got[name] for name in ("Content-Type", "Cache-Control")
    }


async def test_what_stands_under_its_version_is_kept_for_good_and_nothing_else(browser: aiohttp.ClientSession) -> None:
    _, page, html = await loaded(browser, "/", headers=PLAIN)
    assert page["Cache-Control"] == "no-cache"
    named = set(re.findall(r'"(/static/[^"]+)"', html.decode()))
    assert named == {f"/static/{VERSION}/{name}" for name in ("favicon.svg", "page.css", "page.js")}
    for path in named:
        status, kept, _ = await loaded(browser, path)
        assert (status, kept["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    # during a rolling update a page of the other release asks for its parts
    status, other, _ = await loaded(browser, "/static/0123456789ab/page.js")
    assert (status, other["Cache-Control"]) == (200, "no-cache")
    for absent in ("/static/absent.js", f"/static/{VERSION}/absent.js", f"/static/{VERSION}/../page.py"):
        assert (await loaded(browser, absent))[0] == 404


async def test_every_page_has_its_icon(browser: aiohttp.ClientSession) -> None:
    for page in ("/", "/docs", *(f"/{service}/docs" for service in SERVICES)):
        html = (await loaded(browser, page, headers=PLAIN))[2].decode()
        found = re.search(r'<link rel="icon" href="([^"]+)">', html)
        assert found, page
        _, icon, content = await loaded(browser, found[1], headers=PLAIN)
        assert (icon["Content-Type"], content) == ("image/svg+xml", PARTS["favicon.svg"].content)
    assert INDEX.content
    assert ASYNCAPI.media_type == "application/yaml"
