#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the bytes of a file as a C array with a terminating 0.

    text_to_c.py NAME INPUT OUTPUT

NAME is the array, `const char NAME[]`. An array of numbers has no length limit; a string literal
of C11 has one (4095 bytes).
"""
import sys


def main():
    name, source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    if 0 in data:
        sys.exit(f"text_to_c.py: {source} has a byte 0")
    lines = [", ".join(str(b if b < 128 else b - 256) for b in data[i:i + 20])
             for i in range(0, len(data), 20)]
    with open(target, "w", encoding="ascii") as file:
        file.write(f"/* made from {source.rsplit('/', 1)[-1]} by text_to_c.py; do not edit */\n"
                   f"extern const char {name}[];\n"
                   f"const char {name}[] = {{\n" + "".join(f"    {line},\n" for line in lines) +
                   "    0};\n")


main()
