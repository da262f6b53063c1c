"""Turns into another program that the kernel kills when its parent dies: `leash.py PARENT-PID PROGRAM ARGUMENT…`.

A program of its own rather than a `preexec_fn`: Python between fork and exec can deadlock a parent that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, argv: list[str]) -> None:
    """Tie this process to `parent` (Linux only), then become `argv`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent died before its child had started")
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
