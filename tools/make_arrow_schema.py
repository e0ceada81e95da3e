#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes arrow_schema.c from the list of columns: make_arrow_schema.py COLUMNS_H OUT

arrow_schema.c contains the value of the key ARROW:schema of every Parquet file. Parquet has no list
of fixed length; Arrow's readers take the length from this key, an IPC schema message in base64 that
declares each list column as fixed_size_list. tests/python/test_readers.py compares it with pyarrow's
serialisation of the same schema, byte for byte.

Source  Apache Arrow 21 format/Message.fbs and Schema.fbs; FlatBuffers internals (vtables)
"""

import base64
import re
import struct
import sys

TYPE_FLOATING_POINT, TYPE_UTF8, TYPE_FIXED_SIZE_LIST, HEADER_SCHEMA = 3, 5, 16, 1
PRECISION_SINGLE, METADATA_V5 = 1, 4


class FlatBuffer:
    """Built from its end to its beginning; an offset is a distance from the end."""

    def __init__(self):
        self.bytes = b""
        self.vtables = []
        self.alignment = 1

    def align(self, size, following=0):
        self.alignment = max(self.alignment, size)
        self.bytes = b"\0" * (-(len(self.bytes) + following) % size) + self.bytes

    def push(self, form, value):
        self.align(struct.calcsize(form))
        self.bytes = struct.pack(form, value) + self.bytes
        return len(self.bytes)

    def reference(self, offset):
        self.align(4)
        return self.push("<I", len(self.bytes) - offset + 4)

    def string(self, text):
        self.align(4, len(text) + 1)
        self.bytes = text.encode() + b"\0" + self.bytes
        return self.push("<I", len(text))

    def vector(self, offsets):
        self.align(4, 4 * len(offsets))
        for offset in reversed(offsets):
            self.reference(offset)
        return self.push("<I", len(offsets))

    def table(self, *fields):
        """fields: (index, form or None for an offset, value), the widest first as flatc orders them"""
        start, places = len(self.bytes), {-1: 0}
        for index, form, value in fields:
            places[index] = self.push(form, value) if form else self.reference(value)
        place = self.push("<i", 0)
        slots = [place - places[i] if i in places else 0 for i in range(max(places) + 1)]
        vtable = struct.pack(f"<{2 + len(slots)}H", 4 + 2 * len(slots), place - start, *slots)
        known = next((at for text, at in self.vtables if text == vtable), None)
        if known is None:
            self.bytes = vtable + self.bytes
            known = len(self.bytes)
            self.vtables.append((vtable, known))
        self.bytes = (self.bytes[:len(self.bytes) - place] + struct.pack("<i", known - place) +
                      self.bytes[len(self.bytes) - place + 4:])
        return place

    def finish(self, root):
        self.align(self.alignment, 4)
        self.reference(root)
        return self.bytes


def add_field(out, name, length):
    """length: of a list of floats; 1: a float, 0: text"""
    children = [add_field(out, "element", 1)] if length > 1 else []
    kind, form, value = ((TYPE_FIXED_SIZE_LIST, "<i", length) if length > 1 else
                         (TYPE_FLOATING_POINT, "<h", PRECISION_SINGLE))
    if length == 0:
        kind = TYPE_UTF8
    type_at = out.table((0, form, value)) if length else out.table()
    name_at = out.string(name)
    children_at = out.vector(children)
    return out.table((5, None, children_at), (3, None, type_at), (0, None, name_at), (2, "<B", kind))


def arrow_schema(columns):
    out = FlatBuffer()
    fields = out.vector([add_field(out, *column) for column in columns])
    schema = out.table((1, None, fields))
    message = out.finish(out.table((2, None, schema), (0, "<h", METADATA_V5), (1, "<B", HEADER_SCHEMA)))
    message += b"\0" * (-len(message) % 8)
    return struct.pack("<iI", -1, len(message)) + message


def read_columns(text):
    """(name, floats a row) of each entry of PT_COLUMNS"""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    body = text[text.index("#define PT_COLUMNS"):]
    entry = re.compile(r"\bLIST\((\w+), (\d+),|\bSCALAR\((\w+),")
    return [(name, int(length)) if name else (scalar, 1)
            for name, length, scalar in entry.findall(body)]


def c_string(name, columns):
    text = base64.b64encode(arrow_schema(columns)).decode()
    lines = [f'    "{text[i:i + 88]}"' for i in range(0, len(text), 88)]
    return f"const char {name}[] =\n" + "\n".join(lines) + ";\n"


def main():
    columns_h, target = sys.argv[1:]
    with open(columns_h, encoding="utf-8") as file:
        columns = read_columns(file.read())
    with open(target, "w", encoding="utf-8") as file:
        file.write("/* SPDX-License-Identifier: MIT */\n"
                   "/* arrow_schema.c - written by tools/make_arrow_schema.py */\n\n"
                   '#include "dataset/arrow_schema.h"\n\n'
                   + c_string("pt_arrow_schema", columns) + "\n"
                   + c_string("pt_arrow_schema_with_id", columns + [("id", 0)]))


if __name__ == "__main__":
    main()
