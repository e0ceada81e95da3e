# SPDX-License-Identifier: MIT
"""Rows in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, List, Sequence

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas
    from torch.utils.data import Dataset

    _Base = Dataset[dict[str, Any]]  # load() returns a subclass that is one, if PyTorch is installed
else:
    _Base = object

LTAS_EDGES_HZ: NDArray[np.float64] = np.power(10.0, 1.15 + 0.05 * np.arange(65), dtype=np.float64)
LTAS_CENTERS_HZ: NDArray[np.float64] = np.power(10.0, 1.175 + 0.05 * np.arange(64), dtype=np.float64)


def valid_bands(provenance: Sequence[dict[str, Any]]) -> NDArray[np.bool_]:
    """The bands of target_ltas that have content of the recording, bool [n, 64].

    A band is valid if it begins below half of the source's rate and, where provenance has
    source_quality.bandwidth_hz, ends at or below that bandwidth.

    Args:
        provenance: lines of provenance, parsed
    """
    rates = np.array([line["window"]["rate_hz"] for line in provenance], np.float64).reshape(-1, 1)
    found = [(line.get("source_quality") or {}).get("bandwidth_hz") for line in provenance]
    widths = np.array([np.inf if width is None else width for width in found], np.float64).reshape(-1, 1)
    mask: NDArray[np.bool_] = (LTAS_EDGES_HZ[:-1] < rates / 2) & (LTAS_EDGES_HZ[1:] <= widths)
    return mask


class Row(dict):  # type: ignore[type-arg]
    """One row: a dict of its columns."""


class Batch:
    """Rows that are gathered together: a sequence of dicts that a DataLoader collates without a loop over
    the rows. `columns` has whole columns."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, index: int) -> Row:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return Row({name: values[index] for name, values in self.columns.items()})

    def __iter__(self) -> Iterator[Row]:
        return (self[index] for index in range(len(self)))


class Rows(_Base):  # type: ignore[misc,valid-type,unused-ignore]
    """The rows of a data set: rows[i] is a dict of one row's columns, rows["target_lufs"] is a whole
    column, float32 [n] or [n, length], rows[a:b] a dict of parts of all columns.

    Attributes:
        columns: all columns
        provenance: with load(with_provenance=True) the provenance of each row, a list of dicts
    """

    def __init__(self, columns: dict[str, Any], provenance: List[dict[str, Any]] | None = None) -> None:
        self.columns = columns
        self._provenance = provenance

    @property
    def provenance(self) -> List[dict[str, Any]]:
        if self._provenance is None:
            raise AttributeError("the provenance was not loaded: use patina.load(out, with_provenance=True)")
        return self._provenance

    @property
    def ltas_mask(self) -> Any:
        """bool [n, 64]: the bands of target_ltas that have content of the recording, by its rate and bandwidth.
        Leave the other bands out of a loss. Needs load(masks=True) or load(with_provenance=True); with masks the
        same mask is the column target_ltas_valid."""
        if "target_ltas_valid" in self.columns:
            return self.columns["target_ltas_valid"] > 0
        if self._provenance is None:
            raise AttributeError("the valid bands were not loaded: use patina.load(out, masks=True)")
        return self._wrap(valid_bands(self._provenance))

    @staticmethod
    def _wrap(values: NDArray[Any]) -> Any:
        return values

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __repr__(self) -> str:
        columns = ", ".join(f"{name} {list(values.shape[1:]) or ''}".rstrip()
                            for name, values in self.columns.items())
        return f"<patina.Rows: {len(self)} rows of {columns}>"

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            return self.columns[index]
        return {name: values[index] for name, values in self.columns.items()}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The rows of a batch; PyTorch's DataLoader calls it."""
        index = np.asarray(indices, np.intp)
        return Batch({name: values.take(index, axis=0) for name, values in self.columns.items()})

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame; list columns have an array in each cell."""
        import pandas as pd
        return pd.DataFrame({name: values if len(values.shape) == 1 else list(np.asarray(values))
                             for name, values in self.columns.items()})

    def to_numpy(self) -> Rows:
        """The same rows as NumPy arrays, which share the memory."""
        return Rows({name: np.asarray(values) for name, values in self.columns.items()}, self._provenance)

    def to_torch(self) -> Rows:
        """The same rows as a torch.utils.data.Dataset of tensors, which share the memory."""
        from patina._torch import TorchRows
        return TorchRows(self.to_numpy().columns, self._provenance)
