# SPDX-License-Identifier: MIT
"""Rows and transforms for PyTorch; imported only if PyTorch is installed. The classes are in a module, so that
the workers of a DataLoader can unpickle them."""

from __future__ import annotations

from typing import Any, List, Sequence

import numpy as np
import torch
import torch.utils.data
from torch.utils.data._utils.collate import default_collate_fn_map

from patina._degrade import Degrade
from patina._rows import Batch, Row, Rows


class TorchRow(Row):
    """A row whose batches need no collation."""


class TorchBatch(Batch):
    def __getitem__(self, index: int) -> TorchRow:
        return TorchRow(super().__getitem__(index))


def _to_tensor(values: Any) -> Any:
    """Text, the column `id`, has no tensor."""
    return values if values.dtype.kind == "U" else torch.from_numpy(values)


def _collate(batch: Any, *, collate_fn_map: Any = None) -> dict[str, Any]:
    if isinstance(batch, TorchBatch):
        return batch.columns
    return {name: [row[name] for row in batch] if isinstance(value, str) else
            torch.stack([row[name] for row in batch]) for name, value in batch[0].items()}


default_collate_fn_map[TorchRow] = _collate


class TorchRows(Rows, torch.utils.data.Dataset):  # type: ignore[type-arg,misc,unused-ignore]
    """Rows as tensors, which share the memory of the arrays."""

    def __init__(self, columns: dict[str, Any], provenance: List[dict[str, Any]] | None = None) -> None:
        super().__init__({name: _to_tensor(values) for name, values in columns.items()}, provenance)

    @staticmethod
    def _wrap(values: Any) -> Any:
        return torch.from_numpy(values)

    def __getitem__(self, index: Any) -> Any:
        return Rows.__getitem__(self, index)

    def __getitems__(self, indices: Sequence[int]) -> TorchBatch:
        # NumPy gathers rows faster than torch, whose threads wait for each other on a busy machine. One
        # conversion of the list for all columns doubles the rate.
        index = np.asarray(indices, np.intp)
        return TorchBatch({name: values.take(index).tolist() if isinstance(values, np.ndarray) else
                           torch.from_numpy(values.numpy().take(index, axis=0))
                           for name, values in self.columns.items()})


class TorchDegrade(Degrade, torch.nn.Module):  # type: ignore[misc,unused-ignore]
    """A Degrade that is a module, for torch.nn.Sequential and hooks."""

    __call__ = torch.nn.Module.__call__
    forward = Degrade.__call__
