#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads data sets with five readers, and checks them against docs/DATASET.md.

    test_readers.py OUT...                      data sets that `patina generate` wrote
    test_readers.py OUT --patina build/patina --audio ROOT --model DIR
                                                also: rows are what measure, degrade and embed give
    test_readers.py PARQUET_OUT JSONL_OUT --twins   two formats of one run hold the same rows
    test_readers.py --sample build/tests/unit/test_sample_dataset
                                                data sets of synthetic rows, which that program writes

ROOT is what the `source` of provenance is relative to: the folder, the manifest's folder or the
audio root. requirements.txt lists what must be installed. The last line is
"N passed, N failed, N skipped"; the status is 1 when a check failed.
"""

import argparse
import base64
import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from checks import Skip

SCRATCH = tempfile.mkdtemp(prefix="patina-readers-")
os.environ.update(HF_HOME=SCRATCH + "/hf", HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1",
                  HF_DATASETS_DISABLE_PROGRESS_BARS="1")

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.json  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

# name: floats per row, minimum and maximum (docs/DATASET.md)
COLUMNS = {"fused_state": (1024, -1, 1), "target_ltas": (64, -120, math.inf),
           "target_lufs": (1, -70, math.inf), "target_dyn": (2, 0, math.inf),
           "input_purity": (1, -30, 50)}
LISTS = [name for name, (n, _, _) in COLUMNS.items() if n > 1]
SCALARS = [name for name in COLUMNS if name not in LISTS]
GROUP_ROWS = 8192
PAGE_BYTES = 1 << 20

MEMBERS = ["entry", "source", "caption", "caption_index", "seed", "variant", "window", "chain",
           "stages", "output_gain", "purity_db", "snr_db", "sdr_db", "purity_cap", "lufs_source",
           "lufs_mono", "source_quality"]
WINDOW = ["start", "frames", "rate_hz", "channels"]
EFFECTS = {"comb", "mud", "sibilance", "noise", "clip", "pops"}
REASONS = ["bad_caption", "duplicate_id", "missing", "timeout", "io_error", "undecodable", "truncated",
           "unsupported", "too_short", "nonfinite", "silent", "excluded",
           "filtered", "low_quality"]


def need(module):
    try:
        return __import__(module)
    except ImportError:
        raise Skip(f"{module} is not installed") from None


# -- a data set on disk

class DataSet:
    def __init__(self, out, options, sample=False):
        self.out, self.options, self.sample = Path(out).resolve(), options, sample
        self.dataset_json = json.loads((self.out / "dataset.json").read_text("utf-8"))
        self.format = self.dataset_json["format"]
        self.parts = sorted((self.out / "data").iterdir())
        self.lines = [path.read_text("utf-8").splitlines()
                      for path in sorted((self.out / "provenance").iterdir())]
        self.provenance = [json.loads(line) for part in self.lines for line in part]
        self.names = [str(path) for path in self.parts]
        self._rows = None

    @property
    def rows(self):
        """name: float32 [n] or [n, length], as pyarrow reads them; the reference for the others."""
        if self._rows is None:
            self._rows = read_pyarrow(self)
        return self._rows


def matrix(values, length):
    """Lists of floats in the type of any reader, as float32 [n, length]."""
    array = np.asarray(values, dtype=np.float64 if len(values) == 0 else None)
    if array.dtype == object:
        assert {len(item) for item in values} == {length}, "a list of another length"
        array = np.stack([np.asarray(item) for item in values])
    array = array.reshape(-1, length) if length > 1 else array.reshape(-1)
    return array.astype(np.float32)


def from_arrow(table):
    rows = {}
    for name, (length, _, _) in COLUMNS.items():
        column = table[name].combine_chunks()
        assert column.null_count == 0
        flat = column.flatten() if length > 1 else column
        assert len(flat) == length * len(column), f"{name}: a list of another length"
        rows[name] = matrix(flat.to_numpy(zero_copy_only=False), length)
    return rows


def read_pyarrow(data):
    if data.format == "parquet":
        return from_arrow(pa.concat_tables(pq.read_table(name) for name in data.names))
    return from_arrow(pa.concat_tables(pa.json.read_json(name) for name in data.names))


def read_polars(data):
    polars = need("polars")
    if data.format == "parquet":
        frame = polars.read_parquet(data.names)
        for name, (length, _, _) in COLUMNS.items():
            kind = polars.Array(polars.Float32, length) if length > 1 else polars.Float32
            assert frame.schema[name] == kind, f"{name}: {frame.schema[name]}"
    else:
        frame = polars.concat([polars.read_ndjson(name) for name in data.names])
    assert list(frame.columns) == list(COLUMNS)
    return {name: matrix(frame[name].to_list(), length)
            for name, (length, _, _) in COLUMNS.items()}


def read_duckdb(data):
    duckdb = need("duckdb")
    kind, real = ("parquet", "FLOAT") if data.format == "parquet" else ("json", "DOUBLE")
    relation = duckdb.connect().sql(f"select * from read_{kind}({data.names!r})")
    types = dict(zip(relation.columns, map(str, relation.types)))
    assert types == {name: real + "[]" * (name in LISTS) for name in COLUMNS}, types
    table = relation.to_arrow_table()
    return from_arrow(table)


def read_pandas(data):
    pandas = need("pandas")
    if data.format == "parquet":
        frame = pandas.concat(pandas.read_parquet(name) for name in data.names)
        assert all(frame[name].dtype == np.float32 for name in SCALARS)
        assert all(frame[name].iloc[0].dtype == np.float32 for name in LISTS)
    else:
        frame = pandas.concat(pandas.read_json(name, lines=True) for name in data.names)
    assert list(frame.columns) == list(COLUMNS)
    return {name: matrix(frame[name].to_list(), length)
            for name, (length, _, _) in COLUMNS.items()}


def read_datasets(data):
    datasets = need("datasets")
    loaded = datasets.load_dataset(str(data.out))
    assert list(loaded) == ["train"], list(loaded)
    check_features(loaded["train"].features)
    return from_arrow(loaded["train"].data.table)


def check_features(features):
    import datasets
    real = datasets.Value("float32")
    wanted = {name: datasets.List(real, length=length) if length > 1 else real
              for name, (length, _, _) in COLUMNS.items()}
    assert dict(features) == wanted, features
    assert list(features) == list(COLUMNS)


# -- checks of one data set; the first line of a docstring is the name of the check

CHECKS = []


def check(function=None, *, form=None, sample=None):
    """Registers a check, for one format only, or for synthetic (sample=True) or real rows only."""
    if function is None:
        return lambda function: check(function, form=form, sample=sample)
    CHECKS.append((function, form, sample))
    return function


def select_checks(data):
    return [function for function, form, sample in CHECKS
            if form in (None, data.format) and sample in (None, data.sample)]


@check
def file_names(data):
    """the files have the documented names, and there are no others"""
    assert sorted(path.name for path in data.out.iterdir()) == [
        "README.md", "croissant.json", "data", "dataset.json", "provenance", "provenance_table", "rejects.jsonl"]
    n = data.dataset_json["parts"]
    parts = [f"train-{i:05d}-of-{n:05d}" for i in range(n)]
    assert [path.name for path in data.parts] == [f"{part}.{data.format}" for part in parts]
    lines = sorted(path.name for path in (data.out / "provenance").iterdir())
    assert lines == [f"{part}.jsonl" for part in parts]
    tables = sorted(path.name for path in (data.out / "provenance_table").iterdir())
    assert tables == [f"{part}.{data.format}" for part in parts]


@check(form="parquet")
def parquet_schema(data):
    """the Parquet schema is exactly the documented one"""
    for name in data.names:
        schema = pq.ParquetFile(name).schema
        text = re.sub(r" field_id=-1", "", str(schema)).split("\n", 1)[1].strip()
        leaves = [f"  required group {c} (List) {{\n    repeated group list {{\n"
                  "      required float element;\n    }\n  }\n" if c in LISTS
                  else f"  required float {c};\n" for c in COLUMNS]
        assert text == "required group schema {\n" + "".join(leaves) + "}", text
        for i, column in enumerate(COLUMNS):
            leaf = schema.column(i)
            assert leaf.path == (f"{column}.list.element" if column in LISTS else column)
            levels = (1, 1) if column in LISTS else (0, 0)
            assert (leaf.max_definition_level, leaf.max_repetition_level) == levels


@check(form="parquet")
def arrow_schema(data):
    """ARROW:schema is pyarrow's own serialisation of the schema with fixed lengths"""
    real = pa.field("element", pa.float32(), nullable=False)
    wanted = pa.schema([pa.field(c, pa.list_(real, n) if n > 1 else pa.float32(), nullable=False)
                        for c, (n, _, _) in COLUMNS.items()])
    for name in data.names:
        stored = base64.b64decode(pq.read_metadata(name).metadata[b"ARROW:schema"], validate=True)
        assert pa.ipc.read_schema(pa.py_buffer(stored)).equals(wanted, check_metadata=True)
        assert stored == wanted.serialize().to_pybytes()
        assert pq.read_schema(name).remove_metadata().equals(wanted)


