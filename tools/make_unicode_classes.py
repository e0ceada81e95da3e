#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes src/clap/unicode_classes.c from a list of code point ranges.

The list has lines `CLASS FIRST LAST`: L for letters, N for numbers, S for white space, code points
in hexadecimal, both inclusive; `#` starts a comment. Whatever is in no range is of no class. It is
measured on the reference tokenizer, whose Unicode edition it carries with it.

    tools/make_unicode_classes.py LIST > src/clap/unicode_classes.c
"""

import sys

CLASSES = "LNS"
PER_LINE = 4

HEAD = """/* SPDX-License-Identifier: MIT */
/* unicode_classes.c - made by tools/make_unicode_classes.py: do not edit
 *
 * The classes that the reference tokenizer (tokenizers 0.23.3) gives each code point, %d ranges.
 * PCRE2 and ICU of a distribution have other versions of Unicode, which differ at thousands of
 * code points.
 */

#include "clap/unicode_classes.h"

#define L PT_CHAR_LETTER
#define N PT_CHAR_NUMBER
#define S PT_CHAR_SPACE

typedef struct range {
    uint32_t first, last;
    pt_char_class class;
} range;

/* In rising order, none overlapping. */
/* clang-format off */
static const range ranges[] = {
"""

TAIL = """};
/* clang-format on */

pt_char_class pt_char_class_of(uint32_t code) {
    size_t low = 0, high = sizeof ranges / sizeof ranges[0];

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (code < ranges[middle].first)
            high = middle;
        else if (code > ranges[middle].last)
            low = middle + 1;
        else
            return ranges[middle].class;
    }
    return PT_CHAR_OTHER;
}
"""


def read_ranges(path):
    ranges = []
    with open(path, encoding="ascii") as lines:
        for number, line in enumerate(lines, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if len(words) != 3 or words[0] not in CLASSES:
                sys.exit(f"{path}: line {number}: expected CLASS FIRST LAST")
            ranges.append((int(words[1], 16), int(words[2], 16), words[0]))
    ranges.sort()
    for before, after in zip(ranges, ranges[1:]):
        if after[0] <= before[1]:
            sys.exit(f"{path}: U+{after[0]:04X} is in two ranges")
    return ranges


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ranges = read_ranges(sys.argv[1])
    items = [f"{{0x{first:X}, 0x{last:X}, {name}}}," for first, last, name in ranges]
    sys.stdout.write(HEAD % len(ranges))
    for i in range(0, len(items), PER_LINE):
        print("    " + " ".join(items[i:i + PER_LINE]))
    sys.stdout.write(TAIL)


if __name__ == "__main__":
    main()
