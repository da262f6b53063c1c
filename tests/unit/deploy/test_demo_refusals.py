"""What a demo refuses before it starts a server, so that nobody waits for the refusal."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from deploy.cli.installation import CallError
from deploy.cli.options import SCENARIOS
from deploy.cli.play import refuse_another, scenario_of
from deploy.cli.whole_demo import Play, demo
from deploy.programs.server import StackError

PLAY = Play(SCENARIOS / "rostov-2020", scale=0.02, seed=2020, keep=None, port=None, exit=True)
NOTE = "season 2020 of 28,866 pupils, scale 1, seed 2020"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a server was started")

    monkeypatch.setattr("deploy.cli.whole_demo.infrastructure", started)


async def test_a_kept_folder_of_another_play(tmp_path: Path) -> None:
    (tmp_path / "played-RU-ROS").write_text(NOTE)
    with pytest.raises(CallError, match=rf"RU-ROS has been played here: {NOTE}\. Now wanted: .* scale 0\.02"):
        await demo(replace(PLAY, keep=tmp_path), Console())
    refuse_another(tmp_path, scenario_of(SCENARIOS / "rostov-2020", 1), 2020)


async def test_a_busy_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StackError, match=f"port {port} is busy: choose another one"):
            await demo(replace(PLAY, keep=tmp_path, port=port), Console())
