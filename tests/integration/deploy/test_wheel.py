"""The package as somebody installs it: built, put into a fresh environment, and run far from any checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import uuid
import venv
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from deploy.local.stack import Infrastructure
from deploy.local.system import ROOT
from shared import VERSION

SOURCES = ("shared", "services", "deploy", "pyproject.toml", "setup.py", "README.md", "LICENSE")
SECONDS = 330


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build leaves its intermediate files beside the sources, and takes what lies there."""
    copy = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy)
    build = ("-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", ".")
    subprocess.run([sys.executable, *build], cwd=copy, check=True, timeout=SECONDS)
    return next(copy.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment with the wheel alone; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    install = ("-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    subprocess.run([sys.executable, *install], check=True, timeout=SECONDS)
    packages = next((folder / "lib").glob("python3*")) / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # its .pth files are not read again
    shutil.copy(Path(sysconfig.get_path("scripts")) / "caddy", folder / "bin")
    return folder / "bin"


def run(program: Path, *words: str, cwd: Path, environ: Mapping[str, str] = os.environ) -> tuple[int, str, str]:
    """How it ended, and what it said."""
    ended = subprocess.run([program, *words], cwd=cwd, env=environ, capture_output=True, text=True, timeout=SECONDS)
    return ended.returncode, ended.stdout, ended.stderr


def test_one_name_is_installed_with_its_types_and_what_it_is(wheel: Path) -> None:
    with ZipFile(wheel) as opened:
        names = opened.namelist()
        metadata = opened.read(f"bilet-{VERSION}.dist-info/METADATA").decode()
    assert {name.split("/")[0] for name in names} == {"bilet", f"bilet-{VERSION}.dist-info"}
    assert "bilet/py.typed" in names
    for line in (
        "License-Expression: Apache-2.0",
        "Requires-Python: >=3.11",
        "Classifier: Typing :: Typed",
        "Author: ",
    ):
        assert f"\n{line}" in metadata


@pytest.mark.parametrize("program", ["bilet", "python"])
def test_it_says_which_version_it_is_wherever_it_is_called(program: str, installed: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()  # somebody's own folder of that name is not taken for a part
    (tmp_path / "shared" / "__init__.py").write_text("raise AssertionError('not ours')")
    module = ("-m", "bilet") if program == "python" else ()
    isolated = ("-P",) if module else ()
    code, said, _ = run(installed / program, *isolated, *module, "--version", cwd=tmp_path)
    assert (code, said.split()[:2]) == (0, ["bilet", VERSION])
    assert str(installed.parent) in said


def test_what_it_is_installed_beside_finds_none_of_its_parts(installed: Path, tmp_path: Path) -> None:
    code, said, _ = run(installed / "python", "-c", "import bilet; import shared", cwd=tmp_path)
    assert code == 1, said


def test_a_missing_extra_is_named(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "rich.py").write_text("raise ModuleNotFoundError(name='rich')")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    for verb in ("demo", "simulate"):
        code, _, said = run(installed / "bilet", verb, cwd=tmp_path, environ=environ)
        assert (code, said) == (2, "The package rich is missing here: in a checkout of Bilet, pip install '.[local]'\n")
    assert run(installed / "bilet", "--help", cwd=tmp_path, environ=environ)[0] == 0


def test_it_plays_a_season_far_from_any_checkout(
    installed: Path, tmp_path: Path, infrastructure: Infrastructure
) -> None:
    unique = f"w{uuid.uuid4().hex[:6]}"
    environ = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers,
        "MONGO_URL": infrastructure.mongo_url,
        "KAFKA_TOPIC_PREFIX": f"{unique}.",
        "MONGO_DATABASE_PREFIX": f"{unique}_",
        "TMPDIR": str(tmp_path),
    }
    code, said, complaint = run(installed / "bilet", "demo", "--scale", "0.01", "--exit", cwd=tmp_path, environ=environ)
    assert code == 0, f"{said}\n{complaint}"
    assert "DIFFERS" not in said
