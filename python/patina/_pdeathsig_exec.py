# SPDX-License-Identifier: MIT
"""Executes a program that ends with its parent process: _pdeathsig_exec.py PARENT PROGRAM [ARGUMENTS]

The kernel of a notebook may be killed at any time, and its child processes would run on unnoticed. This is a
separate script, because few functions may be called between fork and exec of a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2); kept across exec


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):  # it ended before that took effect
        sys.exit(1)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
