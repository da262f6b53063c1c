"""What the images are made with: the gateway's routes, cut shared objects, the imports of the command line."""

import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest

from deploy.images.strip import stripped


def test_a_stripped_extension_module_works_as_before(tmp_path: Path) -> None:
    whole = find_spec("multidict._multidict")
    assert whole is not None
    assert whole.origin is not None
    image = Path(whole.origin).read_bytes()
    cut = stripped(image)
    assert len(cut) < len(image)
    (tmp_path / f"_multidict{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(cut)
    use = (
        "import _multidict; d = _multidict.MultiDict(a='1'); d.add('a', '2'); print(_multidict.__file__, d.getall('a'))"
    )
    said = subprocess.run(
        [sys.executable, "-c", use], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=30
    )
    assert said.stdout.startswith(str(tmp_path)), said.stderr
    assert said.stdout.endswith("['1', '2']\n")
    assert stripped(cut) == cut


def test_what_is_no_shared_object_is_refused() -> None:
    with pytest.raises(ValueError, match="not a 64-bit"):
        stripped(b"GROUP ( libm.so.6 )")


def test_the_command_line_starts_without_the_docker_sdk() -> None:
    look = "import sys, deploy.cli.__main__; print({'docker', 'testcontainers', 'yaml'} & sys.modules.keys())"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout == "set()\n"
