#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes src/dataset/arrow_schema.c: the value of the key ARROW:schema of every Parquet file.

Parquet has no list of fixed length. Arrow's readers take the length from this key: an IPC schema
message in base64, which declares each list column as fixed_size_list. The columns never change,
so the message is a constant, and this is where it comes from:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install -r tests/python/requirements.txt
    /tmp/venv/bin/python tools/make_arrow_schema.py > src/dataset/arrow_schema.c

tests/python/test_readers.py holds it to pyarrow's serialisation of the same schema.
"""

import base64

import pyarrow as pa

COLUMNS = {"fused_state": 1024, "target_ltas": 64, "target_lufs": 1, "target_dyn": 2,
           "input_purity": 1}


def column(name, length):
    item = pa.field("element", pa.float32(), nullable=False)
    kind = pa.list_(item, length) if length > 1 else pa.float32()
    return pa.field(name, kind, nullable=False)


def main():
    schema = pa.schema([column(*item) for item in COLUMNS.items()])
    text = base64.b64encode(schema.serialize().to_pybytes()).decode()
    lines = [text[i:i + 88] for i in range(0, len(text), 88)]
    print("/* SPDX-License-Identifier: MIT */")
    print("/* arrow_schema.c - made by tools/make_arrow_schema.py; do not edit */")
    print()
    print('#include "dataset/arrow_schema.h"')
    print()
    print("const char pt_arrow_schema[] =")
    print("\n".join(f'    "{line}"' for line in lines) + ";")


if __name__ == "__main__":
    main()
