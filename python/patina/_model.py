# SPDX-License-Identifier: MIT
"""patina.Model: CLAP embeddings, bit for bit those that generate writes to fused_state."""

from __future__ import annotations

import ctypes
import os
from typing import Literal, Sequence

import numpy as np
from numpy.typing import NDArray

from patina import _abi, _native
from patina._audio import Sound, to_audio, check_range, is_path, path_bytes

_EMBEDDING_SIZE = _abi.CONSTANTS["PATINA_EMBEDDING_SIZE"]


class Model:
    """A CLAP model: a folder of the Hugging Face hub, or a checkpoint file. Thread-safe.

    Args:
        folder: path of the model
        isa: instruction set of the kernels
        precision: number format of the matrix products
    """

    def __init__(self, folder: str | os.PathLike[str], *,
                 isa: Literal["auto", "c", "avx2", "avx512"] = "auto",
                 precision: Literal["f32", "bf16", "auto"] = "f32") -> None:
        set_, bits = ctypes.c_uint(), ctypes.c_uint()
        _native.call("patina_isa_parse", isa.encode(), ctypes.byref(set_))
        _native.call("patina_precision_parse", precision.encode(), set_, ctypes.byref(bits))
        self._clap = _native.Handle("patina_clap_open", "patina_clap_close", path_bytes(folder),
                                    _abi.CONSTANTS["PATINA_CLAP_BOTH"], set_, bits)

    def _embed(self, function: str, *what: object) -> NDArray[np.float32]:
        row = np.empty(_EMBEDDING_SIZE, np.float32)
        _native.call(function, self._clap.pointer, *what, row.ctypes.data, None)
        return row

    def embed_text(self, captions: str | Sequence[str]) -> NDArray[np.float32]:
        """Embeds a caption, float32 [512], or several, [n, 512]. Each has Euclidean length 1."""
        if isinstance(captions, str):
            text = captions.encode()
            return self._embed("patina_clap_embed_text", text, len(text))
        return np.array([self.embed_text(one) for one in captions],
                        np.float32).reshape(-1, _EMBEDDING_SIZE)

    def embed_audio(self, sound: Sound, rate: int | None = None, *,
                    start_frame: int = 0) -> NDArray[np.float32]:
        """Embeds at most 10 s of audio from start_frame, float32 [512] of Euclidean length 1.

        Args:
            sound: float samples [frames] or [frames, channels] with full scale 1.0, or the path of
                an audio file
            rate: sampling rate of the samples in Hz; not for a file
            start_frame: first frame
        """
        first = check_range("start_frame", start_frame, 2**63 - 1)
        if is_path(sound):
            if rate is not None:
                raise TypeError("a file has its own sampling rate")
            return self._embed("patina_file_embed", path_bytes(sound), first)
        audio, array = to_audio(sound, rate)
        return self._embed("patina_buffer_embed", ctypes.byref(audio), first)