@check(form="parquet")
def parquet_metadata(data):
    """key-value metadata has version, settings and model, and no key of Hugging Face"""
    for name in data.names:
        footer = pq.read_metadata(name)
        keys = {key.decode(): value.decode() for key, value in footer.metadata.items()}
        assert keys["patina.version"] == data.dataset_json["version"]
        assert keys["patina.settings_hash"] == data.dataset_json["settings_hash"]
        assert keys["patina.model_hash"] == data.dataset_json["model_hash"]
        assert all(key == "ARROW:schema" or key.startswith("patina.") for key in keys), keys
        assert re.fullmatch(r"patina version \d+\.\d+\.\d+\S* \(build \S+\)", footer.created_by)


@check(form="parquet")
def parquet_row_groups(data):
    """row groups are full except the last, plain, uncompressed, and chunks are contiguous"""
    for name in data.names:
        footer, at = pq.read_metadata(name), 4
        sizes = [footer.row_group(g).num_rows for g in range(footer.num_row_groups)]
        assert all(size == GROUP_ROWS for size in sizes[:-1]), sizes
        assert 0 < sizes[-1] <= GROUP_ROWS, sizes
        for g, size in enumerate(sizes):
            group = footer.row_group(g)
            for c, (column, (length, _, _)) in enumerate(COLUMNS.items()):
                chunk = group.column(c)
                assert chunk.compression == "UNCOMPRESSED", chunk.compression
                assert set(chunk.encodings) == {"PLAIN", "RLE"}, chunk.encodings
                assert not chunk.has_dictionary_page, column
                assert chunk.num_values == size * length
                assert chunk.total_uncompressed_size == chunk.total_compressed_size
                assert chunk.data_page_offset == at, (column, chunk.data_page_offset, at)
                at += chunk.total_compressed_size
            total = sum(group.column(c).total_compressed_size for c in range(len(COLUMNS)))
            assert group.total_byte_size == total
        assert at + footer.serialized_size + 8 == os.path.getsize(name)


