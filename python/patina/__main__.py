# SPDX-License-Identifier: MIT
"""python -m patina: the command, for where PATH does not lead to it."""

from _patina_cli import main

main()
