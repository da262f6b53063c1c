"""Cuts off what the loader never reads from shared objects, mostly debug information: a quarter of all packages.

Minimal base images have no binutils. Only the segments of the program headers are ever loaded (System V ABI, part 5),
so a file may end after the last of them, if its header then names no sections.
"""

import struct
import sys
from pathlib import Path

ELF64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")


def stripped(image: bytes) -> bytes:
    """The same shared object without sections; raises ValueError for what is no 64-bit little-endian ELF file."""
    if not image.startswith(ELF64_LITTLE_ENDIAN):
        raise ValueError("not a 64-bit little-endian ELF file")
    fields = list(HEADER.unpack_from(image))
    headers_at, size, count = fields[5], fields[9], fields[10]
    ends = [headers_at + size * count]
    for number in range(count):
        _, _, offset, _, _, length, _, _ = PROGRAM_HEADER.unpack_from(image, headers_at + size * number)
        ends.append(offset + length)
    fields[6] = fields[12] = fields[13] = 0  # where the section headers are, how many, which one has their names
    return HEADER.pack(*fields) + image[HEADER.size : max(ends)]


def main(folder: Path) -> None:
    """Strips every shared object below `folder`."""
    for path in folder.rglob("*.so*"):
        path.write_bytes(stripped(path.read_bytes()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
