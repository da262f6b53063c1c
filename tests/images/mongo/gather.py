"""Gathers what the stand-in for the image mongo is built from: mongod of the Python wheel, the libraries it links."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from deploy.local.mongo import WHEEL

OF_EVERY_BASE = re.compile(r"^(ld-linux|libc|libm|libdl|libpthread|libresolv|librt|libgcc_s)\b")
"""glibc's own parts fit each other only; a base image has its own set."""


def linked(program: Path) -> list[Path]:
    """The shared libraries that the loader of this machine finds for a program."""
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    if "not found" in said:
        raise SystemExit(f"{program} lacks libraries here:\n{said}")
    return [Path(path) for path in re.findall(r"=> (/\S+)", said)]


def main(context: Path) -> None:
    """Puts mongod and the folder `lib` into `context`."""
    mongod = Path(str(distribution(WHEEL).locate_file("fiftyone/db/bin/mongod")))
    (context / "lib").mkdir(parents=True, exist_ok=True)
    shutil.copy(mongod, context / "mongod")
    for library in linked(mongod):
        if not OF_EVERY_BASE.match(library.name):
            shutil.copy(library, context / "lib" / library.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
