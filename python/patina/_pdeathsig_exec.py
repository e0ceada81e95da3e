# SPDX-License-Identifier: MIT
"""Becomes a program that does not outlive who started it: _pdeathsig_exec.py PARENT PROGRAM [ARGUMENTS]

A notebook's kernel may be killed at any time, and what it had started would go on for hours, unseen.
Run as a script of its own, since between fork and exec of a process with threads little is allowed.
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