@check(form="parquet")
def parquet_statistics(data):
    """scalars have exact statistics with signed zeros as the format requires, lists have none"""
    first = 0
    for name in data.names:
        footer = pq.read_metadata(name)
        for g in range(footer.num_row_groups):
            group = footer.row_group(g)
            end = first + group.num_rows
            for c, column in enumerate(COLUMNS):
                stored = group.column(c).statistics
                if column in LISTS:
                    assert stored is None, column
                    continue
                values = data.rows[column][first:end]
                assert stored.has_min_max and stored.null_count == 0, column
                assert (stored.min, stored.max) == (values.min(), values.max()), column
                assert stored.min != 0 or math.copysign(1, stored.min) < 0, "least is +0"
                assert stored.max != 0 or math.copysign(1, stored.max) > 0, "greatest is -0"
            first = end


class Thrift:
    """Reads structs of Thrift's compact protocol as dictionaries, as far as a page header needs."""

    def __init__(self, data, at):
        self.data, self.at = data, at

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value, shift = value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    def struct(self):
        fields, last = {}, 0
        while self.data[self.at]:
            head = self.data[self.at]
            self.at += 1
            assert head >> 4, "ids in long form are not written here"
            last += head >> 4
            if head & 15 == 12:
                fields[last] = self.struct()
            else:
                assert head & 15 in (4, 5, 6), f"type {head & 15}"
                number = self.varint()
                fields[last] = number >> 1 ^ -(number & 1)
        self.at += 1
        return fields


