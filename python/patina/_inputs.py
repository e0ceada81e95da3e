# SPDX-License-Identifier: MIT
"""Audio arguments: arrays of any layout and number format, tensors, files, file objects and bytes."""

from __future__ import annotations

import contextlib
import io
import json
import os
from typing import Any, BinaryIO, Iterator, Mapping, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from patina import _native

AudioInput = Union[ArrayLike, str, "os.PathLike[str]", bytes, BinaryIO]
JsonInput = Union[Mapping[str, Any], str, "os.PathLike[str]"]

CHANNELS_MAX = 64

_FULL_SCALE = {"int8": 2.0**7, "int16": 2.0**15, "int32": 2.0**31}


def is_file(sound: Any) -> bool:
    """Whether the argument is encoded audio: a path, bytes, or a binary file object."""
    return isinstance(sound, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(sound, "read")


def file_name(sound: Any) -> str:
    """The name of encoded audio in messages and as the id of an entry."""
    if isinstance(sound, (str, os.PathLike)):
        return os.path.basename(os.fsdecode(sound))
    name = getattr(sound, "name", None)
    return os.path.basename(name) if isinstance(name, str) else "bytes"


def encode_path(path: Any) -> bytes:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path must not contain a NUL")
    return encoded


@contextlib.contextmanager
def open_file(sound: Any) -> Iterator[bytes]:
    """The path of encoded audio. Bytes and file objects get a file in memory."""
    if isinstance(sound, (str, os.PathLike)):
        yield encode_path(sound)
        return
    if isinstance(sound, io.TextIOBase):
        raise TypeError("the file object returns text: open it in binary mode, open(path, 'rb')")
    data = sound.read() if hasattr(sound, "read") else sound
    if not data and hasattr(sound, "seekable") and sound.seekable() and sound.tell() > 0:
        raise ValueError(f"the file object '{file_name(sound)}' is at its end: call seek(0) first")
    descriptor = os.memfd_create("patina")
    path = f"/proc/self/fd/{descriptor}"
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield path.encode()
    except _native.Error as error:
        raise _native.Error(str(error).replace(path, file_name(sound)), error.reason) from None
    finally:
        os.close(descriptor)


def pick_rate(rate: int | None, sample_rate: int | None, sr: int | None) -> int | None:
    """The sampling rate under any of its three names."""
    given = [value for value in (rate, sample_rate, sr) if value is not None]
    if len(given) > 1:
        raise TypeError("rate, sample_rate and sr are the same argument: pass only one of them")
    if not given:
        return None
    return check_range("a sampling rate", given[0], 2**32 - 1)


def require_rate(rate: int | None, function: str) -> int:
    if rate is None:
        raise TypeError(f"the sampling rate of the array is missing: call {function}(samples, sample_rate)")
    return rate


def refuse_rate(rate: int | None) -> None:
    if rate is not None:
        raise TypeError("a file has its own sampling rate: omit the argument")


def to_numpy(sound: Any) -> NDArray[Any]:
    """An array or tensor as a NumPy array, in its own number format where NumPy has it."""
    if hasattr(sound, "detach"):  # a torch.Tensor
        sound = sound.float() if str(sound.dtype) == "torch.bfloat16" else sound
        return np.asarray(sound.numpy(force=True))
    array = np.asarray(sound)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def to_float(array: NDArray[Any]) -> NDArray[Any]:
    """Samples as floats with full scale 1.0. Signed integers are divided by half their range."""
    if array.dtype.kind == "f":
        return array
    if array.dtype.name not in _FULL_SCALE:
        raise TypeError("samples must be float16, bfloat16, float32 or float64 with full scale 1.0, or int8, int16 or "
                        f"int32, not {array.dtype}")
    return array / _FULL_SCALE[array.dtype.name]


def from_float(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Floats with full scale 1.0 in another number format; integers are rounded and limited."""
    dtype = np.dtype(dtype)
    if dtype.name not in _FULL_SCALE:
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    scaled = np.rint(values.astype(np.float64) * _FULL_SCALE[dtype.name])
    return np.clip(scaled, limits.min, limits.max).astype(dtype)


def check_channels(array: NDArray[Any], n_channels: int, n_frames: int, channels_first: bool) -> None:
    if n_channels > CHANNELS_MAX >= n_frames:
        layout, other = ("[channels, frames]", False) if channels_first else ("[frames, channels]", True)
        raise ValueError(f"samples must be {layout}; this array of shape {array.shape} looks transposed: pass "
                         f"samples.T or channels_first={other}")


def to_frames(sound: Any, channels_first: bool) -> NDArray[Any]:
    """Samples as floats, [frames] or [frames, channels]."""
    array = to_float(to_numpy(sound))
    if array.ndim not in (1, 2):
        raise ValueError(f"samples must have shape [frames] or [frames, channels], not {array.shape}")
    if array.ndim == 2:
        check_channels(array, array.shape[0 if channels_first else 1], array.shape[1 if channels_first else 0],
                       channels_first)
        array = array.T if channels_first else array
    return array


def to_audio(sound: Any, rate: int, channels_first: bool = False, first: int = 0, last: int | None = None
             ) -> Tuple[Any, NDArray[np.float32]]:
    """Returns a patina_audio of the frames first to last, and the array of its samples, which must
    outlive it."""
    array = np.ascontiguousarray(to_frames(sound, channels_first)[first:last], dtype=np.float32)
    channels = array.shape[1] if array.ndim == 2 else 1
    audio = _native.new("patina_audio", samples=array.ctypes.data, n_frames=len(array),
                        n_channels=channels, rate_hz=rate)
    return audio, array


def check_range(name: str, number: Any, maximum: int) -> int:
    """Returns the number as int. ctypes truncates numbers that are too large."""
    message = f"{name} must be a whole number from 0 to {maximum}, not {number!r:.60}"
    try:
        whole = int(number)
    except TypeError:
        raise TypeError(message) from None
    except (ValueError, OverflowError):  # NaN, infinity
        raise ValueError(message) from None
    if not 0 <= whole <= maximum or whole != number:
        raise ValueError(message)
    return whole


def _to_plain(value: Any) -> Any:
    """Paths, and numbers and arrays of NumPy and PyTorch, as those of json."""
    if isinstance(value, (os.PathLike, bytes)):
        return os.fsdecode(value)
    if not hasattr(value, "tolist"):
        raise TypeError(f"a {type(value).__name__} cannot be written as JSON")
    return value.tolist()


def to_json(value: Any) -> str:
    return json.dumps(value, default=_to_plain)


def json_text(name: str, value: JsonInput) -> str:
    """The text of a JSON object that is given as a dict, as JSON, or as the path of a file with it."""
    if isinstance(value, Mapping):
        return to_json(dict(value))
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return value
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a dict, JSON text or the path of a file, not {type(value).__name__}")
    try:
        with open(value, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise _native.Error(f"{name}: file '{os.fsdecode(value)}': {error.strerror}", "io") from None
    except UnicodeDecodeError:
        raise _native.Error(f"{name}: file '{os.fsdecode(value)}' is not text in UTF-8", "format") from None
