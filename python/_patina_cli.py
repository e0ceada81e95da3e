# SPDX-License-Identifier: MIT
"""The command `patina`: runs the program of the package.

Beside the package and not in it, because importing the package loads NumPy, which would delay the command.
"""

import os
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "patina", "bin", "patina")


def main() -> None:
    os.execv(PROGRAM, ["patina", *sys.argv[1:]])
