# SPDX-License-Identifier: MIT
"""patina.Model: CLAP embeddings, bit for bit those that generate writes to fused_state."""

from __future__ import annotations

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, List, Literal, Sequence

import numpy as np
from numpy.typing import NDArray

from patina import _abi, _inputs, _native
from patina._inputs import AudioInput, check_range
from patina._subprocess import find_model

_EMBEDDING_SIZE = _abi.CONSTANTS["PATINA_EMBEDDING_SIZE"]


def _is_batch(sound: Any) -> bool:
    """Whether the argument is several sounds: a list of arrays or files, an array or column of a table with
    such objects, or [batch, frames, channels]."""
    if isinstance(sound, (list, tuple)):
        return not sound or _inputs.is_file(sound[0]) or getattr(sound[0], "ndim", 0) > 0
    return getattr(sound, "ndim", 0) == 3 or getattr(getattr(sound, "dtype", None), "kind", "f") in "OTU"


class Model:
    """A CLAP model: the path of a folder or checkpoint, or the name of a model of the Hugging Face hub
    that was fetched. Thread-safe; can be pickled, which opens the model again.

    Args:
        model: path or name
        isa: instruction set of the kernels
        precision: number format of the matrix products
        threads: threads for lists; all CPUs of the process by default
    """

    def __init__(self, model: str | os.PathLike[str], *,
                 isa: Literal["auto", "c", "avx2", "avx512"] = "auto",
                 precision: Literal["f32", "bf16", "auto"] = "f32", threads: int | None = None) -> None:
        self._arguments = (model, isa, precision, threads)
        self._threads = len(os.sched_getaffinity(0)) if threads is None else check_range("threads", threads, 4096)
        set_, bits = ctypes.c_uint(), ctypes.c_uint()
        _native.call("patina_isa_parse", isa.encode(), ctypes.byref(set_))
        _native.call("patina_precision_parse", precision.encode(), set_, ctypes.byref(bits))
        self._clap = _native.Handle("patina_clap_open", "patina_clap_close",
                                    _inputs.encode_path(find_model(model)),
                                    _abi.CONSTANTS["PATINA_CLAP_BOTH"], set_, bits)

    def __reduce__(self) -> Any:
        model, isa, precision, threads = self._arguments
        return _reopen, (model, isa, precision, threads)

    def __repr__(self) -> str:
        return f"patina.Model({os.fsdecode(self._arguments[0])!r})"

    def _embed(self, function: str, *what: object) -> NDArray[np.float32]:
        row = np.empty(_EMBEDDING_SIZE, np.float32)
        _native.call(function, self._clap.pointer, *what, row.ctypes.data, None)
        return row

    def _embed_all(self, function: Callable[[Any], NDArray[np.float32]], items: Sequence[Any]
                   ) -> NDArray[np.float32]:
        rows: List[NDArray[np.float32]] = []
        if items:
            with ThreadPoolExecutor(max(1, min(self._threads, len(items)))) as pool:
                rows = list(pool.map(function, items))
        return np.array(rows, np.float32).reshape(-1, _EMBEDDING_SIZE)

    def embed_text(self, captions: str | Sequence[str]) -> NDArray[np.float32]:
        """Embeds a caption, float32 [512], or several, [n, 512]. Each has Euclidean length 1."""
        return self._embed_caption(captions) if isinstance(captions, str) else (
            self._embed_all(self._embed_caption, list(captions)))

    def _embed_caption(self, caption: Any) -> NDArray[np.float32]:
        if not isinstance(caption, str):
            raise TypeError(f"a caption must be a str, not {type(caption).__name__}")
        text = caption.encode()
        return self._embed("patina_clap_embed_text", text, len(text))

    def embed_audio(self, sound: AudioInput | Sequence[AudioInput], rate: int | None = None, *,
                    sample_rate: int | None = None, sr: int | None = None, channels_first: bool = False,
                    start_frame: int = 0) -> NDArray[np.float32]:
        """Embeds at most 10 s of audio from start_frame, float32 [512] of Euclidean length 1; or several
        sounds, [n, 512].

        Args:
            sound: samples [frames] or [frames, channels], floats with full scale 1.0 or int8, int16, int32;
                or the path of an audio file, its bytes, or a binary file object; or a list of these,
                an array or column of paths, or an array [batch, frames, channels]
            rate: sampling rate of the samples in Hz; not for a file
            sample_rate: the same as rate
            sr: the same as rate
            channels_first: the samples are [channels, frames] or [batch, channels, frames]
            start_frame: first frame
        """
        hz = _inputs.pick_rate(rate, sample_rate, sr)
        first = check_range("start_frame", start_frame, 2**63 - 1)

        def embed_one(one: Any) -> NDArray[np.float32]:
            if _inputs.is_file(one):
                _inputs.refuse_rate(hz)
                with _inputs.open_file(one) as path:
                    return self._embed("patina_file_embed", path, first)
            audio, array = _inputs.to_audio(one, _inputs.require_rate(hz, "embed_audio"), channels_first)
            return self._embed("patina_buffer_embed", ctypes.byref(audio), first)

        if hasattr(sound, "__next__") and not _inputs.is_file(sound):
            sound = list(sound)  # type: ignore[arg-type]
        return self._embed_all(embed_one, list(sound)) if _is_batch(sound) else embed_one(sound)  # type: ignore


def _reopen(model: Any, isa: Any, precision: Any, threads: Any) -> Model:
    return Model(model, isa=isa, precision=precision, threads=threads)
