"""compose.yaml in words of plain docker: what is refused, and what a second `up` does."""

from collections.abc import Sequence

import pytest

from shared.contracts.topics import SERVICES
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


def test_a_secret_that_is_a_part_of_a_variable_is_refused() -> None:
    with pytest.raises(SystemExit, match="A: B is a secret"):
        run.arguments("bilet", "one", {"image": "x", "environment": {"A": "mongodb://root:${B}@mongo"}})


def test_each_service_takes_its_own_keys_and_none_of_another_s() -> None:
    keys = {f"{service.upper()}_KEY": f"key of {service}" for service in SERVICES}
    known = {**keys, "ACCOUNT_KEY": "of all", "VAULT_KEYS": "ring", "IDENTITY_CLIENT_SECRET": "s"}
    services = run.project(known)["services"]
    for name in services.keys() & set(SERVICES):
        words = run.arguments("bilet", name, services[name])
        own = {"MASTER_KEY", "ACCOUNT_KEY"} | ({"VAULT_KEYS"} if name == "registration" else set())
        assert {
            word.removeprefix("--env=") for word in words if word.startswith("--env=") and "=" not in word[6:]
        } == own
        taken = run.own_environ(services[name], known)
        assert (taken["MASTER_KEY"], taken["ACCOUNT_KEY"]) == (f"key of {name}", "of all")
        assert not any(secret in word for secret in known.values() for word in words if len(secret) > 1)


def test_one_master_key_of_an_earlier_release_is_each_service_s() -> None:
    services = run.project(KNOWN)["services"]
    assert {run.own_environ(services[name], KNOWN)["MASTER_KEY"] for name in SERVICES} == {"k"}
    assert {services[name]["environment"]["ACCOUNT_KEY"] for name in SERVICES} == {""}
    assert services["registration"]["environment"]["VAULT_KEYS"] == ""
    with pytest.raises(SystemExit, match="MASTER_KEY is not set"):
        run.project({"IDENTITY_CLIENT_SECRET": "s"})


def test_a_second_up_makes_nothing_anew() -> None:
    found = run.project(KNOWN)
    made = [*run.up(found)]
    assert made[0] == ["docker", "network", "create", "bilet"]
    present = {"bilet", *(f"bilet-{name}" for name in found["services"])}
    again = [command for command in run.up(found, present) if command[0] == "docker"]
    assert again == [["docker", "start", f"bilet-{n}"] for n, s in found["services"].items() if "profiles" not in s]
    assert len([command for command in made if command[0] == "docker"]) == len(again) + 1
