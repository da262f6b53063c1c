"""Becomes another program that the kernel kills when its parent dies: `die_with_parent.py PARENT PROGRAM ARGUMENT…`.

A program of its own rather than a `preexec_fn`: Python between fork and exec can deadlock a parent that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(sys.argv[1]):
            sys.exit("the parent died before its child had started")
    os.execv(sys.argv[2], sys.argv[2:])
