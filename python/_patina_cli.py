# SPDX-License-Identifier: MIT
"""The command `patina`: runs the program of the package.

Beside the package and not in it, because importing the package loads NumPy, which would delay the command.
"""

import importlib.util
import os
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "patina", "bin", "patina")


def certificates() -> "dict[str, str]":
    """The environment variable of certifi's certificates, which the program uses if the system has none."""
    certifi = importlib.util.find_spec("certifi")
    if not certifi or not certifi.origin:
        return {}
    return {"PATINA_CERTIFI": os.path.join(os.path.dirname(certifi.origin), "cacert.pem")}


def main() -> None:
    os.execve(PROGRAM, ["patina", *sys.argv[1:]], {**certificates(), **os.environ})
