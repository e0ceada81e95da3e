# SPDX-License-Identifier: MIT
"""patina.measure and patina.degrade: the library's functions for samples and files."""

from __future__ import annotations

import ctypes
import functools
import json
from dataclasses import astuple, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from patina import _abi, _inputs, _native
from patina._inputs import AudioInput, JsonInput, check_range

_ALL_FRAMES = 2**64 - 1  # PATINA_FRAMES_TO_END


@dataclass(frozen=True, eq=False)
class Targets:
    """The physical targets of audio; docs/MEASURES.md defines them.

    Attributes:
        ltas: float64 [64], dBFS in sixth-octave bands from 14 Hz to 22.4 kHz
        lufs: loudness of the source's channels, LUFS
        lufs_mono: loudness of the mono mix, LUFS
        crest_db: sample peak over RMS of the mix, dB
        zcr: zero crossings for each sample of the mix, 0 to 1
        source_quality: bandwidth_hz, flat_run, peak_share, peak_dbfs, noise_floor_dbfs, silent_share; of a file
            also codec, lossy and bits
    """

    ltas: NDArray[np.float64]
    lufs: float
    lufs_mono: float
    crest_db: float
    zcr: float
    source_quality: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Targets) and np.array_equal(self.ltas, other.ltas) and (
            astuple(self)[1:] == astuple(other)[1:])


class Degraded(NamedTuple):
    """A degraded copy.

    Attributes:
        samples: float32 [n], mono at 48 kHz: the input of the audio encoder
        recipe: the drawn effects and the derived values; `degrade` makes the same samples from it
        purity_db: signal over noise and distortion, -30 to 50 dB
    """

    samples: NDArray[np.float32]
    recipe: dict[str, Any]
    purity_db: float


@functools.lru_cache(maxsize=1)
def _meter() -> _native.Handle:
    return _native.Handle("patina_meter_open", None)


@functools.lru_cache(maxsize=8)
def open_effect_config(text: str | None) -> _native.Handle:
    return _native.Handle("patina_effect_config_open", "patina_effect_config_close",
                          text.encode() if text else None)


def measure(sound: AudioInput, rate: int | None = None, *, sample_rate: int | None = None,
            sr: int | None = None, channels_first: bool = False, start_frame: int = 0,
            frames: int | None = None) -> Targets:
    """Measures audio as generate measures a clip, over its whole length.

    Args:
        sound: samples [frames] or [frames, channels], floats with full scale 1.0 or int8, int16, int32;
            or the path of an audio file, its bytes, or a binary file object
        rate: sampling rate of the samples in Hz, 4000 to 384000; not for a file
        sample_rate: the same as rate
        sr: the same as rate
        channels_first: the samples are [channels, frames]
        start_frame: first frame
        frames: number of frames; all that follow by default

    Raises:
        Error: with the reason for which generate rejects it ("too_short", "silent" ...)
    """
    targets = _native.new("patina_targets")
    rate = _inputs.pick_rate(rate, sample_rate, sr)
    first = check_range("start_frame", start_frame, 2**63 - 1)
    n = None if frames is None else check_range("frames", frames, 2**63 - 1)
    if _inputs.is_file(sound):
        _inputs.refuse_rate(rate)
        window = _native.new("patina_window")
        with _inputs.open_file(sound) as path:
            _native.call("patina_file_measure", _meter().pointer, path, first,
                         _ALL_FRAMES if n is None else n, ctypes.byref(window), ctypes.byref(targets))
    else:
        audio, array = _inputs.to_audio(sound, _inputs.require_rate(rate, "measure"), channels_first, first,
                                        None if n is None else first + n)
        _native.call("patina_buffer_measure", _meter().pointer, ctypes.byref(audio),
                     ctypes.byref(targets))
    quality = _native.take_string("patina_source_quality_to_json", ctypes.byref(targets.quality))
    return Targets(np.array(targets.ltas), targets.lufs_source, targets.lufs_mono,
                   targets.crest_db, targets.zcr, json.loads(quality))


