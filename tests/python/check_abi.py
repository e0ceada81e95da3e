#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints a C program that compiles only if patina/_abi.py agrees with the public headers.

    check_abi.py [PATINA_FOLDER] | cc -std=c11 -Iinclude -fsyntax-only -x c -

Types are compared by _Generic, sizes and offsets with those that ctypes computes.
"""

import ctypes
import importlib.util
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1] / "python/patina"


def import_abi():
    """The module alone: the package would load the library."""
    spec = importlib.util.spec_from_file_location("abi", FOLDER / "_abi.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def claim(condition, name):
    print(f'_Static_assert({condition}, "{name}");')


def pointer_to(c_type):
    array = re.fullmatch(r"(\w+)\[(\d+)\]", c_type)
    return f"{array[1]} (*)[{array[2]}]" if array else f"{c_type} *"


def main():
    abi = import_abi()
    print("#include <stddef.h>\n#include <patina/patina.h>")
    for name, value in abi.CONSTANTS.items():
        claim(f"{name} == {value}", name)
    for name in abi.ENUMS:
        claim(f"sizeof({name}) == {ctypes.sizeof(ctypes.c_uint)}", name)
    for name, members in abi.STRUCTS.items():
        made = abi.STRUCT[name]
        claim(f"sizeof({name}) == {ctypes.sizeof(made)}", name)
        for c_type, member in members:
            what = f"{name}.{member}"
            claim(f"offsetof({name}, {member}) == {getattr(made, member).offset}", what)
            claim(f"_Generic(&(({name} *)0)->{member}, {pointer_to(c_type)}: 1, default: 0)", what)
    for name, (result, *parameters) in abi.FUNCTIONS.items():
        kind = f"{result} (*)({', '.join(parameters) or 'void'})"
        claim(f"_Generic(&{name}, {kind}: 1, default: 0)", name)


if __name__ == "__main__":
    main()
