# SPDX-License-Identifier: MIT
"""patina.Model: CLAP embeddings, the bits that generate writes into fused_state."""

from __future__ import annotations

import ctypes
import os
from typing import Literal, Sequence

import numpy as np
from numpy.typing import NDArray

from patina import _abi, _native
from patina._sound import Sound, audio_of, in_range, is_file, path_bytes

_SIZE = _abi.CONSTANTS["PT_EMBEDDING"]


class Model:
    """A CLAP checkpoint as Hugging Face stores it. Any number of threads may share one."""

    def __init__(self, folder: str | os.PathLike[str], *,
                 isa: Literal["auto", "c", "avx2", "avx512"] = "auto",
                 precision: Literal["f32", "bf16", "auto"] = "f32") -> None:
        set_, bits = ctypes.c_uint(), ctypes.c_uint()
        _native.call("pt_isa_parse", isa.encode(), ctypes.byref(set_))
        _native.call("pt_precision_parse", precision.encode(), set_, ctypes.byref(bits))
        self._clap = _native.Handle("pt_clap_open", "pt_clap_close", path_bytes(folder),
                                    _abi.CONSTANTS["PT_CLAP_BOTH"], set_, bits)

    def _embed(self, function: str, *what: object) -> NDArray[np.float32]:
        row, scratch = np.empty(_SIZE, np.float32), _native.new("pt_arena")
        try:
            _native.call(function, self._clap.pointer, *what, row.ctypes.data,
                         ctypes.byref(scratch))
        finally:
            _native.release("pt_arena_release", scratch)
        return row

    def embed_text(self, captions: str | Sequence[str]) -> NDArray[np.float32]:
        """Embeds a caption to [512], or several to [n, 512]; each of length 1."""
        if isinstance(captions, str):
            text = captions.encode()
            return self._embed("pt_clap_embed_text", text, len(text))
        return np.array([self.embed_text(one) for one in captions],
                        np.float32).reshape(-1, _SIZE)

    def embed_audio(self, sound: Sound, rate: int | None = None, *,
                    start_frame: int = 0) -> NDArray[np.float32]:
        """Embeds 10 s of samples (with their rate) or of a file, from start_frame on, to [512]."""
        first = in_range("start_frame", start_frame, 2**63 - 1)
        if is_file(sound):
            if rate is not None:
                raise TypeError("a file has its own sampling rate")
            return self._embed("pt_file_embed", path_bytes(sound), first)
        audio, array = audio_of(sound, rate)
        return self._embed("pt_sound_embed", ctypes.byref(audio), first)
