# SPDX-License-Identifier: MIT
"""Rows in memory, as patina.load returns them where there is no PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Rows:
    """The rows of a data set: rows[i] is a dict of one row's columns, rows["target_lufs"] is a whole
    column, float32 [n] or [n, length]."""

    def __init__(self, columns: dict[str, NDArray[np.float32]]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            return self.columns[index]
        return {name: values[index] for name, values in self.columns.items()}
