"""The sentences of the local stack: what a dead program said last, and the gateway's configuration."""

from pathlib import Path

import pytest

from deploy.gateway import caddy as gateway
from deploy.programs.processes import ending, trouble


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("starting\nready\n\n", "ready"),
        ("2026 INFO fine\n2026 ERROR no room\nstack line\n", "2026 ERROR no room"),
        ('{"s":"E","msg":"Failed","attr":{"error":"in use"}}\n{"s":"I","msg":"bye"}', "Failed: in use"),
        ('{"level":"error","event":"topics are missing"}\n', "topics are missing"),
        ('{"s":"F"}', '{"s":"F"}'),
        ("\x1b[0m[ERROR] no network -> [Help 1]\n[ERROR] \n[ERROR] Re-run Maven\n", "[ERROR] no network -> [Help 1]"),
        ("", "it said nothing"),
    ],
)
def test_trouble_is_told_before_the_last_line(log: str, said: str) -> None:
    assert trouble(log) == said


def test_a_long_line_is_cut() -> None:
    assert trouble("x" * 1000, limit=10) == "x" * 10


@pytest.mark.parametrize(("code", "words"), [(3, "exit code 3"), (-9, "killed by SIGKILL")])
def test_an_ending_in_words(code: int, words: str) -> None:
    assert ending(code) == words


def test_each_prefix_has_its_servers_and_nothing_else_is_open() -> None:
    upstreams = {"trials": ["127.0.0.1:1", "127.0.0.1:2"], "analytics": ["127.0.0.1:3"], "notifications": []}
    config = gateway.caddyfile(8080, upstreams, upstreams["analytics"], scenario=None)
    assert "handle /trials/* {\n        reverse_proxy 127.0.0.1:1 127.0.0.1:2 {" in config
    assert "handle / {\n        reverse_proxy 127.0.0.1:3 {" in config
    opened = [line.split()[1] for line in config.splitlines() if line.strip().startswith("handle /")]
    assert opened == ["/trials/*", "/analytics/*", "/", "/favicon.ico", "/static/*", "/docs", "/docs/*"]


def test_the_scenario_s_file_may_have_any_name() -> None:
    config = gateway.caddyfile(8080, {}, [], scenario=Path("/a folder/сезон 2020.json"))
    assert 'root * "/a folder"' in config
    assert 'rewrite * "/сезон 2020.json"' in config