@check(form="parquet")
def parquet_pages(data):
    """pages are data pages of version 1 with at most 1 MiB of plain values and RLE levels"""
    for name in data.names:
        footer, blob = pq.read_metadata(name), Path(name).read_bytes()
        for g in range(footer.num_row_groups):
            for c, (column, (length, _, _)) in enumerate(COLUMNS.items()):
                chunk = footer.row_group(g).column(c)
                at, seen = chunk.data_page_offset, 0
                end = at + chunk.total_compressed_size
                while at < end:
                    reader = Thrift(blob, at)
                    page = reader.struct()
                    assert page[1] == 0 and page[2] == page[3], page
                    n = page[5][1]
                    assert [page[5][k] for k in (2, 3, 4)] == [0, 3, 3], page  # PLAIN, RLE, RLE
                    assert 0 < 4 * n <= PAGE_BYTES and n % length == 0, (column, n)
                    levels = page[2] - 4 * n
                    assert (levels > 8) == (column in LISTS), (column, levels)
                    at, seen = reader.at + page[2], seen + n
                assert at == end and seen == chunk.num_values, column


def assert_same_rows(data, reader):
    rows = reader(data)
    for name in COLUMNS:
        found, wanted = rows[name], data.rows[name]
        assert found.shape == wanted.shape, (name, found.shape)
        if data.format == "parquet":  # bit by bit; pandas reads -0.0 of JSON as the integer 0
            found, wanted = found.view(np.uint32), wanted.view(np.uint32)
        assert np.array_equal(found, wanted), name


@check
def read_by_pyarrow(data):
    """pyarrow reads as many finite rows as dataset.json counts"""
    for name, (length, _, _) in COLUMNS.items():
        shape = (data.dataset_json["rows"], length)[:1 + (length > 1)]
        assert data.rows[name].shape == shape, (name, data.rows[name].shape)
        assert np.isfinite(data.rows[name]).all(), name
    if data.format == "jsonl":
        for part in data.names:
            for line in Path(part).read_text("utf-8").splitlines():
                row = json.loads(line, parse_int=lambda text: 1 / 0)  # no number without a point
                assert list(row) == list(COLUMNS)


@check
def read_by_polars(data):
    """polars shows fixed lengths and the same values"""
    assert_same_rows(data, read_polars)


@check
def read_by_duckdb(data):
    """duckdb reads the same values"""
    assert_same_rows(data, read_duckdb)


@check
def read_by_pandas(data):
    """pandas reads the same values"""
    assert_same_rows(data, read_pandas)


@check
def read_by_datasets(data):
    """load_dataset(OUT) has float32, fixed lengths and the same values, without a script"""
    assert_same_rows(data, read_datasets)


@check
def provenance_by_datasets(data):
    """load_dataset(OUT, "provenance") has a line for each row, in order, with the same bits, also streaming"""
    datasets = need("datasets")
    for streaming in (False, True):
        table = datasets.load_dataset(str(data.out), "provenance", split="train", streaming=streaming)
        found = list(table)
        assert len(found) == len(data.provenance) == len(data.rows["target_lufs"])
        for row, line in zip(found, data.provenance):
            row = {name: value for name, value in row.items() if value is not None}
            row.update(json.loads(row.pop("other", "{}")))
            row.update({name: json.loads(row[name]) for name in ("chain", "stages", "fingerprint") if name in row})
            assert row.keys() == line.keys(), row.keys() ^ line.keys()
            for name, value in line.items():
                assert row[name] == value and type(row[name]) is type(value), (name, row[name], value)


@check
def croissant(data):
    """mlcroissant accepts croissant.json without an error, and reads both record sets"""
    mlcroissant = need("mlcroissant")
    found = mlcroissant.Dataset(jsonld=str(data.out / "croissant.json"))
    assert not found.metadata.issues.errors, found.metadata.issues.errors
    assert [one.name for one in found.metadata.record_sets] == ["default", "provenance"]
    row, line = (next(iter(found.records(name))) for name in ("default", "provenance"))
    assert row["default/split"] == b"train" and row["default/input_purity"] == data.rows["input_purity"][0]
    assert json.loads(json.dumps(line["provenance/entry"].decode())) == data.provenance[0]["entry"]


@check(form="parquet")
def read_by_datasets_no_card(data):
    """`datasets` finds types and lengths in the Parquet files alone"""
    datasets = need("datasets")
    rows = datasets.load_dataset("parquet", data_files=data.names, split="train")
    check_features(rows.features)


@check
def column_ranges(data):
    """every value is in the documented range"""
    for name, (_, least, greatest) in COLUMNS.items():
        values = data.rows[name]
        if name == "input_purity":
            greatest = data.dataset_json["settings"].get("purity_cap", 60)
        assert values.min() >= least and values.max() <= greatest, (
            name, values.min(), values.max())
    assert data.rows["target_dyn"][:, 1].max() <= 1


