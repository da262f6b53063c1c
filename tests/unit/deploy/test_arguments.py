"""What the command line refuses before it does anything, and in which words."""

import os
import signal
import subprocess
import sys

import pytest

from deploy.cli.arguments import parser

WRONG = {
    "token --grant boss:RU": "'boss' is no role; roles are guardian, mentor,",
    "token --grant navigator": "navigator of which organisation?",
    "feed tail": "the following arguments are required: REGION",
    "feed tail RU-ROS --url localhost:8080": "'localhost:8080' is no URL; for instance http://127.0.0.1:8080",
    "dlq list --group analytics": "invalid choice: 'analytics' (choose from",
    "dlq": "the following arguments are required: COMMAND",
    "lag --wait -1": "'-1' is not a number of seconds",
    "lag --wait nan": "'nan' is not a number of seconds",
    "lag --wait 1 --every 1": "argument --every: not allowed with argument --wait",
    "simulate --scale 0": "'0' is not a number above 0, at most 100",
    "simulate --scale 101": "'101' is not a number above 0, at most 100",
    "demo --port 80.5": "'80.5' is not a port from 1 to 65535",
    "demo --seed one": "'one' is not a whole number",
    "demo --seed inf": "'inf' is not a whole number",
    "audit --days -1": "'-1' is not a whole number of days, at most 36,500",
    "audit --days 99999999": "'99999999' is not a whole number of days",
    "audit --limit 0": "'0' is not a whole number from 1 to 1,000,000",
    "verify --rate 0": "'0' is not a whole number from 1 to 1,000,000",
    "dlq redrive analytics.feed --wait -1": "'-1' is not a number of seconds",
    "secrets --namespace A_B": "'A_B' is no namespace: small letters, digits and hyphens, at most 63",
    "open Ростов": "'Ростов' is no region's code; for instance RU-ROS",
    "feed tail RU": "'RU' is no region's code; for instance RU-ROS",
}


@pytest.mark.parametrize(("words", "complaint"), WRONG.items(), ids=WRONG)
def test_a_wrong_call_exits_with_2_and_says_why(words: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words.split())
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err.replace("\n", " ")


def test_a_grant_is_a_role_and_its_organisation() -> None:
    options = parser().parse_args(["token", "--grant", "navigator:RU-ROS-001-S01", "--grant", "guardian"])
    assert options.grant == [{"role": "navigator", "org": "RU-ROS-001-S01"}, {"role": "guardian"}]


def test_a_terminal_without_these_letters_ends_no_command() -> None:
    help_ = [sys.executable, "-m", "deploy.cli", "audit", "--help"]
    said = subprocess.run(help_, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True)
    assert b"4f2c\\u2026" in said.stdout


def test_ctrl_c_while_it_still_loads_is_no_traceback() -> None:
    early = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, *_):
        if name == "deploy.cli.arguments":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from deploy.bilet import main
sys.argv = ["bilet", "--version"]
main()
"""
    ended = subprocess.run([sys.executable, "-c", early], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")


def test_a_closed_output_is_no_traceback() -> None:
    closed = ["sh", "-c", '"$0" -m deploy.cli secrets >&-', sys.executable]
    ended = subprocess.run(closed, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
