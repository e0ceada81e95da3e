# SPDX-License-Identifier: MIT
"""Rows for PyTorch; imported only where it is installed. A class of a module, so that the workers of
a DataLoader can unpickle it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.utils.data
from numpy.typing import NDArray

from patina._rows import Rows


class TorchRows(Rows, torch.utils.data.Dataset):  # type: ignore[type-arg,misc]
    """Rows as tensors, which share the memory of the arrays."""

    def __init__(self, columns: dict[str, NDArray[np.float32]]) -> None:
        super().__init__({name: torch.from_numpy(values)  # type: ignore[misc]
                          for name, values in columns.items()})

    def __getitem__(self, index: Any) -> Any:
        return Rows.__getitem__(self, index)