@check
def provenance_lines(data):
    """a provenance line for every row of its part, members in order, reals with 17 digits"""
    counts = [pq.read_metadata(name).num_rows if data.format == "parquet"
              else len(Path(name).read_text("utf-8").splitlines()) for name in data.names]
    assert [len(part) for part in data.lines] == counts
    assert sum(counts) == data.dataset_json["rows"]
    reals = []
    for part in data.lines:
        for line in part:
            of = json.loads(line, parse_float=lambda text: reals.append(text) or float(text))
            assert list(of) == MEMBERS, list(of)
            assert list(of["window"]) == WINDOW
            assert not of["source"].startswith("/") and of["entry"] and of["caption"].strip()
            assert all(stage["fx"] in EFFECTS for stage in of["chain"]), of["chain"]
            assert [stage["fx"] for stage in of["stages"]] == [s["fx"] for s in of["chain"]]
            integers = [of["caption_index"], of["seed"], of["variant"], *of["window"].values()]
            assert all(type(number) is int and number >= 0 for number in integers)
            assert type(of["purity_db"]) is float and type(of["output_gain"]) is float

    def digits(text):
        mantissa, _, exponent = text.lower().partition("e")
        return mantissa.removesuffix(".0"), int(exponent or 0)
    wrong = [text for text in set(reals) if digits(text) != digits("%.17g" % float(text))]
    assert not wrong, wrong[:5]


@check
def provenance_matches_rows(data):
    """line i describes row i: purity and loudness agree, and rows are in order"""
    def column(name):
        return np.array([of[name] for of in data.provenance], np.float64).astype(np.float32)
    assert np.array_equal(column("purity_db"), data.rows["input_purity"])
    loudness = [name for name in ("lufs_source", "lufs_mono")
                if np.array_equal(column(name), data.rows["target_lufs"])]
    assert loudness, "target_lufs is neither lufs_source nor lufs_mono"
    assert len({of["seed"] for of in data.provenance}) <= 1
    closed, last = set(), None
    for of in data.provenance:
        if last and of["entry"] != last["entry"]:
            closed.add(last["entry"])
            assert of["entry"] not in closed, f"rows of {of['entry']} are not adjacent"
        elif last:
            assert of["window"] == last["window"], "two windows of one entry"
            assert of["variant"] > last["variant"], "variants out of order"
            assert of["caption_index"] >= last["caption_index"], "captions out of order"
        last = of


@check
def rejects(data):
    """rejects.jsonl names reasons as dataset.json counts them"""
    lines = (data.out / "rejects.jsonl").read_text("utf-8").splitlines()
    found = dict.fromkeys(REASONS, 0)
    for line in lines:
        reject = json.loads(line)
        assert list(reject) == ["entry", "source", "reason", "sentence"], line
        assert reject["sentence"], line
        found[reject["reason"]] += 1
    for reason in ("excluded", "filtered", "low_quality"):  # only where they occur
        if found[reason] == 0:
            del found[reason]
    assert list(data.dataset_json["rejects_by_reason"].items()) == list(found.items())
    assert data.dataset_json["rejects"] == len(lines)


@check
def no_host_details(data):
    """no file contains host, absolute path or time"""
    words = [socket.gethostname(), str(data.out), str(Path.cwd())]
    if data.options.audio:
        words.append(str(Path(data.options.audio).resolve()))
    words = [word for word in words if len(word) > 3]
    texts = [data.out / "README.md", data.out / "dataset.json", data.out / "rejects.jsonl",
             data.out / "croissant.json",
             *(data.out / "provenance").iterdir()]
    for path in texts:
        text = path.read_text("utf-8")
        assert not [word for word in words if word in text], path
        assert not re.search(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d", text), path


def run_examples(data, path):
    """Runs the Python blocks of a Markdown file."""
    blocks = re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.S | re.M)
    assert blocks, f"{path.name} shows no Python"
    folder = Path(tempfile.mkdtemp(dir=SCRATCH))
    (folder / "OUT").symlink_to(data.out)
    for block in blocks:
        try:
            need("torch")
        except Skip:
            block = "\n".join(line for line in block.split("\n") if "torch" not in line)
        done = subprocess.run([sys.executable, "-c", block], cwd=folder, capture_output=True,
                              text=True)
        assert done.returncode == 0, f"{block}\n{done.stderr[-2000:]}"


