#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/golden/parquet: Parquet files of independent writers, and their content.

    python3 -m venv DIR
    DIR/bin/pip install pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.0
    DIR/bin/python tests/golden/make/make_parquet.py

expected.json is made from the values given to the writers, not by reading the files. `tables` has the
columns by path (lists as lists, bytes as ASCII text); `files` gives the table and the number of row
groups of each file; `refused` names a column with an unsupported encoding, and the encoding.
"""

import json
import pathlib

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

OUT = pathlib.Path(__file__).resolve().parents[1] / "parquet"
N = 44  # rows of the general table


def sound(i):
    return (f"sound {i} " * (3 + i * 7 % 11)).encode()


def general():
    """Every supported type, with nulls, and lists that are null, empty, or contain nulls."""
    words = ["rain", "a dog barks", "Wind, \"loud\"", "Gr\u00fc\u00dfe \u2603", "x" * 200]
    return {
        "i32": [None if i % 7 == 3 else (i - 22) * 70_000_001 for i in range(N)],
        "i64": [(i - 22) * 300_000_000_000_000_007 for i in range(N)],
        "f32": [None if i % 11 == 5 else i / 8 - 3.25 for i in range(N)],
        "f64": [i / 3 - 7.1 for i in range(N)],
        "word": [None if i % 5 == 4 else words[i * i % 5] for i in range(N)],
        "few": [["yes", "no", "perhaps"][i // 9 % 3] for i in range(N)],
        "captions": [None if i % 13 == 6 else
                     [None if (i + k) % 6 == 1 else f"{words[(i + k) % 4]} {i}"
                      for k in range(i * 5 % 7)] for i in range(N)],
        "floats": [[i + k / 4 for k in range(i % 4)] for i in range(N)],
        "audio": [None if i % 17 == 16 else
                  {"bytes": None if i % 9 == 2 else sound(i),
                   "path": None if i % 6 == 1 else f"clips/{i}.wav"} for i in range(N)],
    }


def types(string=pa.string(), binary=pa.binary(), a_list=pa.list_):
    return {"i32": pa.int32(), "i64": pa.int64(), "f32": pa.float32(), "f64": pa.float64(),
            "word": string, "few": string, "captions": a_list(string),
            "floats": a_list(pa.float32()),
            "audio": pa.struct([("bytes", binary), ("path", string)])}


def build_table(columns, of):
    return pa.table({name: pa.array(values, of[name]) for name, values in columns.items()},
                    schema=pa.schema([(name, of[name]) for name in columns]))


def by_path(columns):
    """The columns in the form of the reader: members of structs, bytes as text."""
    flat = {}
    for name, values in columns.items():
        if not any(isinstance(v, dict) for v in values):
            flat[name] = values
            continue
        for member in next(v for v in values if v):
            flat[f"{name}.{member}"] = [
                v[member].decode() if v and isinstance(v[member], bytes) else v and v[member]
                for v in values]
    return flat


def write_general(files):
    columns = general()
    plain = build_table(columns, types())
    large = build_table(columns, types(pa.large_string(), pa.large_binary(), pa.large_list))
    # Pages end where a batch of write_batch_size rows has filled them: several per chunk.
    small = {"data_page_size": 300, "write_batch_size": 7, "row_group_size": 18}
    cases = {
        "plain_none_v1": (plain, {"compression": "none", "use_dictionary": False, **small}),
        "plain_gzip_v1": (plain, {"compression": "gzip", "use_dictionary": False, **small}),
        "plain_zstd_v2": (plain, {"compression": "zstd", "use_dictionary": False,
                                  "data_page_version": "2.0", **small}),
        "plain_snappy_v2": (plain, {"compression": "snappy", "use_dictionary": False,
                                    "data_page_version": "2.0", **small}),
        "dictionary_snappy_v1": (plain, {"compression": "snappy", **small}),
        "dictionary_none_v2": (plain, {"compression": "none", "data_page_version": "2.0", **small}),
        "dictionary_gzip_v2": (plain, {"compression": "gzip", "data_page_version": "2.0", **small}),
        "dictionary_zstd_v1": (plain, {"compression": "zstd"}),
        # when the dictionary is too large, the writer continues with plain pages
        "fallback_snappy_v1": (plain, {"compression": "snappy", "dictionary_pagesize_limit": 100,
                                       **small}),
        "old_format": (plain, {"compression": "snappy", "version": "1.0",
                               "use_compliant_nested_type": False, **small}),
        "checksums": (plain, {"compression": "zstd", "write_page_checksum": True, **small}),
        "large_types": (large, {"compression": "snappy", **small}),
    }
    for name, (table, options) in cases.items():
        pq.write_table(table, OUT / f"{name}.parquet", store_schema=False, **options)
        files[name] = {"table": "general", "groups": 3 if "row_group_size" in options else 1}
    frame = polars.DataFrame(
        columns,
        schema_overrides={"i32": polars.Int32, "f32": polars.Float32,
                          "floats": polars.List(polars.Float32),
                          "audio": polars.Struct({"bytes": polars.Binary, "path": polars.String})})
    frame.write_parquet(OUT / "polars.parquet", compression="zstd", row_group_size=18,
                        data_page_size=300)
    files["polars"] = {"table": "general", "groups": 3}
    duckdb.sql("select * from plain").write_parquet(str(OUT / "duckdb.parquet"),
                                                    compression="snappy")
    files["duckdb"] = {"table": "general", "groups": 1}
    return by_path(columns)


def write_required(files):
    """No nulls by the schema: no definition levels at all."""
    columns = {"i32": list(range(-9, 9)), "word": [f"word {i}" for i in range(18)]}
    schema = pa.schema([pa.field("i32", pa.int32(), False), pa.field("word", pa.string(), False)])
    for version in ("1.0", "2.0"):
        name = f"required_v{version[0]}"
        pq.write_table(pa.table(columns, schema=schema), OUT / f"{name}.parquet",
                       data_page_version=version, compression="none")
        files[name] = {"table": "required", "groups": 1}
    return columns


def write_refused(refused):
    """Valid files with an unsupported column, and its error message."""
    table = pa.table({"i32": pa.array(range(40), pa.int32()),
                      "word": [f"word {i}" for i in range(40)]})

    def put(name, column, said, **options):
        pq.write_table(table, OUT / f"{name}.parquet", **options)
        refused[name] = {"column": column, "said": said}

    delta = {"use_dictionary": False, "compression": "none"}
    put("delta_bytes", "word", "DELTA_BYTE_ARRAY", **delta,
        column_encoding={"word": "DELTA_BYTE_ARRAY"})
    put("delta_lengths", "word", "DELTA_LENGTH_BYTE_ARRAY", **delta,
        column_encoding={"word": "DELTA_LENGTH_BYTE_ARRAY"})
    put("delta_numbers", "i32", "DELTA_BINARY_PACKED", **delta,
        column_encoding={"i32": "DELTA_BINARY_PACKED"})
    put("split", "i32", "BYTE_STREAM_SPLIT", **delta, column_encoding={"i32": "BYTE_STREAM_SPLIT"})
    put("brotli", "word", "BROTLI", compression="brotli")
    put("lz4", "word", "LZ4_RAW", compression="lz4")


AUDIO = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write_hub_case(name, columns, of, **options):
    path = OUT / "hub" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(build_table(columns, of), path, **options)


def write_hub():
    """Corpora for tests/unit/test_parquet_reader.c."""
    # AudioCaps: clip 0 once, clips 1 to 3 with five rows each, clip 1's over two row groups, clip
    # 2's over two files; clip 0 once more at the end
    rows = [0] + [1] * 5 + [2] * 5 + [3] * 5 + [0]
    of = {"audiocap_id": pa.int64(), "youtube_id": pa.string(), "start_time": pa.int64(),
          "caption": pa.string(), "audio": AUDIO}
    columns = {"audiocap_id": [100 + r for r in range(len(rows))],
               "youtube_id": [f"-clip_{c}" for c in rows],
               "start_time": [10 * c for c in rows],
               "caption": [f"caption {r}" for r in range(len(rows))],
               "audio": [{"bytes": sound(c), "path": f"-clip_{c}.wav"} for c in rows]}
    for k, (first, last) in enumerate([(0, 8), (8, len(rows))]):
        write_hub_case(f"audiocaps/data/test-0000{k}-of-00002",
                {name: values[first:last] for name, values in columns.items()}, of,
                row_group_size=4)

    # numeric ids, lists of captions, audio in bytes, in a file, missing, and outside the corpus
    write_hub_case("ids", {
        "id": [7, -8, 4294967295, None, 9, 10, 11],
        "captions": [["a", "b"], [], ["c", None, " "], ["d"], None, ["e"], ["f"]],
        "audio": [{"bytes": b"seven", "path": None}, {"bytes": None, "path": "eight.wav"},
                  {"bytes": None, "path": None}, {"bytes": b"none", "path": None}, None,
                  {"bytes": None, "path": "/etc/passwd"},
                  {"bytes": None, "path": "a/../../b.wav"}],
    }, {"id": pa.int64(), "captions": pa.list_(pa.string()), "audio": AUDIO})

    # no ids at all; invalid captions; only bytes
    write_hub_case("rows", {
        "text": ["one", None, "", "two"],
        "audio": [{"bytes": b"1"}, {"bytes": b""}, {"bytes": b"3"}, {"bytes": b"4"}],
    }, {"text": pa.string(), "audio": pa.struct([("bytes", pa.binary())])}, row_group_size=3)

    # ids of odd types
    write_hub_case("odd_ids", {
        "youtube_id": [b"a", b"", b"b\0c", b"\xff", b"d", b"e", b"f"],
        "start_time": [30.0, 1.0, 1.0, 1.0, 0.5, None, float("inf")],
        "caption": ["x"] * 7,
        "audio": [{"bytes": b"1", "path": None}] * 7,
    }, {"youtube_id": pa.binary(), "start_time": pa.float32(), "caption": pa.string(),
        "audio": AUDIO})
    write_hub_case("unsigned_ids", {
        "youtube_id": [4294967295, 1], "start_time": ["30", "1.500"], "caption": ["x", "y"],
        "audio": [{"bytes": b"1", "path": None}] * 2,
    }, {"youtube_id": pa.uint32(), "start_time": pa.string(), "caption": pa.string(),
        "audio": AUDIO})

    # rows that are one clip, and rows that are not
    write_hub_case("same_ids", {
        "id": [5, 5, 5, 5, 5, 6], "caption": list("abcdef"),
        "audio": [{"bytes": b"a", "path": "a"}, {"bytes": b"b", "path": "b"},
                  {"bytes": b"c", "path": "b"}, {"bytes": b"d", "path": None},
                  {"bytes": b"e", "path": None}, {"bytes": b"f", "path": None}],
    }, {"id": pa.int32(), "caption": pa.string(), "audio": AUDIO})

    # several pages of audio, to be damaged or skipped
    write_hub_case("pages", {
        "id": list(range(30)),
        "caption": [f"caption {i}" for i in range(30)],
        "audio": [{"bytes": sound(i), "path": f"{i}.wav"} for i in range(30)],
    }, {"id": pa.int32(), "caption": pa.string(), "audio": AUDIO},
        row_group_size=20, data_page_size=300, write_batch_size=4, use_dictionary=False,
        compression="none", write_page_checksum=True)

    # files that are not a corpus
    write_hub_case("no_audio", {"id": [1], "caption": ["x"]}, {"id": pa.int32(), "caption": pa.string()})
    write_hub_case("no_caption", {"id": [1], "label": ["x"], "audio": [{"bytes": b"1", "path": None}]},
            {"id": pa.int32(), "label": pa.string(), "audio": AUDIO})
    write_hub_case("flat_audio", {"caption": ["x"], "audio": [b"1"]},
            {"caption": pa.string(), "audio": pa.binary()})
    write_hub_case("number_caption", {"caption": [1], "audio": [{"bytes": b"1", "path": None}]},
            {"caption": pa.int32(), "audio": AUDIO})
    write_hub_case("no_rows", {"caption": [], "audio": []}, {"caption": pa.string(), "audio": AUDIO})
    write_hub_case("delta_audio", {"caption": ["x"], "audio": [{"bytes": b"1", "path": None}]},
            {"caption": pa.string(), "audio": AUDIO}, use_dictionary=False,
            column_encoding={"audio.bytes": "DELTA_LENGTH_BYTE_ARRAY"})


def write_part():
    """A part rewritten by another program: optional, compressed, with dictionaries."""
    rows = 3
    lengths = {"fused_state": 1024, "target_ltas": 64, "target_lufs": 1, "target_dyn": 2,
               "input_purity": 1}
    columns = {}
    for c, (name, n) in enumerate(lengths.items()):  # as tests/unit/test_part_reader.c has it
        values = [[(k * 37 + r * 11 + c) % 101 / 8 - 4 for k in range(n)] for r in range(rows)]
        columns[name] = pa.array(values, pa.list_(pa.float32(), n)) if n > 1 else \
            pa.array([v[0] for v in values], pa.float32())
    table = pa.table(columns).replace_schema_metadata({"patina.version": "0.1.0"})
    pq.write_table(table, OUT / "part.parquet", compression="zstd", data_page_version="2.0",
                   row_group_size=2)
    for name, list_of in (("empty", []), ("short", [1.0]), ("long", [1.0, 2.0, 3.0]), ("null", [1.0, None])):
        bad = {column: pa.array([values[0].as_py()], pa.list_(pa.float32()) if n > 1 else
                                pa.float32())
               for (column, values), n in zip(columns.items(), lengths.values())}
        bad["target_dyn"] = pa.array([list_of], pa.list_(pa.float32()))
        pq.write_table(pa.table(bad), OUT / f"part_{name}.parquet", compression="zstd",
                       store_schema=False)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    files, refused = {}, {}
    tables = {"general": write_general(files), "required": write_required(files)}
    write_refused(refused)
    write_hub()
    write_part()
    with open(OUT / "expected.json", "w", encoding="ascii") as out:
        json.dump({"tables": tables, "files": files, "refused": refused}, out, indent=None,
                  separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