def _to_degraded(degraded: Any) -> Degraded:
    n = degraded.n_samples
    samples_ptr = ctypes.cast(degraded.samples, ctypes.POINTER(ctypes.c_float))
    samples = np.ctypeslib.as_array(samples_ptr, shape=(n,)).copy()
    recipe = json.loads(ctypes.string_at(degraded.provenance_json))
    return Degraded(samples, recipe, recipe["purity_db"])


def degrade(sound: AudioInput, rate: int | None = None, *, sample_rate: int | None = None,
            sr: int | None = None, channels_first: bool = False, seed: int | None = None,
            recipe: JsonInput | None = None, entry: str | None = None,
            variant: int = 0, order: Literal["physical", "random"] = "physical",
            suite: JsonInput | None = None) -> Degraded:
    """Degrades audio as generate does, or replays a recipe.

    Audio longer than 10 s is cut to a window of 10 s, drawn or from the recipe. The window is mixed to
    mono and resampled to 48 kHz. All draws depend on seed, entry and variant only. For a transform that
    keeps rate, channels and length see `Degrade`.

    Args:
        sound: samples [frames] or [frames, channels], floats with full scale 1.0 or int8, int16, int32;
            or the path of an audio file, its bytes, or a binary file object
        rate: sampling rate of the samples in Hz; not for a file
        sample_rate: the same as rate
        sr: the same as rate
        channels_first: the samples are [channels, frames]
        seed: seed of the draws, 0 to 2^63 - 1 (default 0)
        recipe: recipe to replay: an earlier `Degraded.recipe`, or a line of a data set's provenance,
            as a dict, as JSON, or as the path of a file; excludes all arguments that follow, and seed
        entry: id of the entry in generate (default: the file's name, or "array")
        variant: number of the row of this entry, 0 to 2^24 - 1
        order: order of the effects
        suite: degradation configuration, as a dict, as JSON, or as the path of a file

    Raises:
        Error: with the reason
    """
    if recipe is not None and (seed, entry, variant, order, suite) != (None, None, 0, "physical",
                                                                        None):
        raise TypeError("a recipe determines all draws: omit seed, entry, variant, order and suite")
    if order not in ("physical", "random"):
        raise ValueError(f"order must be 'physical' or 'random', not '{order}'")
    rate = _inputs.pick_rate(rate, sample_rate, sr)
    config = open_effect_config(None if suite is None else _inputs.json_text("suite", suite))
    if _inputs.is_file(sound):
        _inputs.refuse_rate(rate)
        entry = _inputs.file_name(sound) if entry is None else entry
        with _inputs.open_file(sound) as path:
            return _degrade("patina_file_", config, path, seed, recipe, entry, variant, order)
    audio, array = _inputs.to_audio(sound, _inputs.require_rate(rate, "degrade"), channels_first)
    entry = "array" if entry is None else entry
    return _degrade("patina_buffer_", config, ctypes.byref(audio), seed, recipe, entry, variant, order)


def _degrade(kind: str, config: _native.Handle, source: Any, seed: int | None, recipe: Any, entry: str,
             variant: int, order: str) -> Degraded:
    degraded, parsed = _native.new("patina_degraded"), _native.new("patina_recipe")
    try:
        if recipe is not None:
            _native.call("patina_recipe_from_json", _inputs.json_text("recipe", recipe).encode(), ctypes.byref(parsed))
            _native.call(kind + "replay", config.pointer, source, ctypes.byref(parsed),
                         ctypes.byref(degraded))
        else:
            if "\0" in entry:
                raise ValueError("an entry's id must not contain a NUL")
            _native.call(kind + "degrade", config.pointer, source,
                         check_range("seed", 0 if seed is None else seed, 2**63 - 1), entry.encode(),
                         check_range("variant", variant, 2**24 - 1),
                         _abi.CONSTANTS["PATINA_EFFECT_ORDER_" + order.upper()], ctypes.byref(degraded))
        return _to_degraded(degraded)
    finally:
        _native.release("patina_recipe_release", parsed)
        _native.release("patina_degraded_release", degraded)
