# SPDX-License-Identifier: MIT
"""patina.measure and patina.degrade: the library's functions for samples and files."""

from __future__ import annotations

import ctypes
import functools
import json
import os
from dataclasses import dataclass
from typing import Any, Literal, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patina import _abi, _native

Sound = Union[ArrayLike, str, "os.PathLike[str]"]

_ALL_FRAMES = 2**64 - 1  # PATINA_FRAMES_TO_END


@dataclass(frozen=True)
class Targets:
    """The physical targets of audio; docs/MEASURES.md defines them.

    Attributes:
        ltas: float64 [64], dBFS in sixth-octave bands from 14 Hz to 22.4 kHz
        lufs: loudness of the source's channels, LUFS
        lufs_mono: loudness of the mono mix, LUFS
        crest_db: sample peak over RMS of the mix, dB
        zcr: zero crossings for each sample of the mix, 0 to 1
    """

    ltas: NDArray[np.float64]
    lufs: float
    lufs_mono: float
    crest_db: float
    zcr: float


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


def is_path(sound: Sound) -> bool:
    return isinstance(sound, (str, os.PathLike))


def path_bytes(path: Any) -> bytes:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path with a NUL in it")
    return encoded


def to_audio(sound: Any, rate: int | None, first: int = 0, last: int | None = None
             ) -> Tuple[Any, NDArray[np.float32]]:
    """Returns a patina_audio of the frames first to last, and the array of its samples, which must
    outlive it."""
    if rate is None:
        raise TypeError("an array needs its sampling rate: measure(samples, rate)")
    array = np.asarray(sound)
    if array.dtype.kind != "f":
        raise TypeError(f"samples are floats with full scale 1.0, not {array.dtype}; 16-bit integers "
                        "are divided by 32768")
    if array.ndim not in (1, 2):
        raise ValueError(f"samples are [frames] or [frames, channels], not of shape {array.shape}")
    if array.ndim == 2 and array.shape[1] > 64 >= array.shape[0]:
        raise ValueError(f"samples are [frames, channels]; this array of shape {array.shape} looks "
                         "transposed")
    if not 0 <= int(rate) < 2**32 or int(rate) != rate:
        raise ValueError(f"a sampling rate is a whole number of Hz, not {rate}")
    array = np.ascontiguousarray(array[first:last], dtype=np.float32)
    channels = array.shape[1] if array.ndim == 2 else 1
    audio = _native.new("patina_audio", samples=array.ctypes.data, n_frames=len(array),
                        n_channels=channels, rate_hz=int(rate))
    return audio, array


def check_range(name: str, number: int, maximum: int) -> int:
    """Returns the number as int. ctypes truncates numbers that are too large."""
    if not 0 <= number <= maximum or int(number) != number:
        raise ValueError(f"{name} is a whole number from 0 to {maximum}, not {number}")
    return int(number)


@functools.lru_cache(maxsize=1)
def _meter() -> _native.Handle:
    return _native.Handle("patina_meter_open", None)


@functools.lru_cache(maxsize=8)
def _open_effect_config(text: str | None) -> _native.Handle:
    return _native.Handle("patina_effect_config_open", "patina_effect_config_close", text.encode() if text else None)


def measure(sound: Sound, rate: int | None = None, *, start_frame: int = 0,
            frames: int | None = None) -> Targets:
    """Measures audio as generate measures a clip, over its whole length.

    Args:
        sound: float samples [frames] or [frames, channels] with full scale 1.0, or the path of an
            audio file
        rate: sampling rate of the samples in Hz, 4000 to 384000; not for a file
        start_frame: first frame
        frames: number of frames; all that follow by default

    Raises:
        Error: with the reason for which generate rejects it ("too_short", "silent" ...)
    """
    targets = _native.new("patina_targets")
    first = check_range("start_frame", start_frame, 2**63 - 1)
    if is_path(sound):
        if rate is not None:
            raise TypeError("a file has its own sampling rate")
        n = _ALL_FRAMES if frames is None else check_range("frames", frames, 2**63 - 1)
        window = _native.new("patina_window")
        _native.call("patina_file_measure", _meter().pointer, path_bytes(sound), first, n,
                     ctypes.byref(window), ctypes.byref(targets))
    else:
        last = None if frames is None else first + check_range("frames", frames, 2**63 - 1)
        audio, array = to_audio(sound, rate, first, last)
        _native.call("patina_buffer_measure", _meter().pointer, ctypes.byref(audio),
                     ctypes.byref(targets))
    return Targets(np.array(targets.ltas), targets.lufs_source, targets.lufs_mono,
                   targets.crest_db, targets.zcr)