@check
def card_examples(data):
    """the Python blocks of README.md run with a data set named OUT"""
    need("datasets"), need("polars")
    run_examples(data, data.out / "README.md")


# -- checks of synthetic rows

def expected_sample_value(row, i, least, greatest):
    """The formula of tests/unit/test_sample_dataset.c, in double and rounded once."""
    words = (row[:, None] * 1092 + i[None, :]) * 2654435761 % 2**32
    return (least + words / 4294967296.0 * (greatest - least)).astype(np.float32)


def expected_sample_embeddings(row):
    """make_embeddings of tests/unit/test_sample_dataset.c, in double and rounded once."""
    words = (row[:, None] * 1092 + np.arange(0, 1024, 2)[None, :]) * 2654435761 % 2**32
    t = -1.0 + words / 4294967296.0 * 2.0
    pairs = np.stack([(1.0 - t * t) / (1.0 + t * t) / 16.0, 2.0 * t / (1.0 + t * t) / 16.0], axis=2)
    return pairs.reshape(len(row), 1024).astype(np.float32)


@check(sample=True)
def sample_values_match(data):
    """the synthetic rows equal their formula"""
    row = np.arange(data.dataset_json["rows"])
    assert np.array_equal(data.rows["fused_state"], expected_sample_embeddings(row))
    places = {"target_ltas": [(1024, 64, -120, 0)],
              "target_lufs": [(1088, 1, -70, 0)], "target_dyn": [(1089, 1, 0, 30), (1090, 1, 0, 1)]}
    for name, ranges in places.items():
        wanted = np.hstack([expected_sample_value(row, np.arange(first, first + n), least, greatest)
                            for first, n, least, greatest in ranges])
        assert np.array_equal(data.rows[name].reshape(wanted.shape), wanted), name
    wanted = np.where(row < len(row) - 5, row % 61, -(row % 5))
    assert np.array_equal(data.rows["input_purity"], wanted)


# -- checks of real rows

@check(sample=False)
def embeddings_have_unit_length(data):
    """both halves of fused_state have length 1 and differ between captions and audio"""
    halves = data.rows["fused_state"].astype(np.float64).reshape(-1, 2, 512)
    # 512 squares of float32, each rounded by 2^-24 of itself
    assert np.abs(np.linalg.norm(halves, axis=2) - 1).max() < 1e-6
    texts, targets = {}, {}
    for i, of in enumerate(data.provenance):
        text = data.rows["fused_state"][i, :512]
        first = texts.setdefault(of["caption"], text)
        assert np.array_equal(first, text), f"row {i}: two embeddings of one caption"
        clean = np.hstack([data.rows[name][i] for name in COLUMNS if name.startswith("target_")])
        first = targets.setdefault(of["entry"], clean)
        assert np.array_equal(first, clean), f"row {i}: two measurements of one entry"


