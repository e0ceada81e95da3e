# SPDX-License-Identifier: MIT
"""patina.load: the rows of a data set in memory."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Iterable, List, Literal, Sequence

import numpy as np
from numpy.typing import NDArray

from patina._native import Error
from patina._rows import Rows, valid_bands


def _list_part_files(out: Path, split: str) -> List[Path]:
    """The files of a split. Their names contain their number, which is checked."""
    found = sorted((out / "data").glob(f"{split}-*-of-*.*"))
    parts = [path for path in found if path.suffix in (".parquet", ".jsonl")]
    if not parts:
        raise Error(f"'{out}' has no rows of split '{split}': it is not a finished data set or has no such "
                    "split", "format")
    counts = {re.sub(r".*-of-(\d+)$", r"\1", path.stem) for path in parts}
    if len(counts) != 1 or int(counts.pop()) != len(parts):
        raise Error(f"'{out}/data': there are {len(parts)} files of split '{split}', but their "
                    "names state a different number", "format")
    return parts


def _arrow_column_to_numpy(column: Any) -> NDArray[np.float32]:
    """Lists of fixed length become rows of a matrix."""
    pieces = []
    for chunk in column.chunks:
        flat = chunk.flatten() if hasattr(chunk, "flatten") and chunk.type.num_fields else chunk
        values = np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.float32)
        pieces.append(values.reshape(len(chunk), -1) if flat is not chunk else values)
    return np.concatenate(pieces)


def _read_parquet(parts: Sequence[Path], columns: Sequence[str] | None
                  ) -> dict[str, NDArray[Any]]:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise Error("reading Parquet needs pyarrow: pip install pyarrow", "usage") from None
    names = list(columns) if columns is not None else pq.read_schema(parts[0].absolute()).names
    read: dict[str, List[NDArray[Any]]] = {name: [] for name in names}
    for part in parts:  # one at a time, which limits the memory of Arrow's copy
        present = pq.read_schema(part.absolute()).names
        absent = [name for name in names if name not in present]
        if absent:
            raise Error(f"'{part}' has no column '{absent[0]}'; its columns are {', '.join(present)}",
                        "usage")
        table = pq.read_table(part.absolute(), columns=names)
        if table.num_rows > 0:
            for name in names:
                is_text = str(table.schema.field(name).type) in ("string", "large_string")
                read[name].append(np.asarray(table[name].to_pylist()) if is_text
                                  else _arrow_column_to_numpy(table[name]))
    return {name: np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
            for name, pieces in read.items()}


def _iter_jsonl_rows(parts: Iterable[Path]) -> Iterable[dict[str, Any]]:
    for part in parts:
        with open(part, encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def _read_jsonl(parts: Sequence[Path], columns: Sequence[str] | None
                ) -> dict[str, NDArray[Any]]:
    read: dict[str, List[NDArray[Any]]] = {}
    for row in _iter_jsonl_rows(parts):
        for name in columns if columns is not None else row:
            if name not in row:
                raise Error(f"'{parts[0]}' has no column '{name}'; its columns are {', '.join(row)}",
                            "usage")
            value = row[name]
            read.setdefault(name, []).append(np.asarray(value, None if isinstance(value, str) else np.float32))
    return {name: np.stack(values) for name, values in read.items()}


def _iter_provenance(out: Path, parts: Iterable[Path]) -> Iterable[dict[str, Any]]:
    """The provenance line of each row, in the order of the rows."""
    for part in parts:
        path = out / "provenance" / (part.stem + ".jsonl")
        try:
            yield from _iter_jsonl_rows([path])
        except OSError as error:
            raise Error(f"'{path}' cannot be read: {error.strerror}", "io") from None


def load(out: str | os.PathLike[str], *, split: str = "train",
         columns: str | Sequence[str] | None = None, loudness: Literal["source", "mix"] | None = None,
         masks: bool = False, with_provenance: bool = False) -> Rows:
    """Reads the rows of a data set into memory, 4.4 kB each.

    If PyTorch is installed the result is a torch.utils.data.Dataset whose items are dicts of float32
    tensors; otherwise they are dicts of NumPy arrays. For sets larger than memory use
    datasets.load_dataset(out). The column `id` of a set made with `with_id` is an array of str, and a
    list of str in a batch of PyTorch.

    Args:
        out: the folder that generate wrote
        split: name of the split
        columns: only these: a name, or a list such as ["fused_state", "target_lufs"]
        loudness: "mix" for the loudness of the mono mix in target_lufs, which is what the encoder
            gets, "source" for that of the source's channels; None leaves the column as it is
        masks: adds target_ltas_valid, float32 [n, 64]: `Rows.ltas_mask` as a column, which a
            DataLoader batches
        with_provenance: also read the provenance of each row, to `Rows.provenance`

    Raises:
        Error: not a data set, not a complete one, or no such column
    """
    folder = Path(os.fsdecode(out))
    columns = [columns] if isinstance(columns, str) else columns
    if columns is not None and len(columns) == 0:
        raise ValueError("columns is empty: name one column or more, or leave it out for all")
    parts = _list_part_files(folder, split)
    read = _read_parquet if parts[0].suffix == ".parquet" else _read_jsonl
    values = read(parts, columns)
    provenance = None
    if with_provenance or loudness is not None or masks:
        member = {"source": "lufs_source", "mix": "lufs_mono", None: ""}.get(loudness)
        if member is None:
            raise Error(f"loudness must be 'source' or 'mix', not '{loudness}'", "usage")
        provenance = list(_iter_provenance(folder, parts))
        n_rows = len(next(iter(values.values()), ()))
        if len(provenance) != n_rows:
            raise Error(f"'{out}' has {n_rows} rows and {len(provenance)} lines of provenance", "format")
        if member and "target_lufs" in values:
            values["target_lufs"] = np.array([line[member] for line in provenance], np.float32)
        if masks:
            values["target_ltas_valid"] = valid_bands(provenance).astype(np.float32)
    if not with_provenance:
        provenance = None
    try:
        from patina._torch import TorchRows
    except ImportError:
        return Rows(values, provenance)
    return TorchRows(values, provenance)
