# SPDX-License-Identifier: MIT
"""The command `patina`: becomes the program that the package carries.

Beside the package and not in it, since importing the package loads NumPy, and the command is to start
at once.
"""

import os
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "patina", "bin", "patina")


def main() -> None:
    os.execv(PROGRAM, ["patina", *sys.argv[1:]])