def patina(data, *arguments):
    command = [data.options.patina, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{command}: status {done.returncode}: {done.stderr.strip()}"
    return done.stdout


def chosen(data, *needed):
    """Some rows, spread over the data set, for checks that run the program."""
    for option in ("patina", *needed):
        if not getattr(data.options, option):
            raise Skip(f"no --{option} given")
    n = len(data.provenance)
    return sorted({i * n // data.options.rows for i in range(min(n, data.options.rows))})


def make_pt_audio(data, of):
    return Path(data.options.audio) / of["source"]


@check(sample=False)
def targets_match_measure(data):
    """patina measure of the window gives the targets of the row"""
    for i in chosen(data, "audio"):
        of = data.provenance[i]
        window = of["window"]
        found = json.loads(patina(data, "measure", "--json", "--start-frame", window["start"],
                                  "--frames", window["frames"], make_pt_audio(data, of)))
        assert (found["start_frame"], found["frames"]) == (window["start"], window["frames"])
        assert (found["rate_hz"], found["channels"]) == (window["rate_hz"], window["channels"])
        for name in ("target_ltas", "target_dyn"):
            assert np.array_equal(np.float32(found[name]), data.rows[name][i]), (of["entry"], name)
        assert found["target_lufs"] == of["lufs_source"], of["entry"]
        assert found["lufs_mono"] == of["lufs_mono"], of["entry"]
        assert found["source_quality"] == of["source_quality"], of["entry"]


@check(sample=False)
def text_embedding_matches_embed(data):
    """patina embed --text of the caption gives the first half of the row"""
    rows, out = chosen(data, "model"), Path(SCRATCH) / "text.npy"
    captions = [word for i in rows for word in ("--text", data.provenance[i]["caption"])]
    patina(data, "embed", "--model", data.options.model, *captions, "--out", out)
    found = np.load(out)
    assert found.dtype == np.float32 and found.shape == (len(rows), 512), found.shape
    assert np.array_equal(found, data.rows["fused_state"][rows, :512])


@check(sample=False)
def audio_embedding_matches_replay(data):
    """patina degrade --recipe of the line, then embed --audio, gives the second half of the row"""
    rows, out = chosen(data, "audio", "model"), Path(SCRATCH) / "audio.npy"
    files = []
    lines = [line for part in data.lines for line in part]
    for i in rows:
        of, recipe = data.provenance[i], Path(SCRATCH) / "recipe.json"
        files += ["--audio", Path(SCRATCH) / f"degraded-{i}.wav"]
        recipe.write_text(lines[i] + "\n", "utf-8")
        found = json.loads(patina(data, "degrade", make_pt_audio(data, of), files[-1],
                                  "--recipe", recipe))
        assert [name for name in MEMBERS if name in found] == list(found), list(found)
        for name in ("entry", "seed", "variant", "window", "chain", "stages", "output_gain",
                     "purity_db", "snr_db", "sdr_db"):
            assert found[name] == of[name], (of["entry"], name, found[name], of[name])
    patina(data, "embed", "--model", data.options.model, *files, "--out", out)
    assert np.array_equal(np.load(out), data.rows["fused_state"][rows, 512:])


def twins(first, second):
    """both formats of a run have the same rows and the same provenance"""
    for name in COLUMNS:
        assert np.array_equal(first.rows[name], second.rows[name]), name
    assert first.provenance == second.provenance
    for name in ("rows", "entries", "rejects_by_reason", "corpus_hash", "model_hash"):
        assert first.dataset_json[name] == second.dataset_json[name], name


# -- runner

class Runner:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def run(self, label, function, *arguments):
        title = f"{label}: {function.__doc__.splitlines()[0]}"
        try:
            function(*arguments)
        except Skip as why:
            self.skipped += 1
            print(f"skip {title}: {why}")
        except Exception as fault:  # a reader may raise anything
            self.failed += 1
            place = traceback.extract_tb(fault.__traceback__)[-1]
            print(f"FAIL {title}\n  {Path(place.filename).name}:{place.lineno}: "
                  f"{type(fault).__name__}: {str(fault)[:2000]}")
        else:
            self.passed += 1
            print(f"ok   {title}")


def make_samples(program):
    """The data sets that tests/unit/test_sample_dataset.c writes."""
    folder = Path(SCRATCH) / "sample"
    folder.mkdir()
    done = subprocess.run([program], env={**os.environ, "PATINA_TEST_SAMPLE": str(folder)},
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{program} failed:\n{done.stdout}{done.stderr}")
    return [folder / "parquet", folder / "jsonl"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="*", help="data set folders")
    parser.add_argument("--sample", help="the program build/tests/unit/test_sample_dataset")
    parser.add_argument("--patina", help="the program, to compare rows with what it gives")
    parser.add_argument("--audio", help="the folder that `source` is relative to")
    parser.add_argument("--model", help="the model folder of the run")
    parser.add_argument("--rows", type=int, default=12, help="rows that --patina compares")
    parser.add_argument("--check", help="the name of one check, to run it alone")
    parser.add_argument("--twins", action="store_true", help="the two folders hold the same rows")
    options = parser.parse_args()
    if not options.out and not options.sample:
        parser.error("name a data set, or --sample")
    if options.twins and len(options.out) != 2:
        parser.error("--twins compares two data sets")
    runner = Runner()
    data_sets = [DataSet(out, options) for out in options.out]
    if options.sample:
        data_sets += [DataSet(out, options, True) for out in make_samples(options.sample)]
    for data in data_sets:
        for function in select_checks(data):
            if options.check not in (None, function.__name__):
                continue
            runner.run(f"{data.out.name} ({data.format})", function, data)
    if options.twins:
        runner.run("both", twins, *data_sets[:2])
    print(f"{runner.passed} passed, {runner.failed} failed, {runner.skipped} skipped")
    return 1 if runner.failed else 0


if __name__ == "__main__":
    try:
        STATUS = main()
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    sys.exit(STATUS)
