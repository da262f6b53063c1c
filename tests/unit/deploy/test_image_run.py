"""compose.yaml in words of plain docker: what is refused, and what a second `up` does."""

from collections.abc import Sequence

import pytest

from tests.containers import compose as run

KNOWN = {"MASTER_KEY": "k", "IDENTITY_CLIENT_SECRET": "s"}
WRONG = {
    "upp": "invalid choice: 'upp'",
    "run": "the following arguments are required: SERVICE",
    "up --volumes": "unrecognized arguments: --volumes",
}


@pytest.mark.parametrize(("words", "complaint"), WRONG.items(), ids=WRONG)
def test_a_wrong_call_exits_with_2_and_says_why(words: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(words.split(), KNOWN)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_service_that_is_not_there_is_named() -> None:
    with pytest.raises(SystemExit, match="simulater is no service; services are kafka, mongo,"):
        run.main(["run", "--rm", "simulater", "lag"], KNOWN)


@pytest.mark.parametrize("words", [["run", "--rm", "simulator"], ["run", "simulator"]])
def test_what_follows_a_service_is_its_own(words: Sequence[str]) -> None:
    options = run.parser().parse_args([*words, "lag", "--rm", "-d", "--help"])
    assert (options.service, options.arguments) == ("simulator", ["lag", "--rm", "-d", "--help"])


@pytest.mark.parametrize("text", ["${B}", "mongodb://root:${B}@mongo"])
def test_a_secret_under_another_name_is_refused(text: str) -> None:
    with pytest.raises(SystemExit, match="A: B is a secret"):
        run.arguments("bilet", "one", {"image": "x", "environment": {"A": text}})


def test_a_second_up_makes_nothing_anew() -> None:
    found = run.project(KNOWN)
    made = [*run.up(found)]
    assert made[0] == ["docker", "network", "create", "bilet"]
    present = {"bilet", *(f"bilet-{name}" for name in found["services"])}
    again = [command for command in run.up(found, present) if command[0] == "docker"]
    assert again == [["docker", "start", f"bilet-{n}"] for n, s in found["services"].items() if "profiles" not in s]
    assert len([command for command in made if command[0] == "docker"]) == len(again) + 1
