# SPDX-License-Identifier: MIT
"""python -m patina: the command, if PATH does not contain it."""

from _patina_cli import main

main()
