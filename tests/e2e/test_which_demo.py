"""Which demo a command speaks to, where none, one or several run, and what it says of them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.system import ROOT, System
from tests.drivers.announced import announced_as
from tests.drivers.bilet import Bilet
from tests.e2e.conftest import Client


@pytest.fixture
def several(running: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bilet, Path, Path]]:
    """A machine with a demo of this checkout, in a kept folder elsewhere, and a newer one of another checkout."""
    temporary = tmp_path / "temporary"
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with ExitStack() as demos:
        other = temporary / "bilet-other"
        temporary.mkdir()
        own = demos.enter_context(announced_as(running, tmp_path / "kept here", str(ROOT)))
        demos.enter_context(announced_as(running, other, "/elsewhere"))
        yield Bilet(temporary), own, other


async def test_the_demo_of_this_code_comes_first_also_from_a_kept_folder(several: tuple[Bilet, Path, Path]) -> None:
    bilet, own, other = several
    found = await bilet("token")
    assert found.code == 0
    assert found.spoke_to.startswith(f"The demo of {own} at http://127.0.0.1:")
    assert (await bilet("token", "--data", str(other))).spoke_to.startswith(f"The demo of {other} at ")


async def test_what_writes_needs_a_name_where_several_run(several: tuple[Bilet, Path, Path]) -> None:
    bilet, own, other = several
    refused = await bilet("simulate", "--scale", "0.02", "--region", "RU-WHO")
    assert (refused.code, refused.output) == (2, "")
    first, *listed = refused.complaint.splitlines()
    assert first == "2 demos run here, and this command writes: name the one that is meant by"
    assert [line.split("  at ")[0].strip() for line in listed] == [f"--data '{own}'", f"--data {other}"]


async def test_status_tells_every_part_of_every_system(several: tuple[Bilet, Path, Path], running: System) -> None:
    bilet, own, other = several
    read, as_json = await bilet("status"), await bilet("status", "--json")
    assert (read.code, as_json.code) == (0, 0), (read, as_json)
    first, second = json.loads(as_json.output)["systems"]
    assert (first["folder"], second["folder"]) == (str(own), str(other))
    assert first["well"]
    assert first["parts"].keys() == {*running.processes, "gateway", "kafka", "mongodb"}
    assert all(part["ready"] for part in first["parts"].values())
    assert first["url"] == running.url
    assert f"{running.url}  RU-ROS, season 2020" in read.lines


async def test_status_names_the_part_that_is_not_ready(running: System, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path))
        with announced_as(running, tmp_path / "bilet-ill", str(ROOT)) as folder:
            about = json.loads((folder / "about.json").read_text())
            about["processes"]["trials"] = "http://127.0.0.1:9"
            (folder / "about.json").write_text(json.dumps(about))
            (folder / "identity-key.json").unlink()  # a new one is made, which the gateway does not lead to
            said = await Bilet(tmp_path)("status", "--json")
    assert said.code == 1
    (ill,) = json.loads(said.output)["systems"]
    parts = ill["parts"]
    assert {name for name, part in parts.items() if not part["ready"]} == {"trials", "gateway"}
    assert parts["trials"]["says"].startswith("does not answer: ")
    assert parts["gateway"]["says"] == "leads to the identity provider of another system"


async def test_a_demo_of_another_version_is_found_too(several: tuple[Bilet, Path, Path], running: System) -> None:
    bilet, own, other = several
    (other / "about.json").unlink()
    known = json.loads((own / "about.json").read_text())
    (own / "about.json").write_text(json.dumps({**known, "of a later version": True}))
    said = await bilet("status", "--json")
    first, second = json.loads(said.output)["systems"]
    assert (said.code, first["folder"], second["folder"]) == (0, str(own), str(other))
    assert (second["url"], second["version"]) == (running.url, "")


async def test_status_of_nothing_is_2(tmp_path: Path) -> None:
    said = await Bilet(tmp_path)("status")
    assert (said.code, said.output) == (2, "")
    assert said.complaint.startswith("No demo is up here: start one by `make demo`")
    no_demo = await Bilet(tmp_path)("status", "--data", str(tmp_path))
    assert (no_demo.code, no_demo.complaint) == (
        2,
        f"{tmp_path} is not the data folder of a demo: no file gateway-port is in it\n",
    )


async def test_the_page_s_address_opens_it_for_each_who_may_look(
    several: tuple[Bilet, Path, Path], running: System, client: Client
) -> None:
    bilet, _, _ = several
    for viewer in ("regional-operator", "municipal-operator:RU-ROS-001", "national-operator"):
        said = await bilet("open", "RU-ROS", "--role", viewer)
        assert said.code == 0, said
        address, _, rest = said.output.strip().partition("#")
        assert (address, rest.rpartition("&")[0]) == (f"{running.url}/", "region=RU-ROS&season=2020")
        token = rest.rpartition("token=")[2]
        answer = await client.call("GET", "/analytics/regions?season=2020", Authorization=f"Bearer {token}")
        # Whether anything was played in the season is the other tests' affair.
        assert answer.status == 200 or answer.body["type"] == "season-unknown", answer.body
    for words, complaint in {
        ("RU-ROS", "--role", "pupil"): "--role pupil: the page is for regional-operator, municipal-operator,",
        ("RU-ROS", "--role", "municipal-operator"): "of which municipality? For instance municipal-operator:RU-ROS-001",
        ("RU-ROS", "--role", "municipal-operator:RU-ROS"): "the role is held in a municipality, and RU-ROS is a region",
        ("RU-NOW",): "No season was played in RU-NOW by `bilet`: name one by --season",
    }.items():
        said = await bilet("open", *words)
        assert (said.code, said.output) == (2, "")
        assert complaint in said.complaint


async def test_lag_is_read_by_scripts_too(several: tuple[Bilet, Path, Path]) -> None:
    bilet, _, _ = several
    said = await bilet("lag", "--wait", "60", "--json")
    assert said.code == 0, said
    assert json.loads(said.output)["total"] == 0