def _effect_config_json(suite: Any) -> str | None:
    if suite is None:
        return None
    if isinstance(suite, Mapping):
        return json.dumps(suite)
    with open(suite, encoding="utf-8") as file:
        return file.read()


def _to_degraded(degraded: Any) -> Degraded:
    n = degraded.n_samples
    samples_ptr = ctypes.cast(degraded.samples, ctypes.POINTER(ctypes.c_float))
    samples = np.ctypeslib.as_array(samples_ptr, shape=(n,)).copy()
    recipe = json.loads(ctypes.string_at(degraded.provenance_json))
    return Degraded(samples, recipe, recipe["purity_db"])


def degrade(sound: Sound, rate: int | None = None, *, seed: int | None = None,
            recipe: Mapping[str, Any] | str | None = None, entry: str | None = None,
            variant: int = 0, order: Literal["physical", "random"] = "physical",
            suite: Mapping[str, Any] | str | os.PathLike[str] | None = None) -> Degraded:
    """Degrades audio as generate does, or replays a recipe.

    Audio longer than 10 s is cut to a window of 10 s, drawn or from the recipe. The window is mixed to
    mono and resampled to 48 kHz. All draws depend on seed, entry and variant only.

    Args:
        sound: float samples [frames] or [frames, channels] with full scale 1.0, or the path of an
            audio file
        rate: sampling rate of the samples in Hz; not for a file
        seed: seed of the draws, 0 to 2^63 - 1 (default 0)
        recipe: recipe to replay: an earlier `Degraded.recipe`, or a line of a data set's provenance,
            as a dict or as JSON; excludes all arguments that follow, and seed
        entry: id of the entry in generate (default: the file's name, or "array")
        variant: number of the row of this entry, 0 to 2^24 - 1
        order: order of the effects
        suite: degradation configuration, as a dict or the path of a JSON file

    Raises:
        Error: with the reason
    """
    if recipe is not None and (seed, entry, variant, order, suite) != (None, None, 0, "physical",
                                                                        None):
        raise TypeError("a recipe holds all that is drawn: nothing else can be given with it")
    if entry is None:
        entry = os.path.basename(os.fsdecode(sound)) if is_path(sound) else "array"  # type: ignore
    if order not in ("physical", "random"):
        raise ValueError(f"order is 'physical' or 'random', not '{order}'")
    plan = _open_effect_config(_effect_config_json(suite))
    if is_path(sound):
        if rate is not None:
            raise TypeError("a file has its own sampling rate")
        kind, source = "patina_file_", path_bytes(sound)  # type: str, Any
    else:
        audio, array = to_audio(sound, rate)
        kind, source = "patina_buffer_", ctypes.byref(audio)

    degraded, parsed = _native.new("patina_degraded"), _native.new("patina_recipe")
    try:
        if recipe is not None:
            text = recipe if isinstance(recipe, str) else json.dumps(recipe)
            _native.call("patina_recipe_from_json", text.encode(), ctypes.byref(parsed))
            _native.call(kind + "replay", plan.pointer, source, ctypes.byref(parsed),
                         ctypes.byref(degraded))
        else:
            if "\0" in entry:
                raise ValueError("an entry's id has no NUL in it")
            _native.call(kind + "degrade", plan.pointer, source,
                         check_range("seed", seed or 0, 2**63 - 1), entry.encode(),
                         check_range("variant", variant, 2**24 - 1),
                         _abi.CONSTANTS["PATINA_EFFECT_ORDER_" + order.upper()], ctypes.byref(degraded))
        return _to_degraded(degraded)
    finally:
        _native.release("patina_recipe_release", parsed)
        _native.release("patina_degraded_release", degraded)
