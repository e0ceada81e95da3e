# SPDX-License-Identifier: MIT
"""patina.Degrade: random degradation as a transform in a training pipeline."""

from __future__ import annotations

import ctypes
import hashlib
import json
import math
import os
import sys
import threading
from typing import Any, List, Literal, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from patina import _abi, _inputs, _native
from patina._audio import open_effect_config

_RATE = _abi.CONSTANTS["PATINA_RATE_HZ"]
_BLOCK = _abi.CONSTANTS["PATINA_WINDOW_FRAMES"]
_OVERLAP = _RATE        # of blocks; a whole second, so that the period of pops continues
_FADE = _RATE // 10     # at the end of an overlap
_GUARD_S = 0.05         # silence around a signal while it is resampled
_PURITY_MIN, _PURITY_CAP = -30.0, 50.0  # the default of generate and degrade
_VARIANTS = 2**24
_REPR_DEFAULTS = {"effects": None, "severity": None, "seed": None, "order": "physical", "sample_rate": None,
                  "channels_first": True, "return_purity": False}


def effect_names() -> List[str]:
    """The names of the effects, in physical order."""
    text = _native.take_string("patina_effects_to_json", open_effect_config(None).pointer)
    return [effect["name"] for effect in json.loads(text)]


def _next_smooth(n: int) -> int:
    """The smallest product of 2, 3 and 5 that is at least n: a fast length of an FFT."""
    products: List[int] = [3**j * 5**k for j in range(n.bit_length()) for k in range(n.bit_length())]
    return min(product << max(0, (-(-n // product) - 1).bit_length()) for product in products)


def resample(x: NDArray[np.float64], rate_in: int, rate_out: int, n_out: int) -> NDArray[np.float64]:
    """Resamples x [n] to n_out samples by a discrete Fourier transform, band-limited to the lower Nyquist
    frequency, without delay."""
    if rate_in == rate_out:
        return x[:n_out]
    divisor = math.gcd(rate_in, rate_out)
    period_in, period_out = rate_in // divisor, rate_out // divisor
    n = max(len(x), -(-n_out * rate_in // rate_out)) + 2 * int(_GUARD_S * rate_in)
    periods = _next_smooth(-(-n // period_in))
    n_in, n_all = periods * period_in, periods * period_out
    spectrum = np.fft.rfft(x, n_in)
    keep = min(n_in, n_all) // 2  # without the bin at the Nyquist frequency
    out = np.zeros(n_all // 2 + 1, complex)
    out[:keep] = spectrum[:keep]
    return np.asarray(np.fft.irfft(out, n_all)[:n_out] * (n_all / n_in))


def _stream() -> str:
    """Separates the draws of the workers of a PyTorch DataLoader, whose seeds differ and depend on the
    seed of the main process."""
    if "torch" not in sys.modules:
        return "0"
    import torch.utils.data
    info = torch.utils.data.get_worker_info()  # type: ignore[no-untyped-call,unused-ignore]
    return "0" if info is None else str(info.seed)


class Degrade:
    """A transform (samples, sample_rate) -> samples that degrades audio at random.

    It keeps sampling rate, channels, number format, length and device, and draws again for each call and
    each item of a batch. Each channel is resampled to 48 kHz, degraded and resampled back; the channels
    share the effects and have independent noise. Audio longer than 10 s is processed in overlapping
    blocks of 10 s with the same effects. The transform is not differentiable. Instances can be pickled, and
    used from several threads and in the workers of a DataLoader. If PyTorch was imported before, the instance
    is also a torch.nn.Module without parameters, for torch.nn.Sequential.

    Args:
        p: probability that an item is degraded; otherwise it is returned unchanged
        effects: names of effects that are always applied, as a list or separated by commas; by default
            a subset is drawn with the probabilities of the configuration, as in generate
        severity: "light", "medium" or "heavy": a fixed position in the range of every parameter; by
            default parameters are drawn
        suite: degradation configuration, as a dict, as JSON, or as the path of a file
        seed: 0 to 2^63 - 1; makes the sequence of draws repeatable. By default every call is seeded by
            the system. In the workers of a DataLoader the draws depend on the worker's seed as well
        order: order of the effects, if they are drawn
        sample_rate: sampling rate of calls that do not give one
        channels_first: samples are [channels, frames] or [batch, channels, frames]; False for
            [frames, channels] or [batch, frames, channels]. [frames] is accepted in any case
        return_purity: return (samples, purity_db); purity is signal over noise and distortion, from the
            powers of all channels, -30 to 50 dB, a float or float64 [batch]
    """

    def __new__(cls, *arguments: Any, **keywords: Any) -> Degrade:
        if cls is Degrade and "torch" in sys.modules:
            from patina._torch import TorchDegrade
            cls = TorchDegrade
        return super().__new__(cls)

    def __init__(self, p: float = 1.0, *, effects: str | Sequence[str] | None = None,
                 severity: Literal["light", "medium", "heavy"] | None = None,
                 suite: _inputs.JsonInput | None = None, seed: int | None = None,
                 order: Literal["physical", "random"] = "physical", sample_rate: int | None = None,
                 channels_first: bool = True, return_purity: bool = False) -> None:
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p must be a probability from 0 to 1, not {p}")
        if severity not in (None, "light", "medium", "heavy"):
            raise ValueError(f"severity must be 'light', 'medium' or 'heavy', not '{severity}'")
        if order not in ("physical", "random"):
            raise ValueError(f"order must be 'physical' or 'random', not '{order}'")
        self.p = p
        self.effects = [name.strip() for name in effects.split(",")] if isinstance(effects, str) else (
            None if effects is None else list(effects))
        self.severity = severity
        self.seed = None if seed is None else _inputs.check_range("seed", seed, 2**63 - 1)
        self.order = order
        self.sample_rate = _inputs.pick_rate(sample_rate, None, None)
        self.channels_first = channels_first
        self.return_purity = return_purity
        self._config_json = self._make_config(None if suite is None else _inputs.json_text("suite", suite))
        self._calls = 0
        self._lock = threading.Lock()
        self._config()  # reports an invalid configuration here

    def _make_config(self, text: str | None) -> str | None:
        """The configuration, in which named effects are certain."""
        if self.effects is None:
            return text
        known = effect_names()
        for name in self.effects:
            if name not in known or self.effects.count(name) > 1:
                raise ValueError(f"effect '{name}' is unknown or named twice; the effects are {', '.join(known)}")
        config = json.loads(text) if text else {}
        config["clean"] = 0
        for name in known:
            config[name] = {**config.get(name, {}), "probability": int(name in self.effects)}
        return json.dumps(config)

    def _config(self) -> _native.Handle:
        return open_effect_config(self._config_json)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        given = {name: getattr(self, name) for name in _REPR_DEFAULTS if getattr(self, name) != _REPR_DEFAULTS[name]}
        if self._config_json is not None and self.effects is None:
            given["suite"] = json.loads(self._config_json)
        return f"patina.Degrade({', '.join(f'{name}={value!r}' for name, value in {'p': self.p, **given}.items())})"

    # -- draws

    def _next_draw(self) -> Tuple[int, str, int]:
        """(seed, entry, variant) of the next item."""
        if self.seed is None:
            return int.from_bytes(os.urandom(8), "little") >> 1, "degrade", 0
        with self._lock:
            call, self._calls = self._calls, self._calls + 1
        return self.seed, f"degrade/{_stream()}/{call // _VARIANTS}", call % _VARIANTS

    def _draw_chain(self, draw: Tuple[int, str, int], n_samples: int) -> _native.Handle:
        seed, entry, variant = draw
        n_samples = min(n_samples, _BLOCK)
        chain = _native.Handle("patina_effect_chain_draw", "patina_effect_chain_close", self._config().pointer,
                               seed, entry.encode(), variant,
                               _abi.CONSTANTS["PATINA_EFFECT_ORDER_" + self.order.upper()], n_samples)
        if self.severity is None:
            return chain
        drawn = json.loads(_native.take_string("patina_effect_chain_to_json", chain.pointer))
        if not drawn:
            return chain
        names = ",".join(stage["fx"] for stage in drawn)
        return _native.Handle("patina_effect_chain_from_names", "patina_effect_chain_close",
                              self._config().pointer, names.encode(),
                              _abi.CONSTANTS["PATINA_SEVERITY_" + self.severity.upper()], seed, entry.encode(),
                              variant, n_samples)

    # -- one item

    def _apply_chain(self, chain: _native.Handle, draw: Tuple[int, str, int], entry: str, x: NDArray[np.float32]
               ) -> Tuple[NDArray[np.float64], float, float, float]:
        """A block of at most 10 s at 48 kHz: the degraded samples without the output gain, that gain, and
        the energies of signal and of noise with distortion."""
        stats = _native.new("patina_degrade_stats")
        out = np.empty_like(x)
        _native.call("patina_effect_chain_apply", self._config().pointer, chain.pointer, draw[0], entry.encode(),
                     draw[2], x.ctypes.data, len(x), out.ctypes.data, ctypes.byref(stats), None)
        gain: float = stats.output_gain
        scale = len(x) / gain**2
        return out / np.float64(gain), gain, stats.signal_power * scale, stats.rest_power * scale

    def _degrade_channel(self, chain: _native.Handle, draw: Tuple[int, str, int], channel: int,
                         x: NDArray[np.float32]) -> Tuple[NDArray[np.float64], float, float, float]:
        """A whole channel at 48 kHz; results as those of _apply_chain."""
        entry = f"{draw[1]}/{channel}"
        if len(x) <= _BLOCK:
            return self._apply_chain(chain, draw, entry, x)
        out = np.zeros(len(x))
        gain, signal, rest = 1.0, 0.0, 0.0
        fade = (np.arange(_FADE) + 0.5) / _FADE
        for block, start in enumerate(range(0, len(x) - _OVERLAP, _BLOCK - _OVERLAP)):
            piece = np.ascontiguousarray(x[start:start + _BLOCK])
            y, one_gain, one_signal, one_rest = self._apply_chain(chain, draw, f"{entry}/{block}", piece)
            first = 0 if block == 0 else _OVERLAP - _FADE
            if block > 0:
                y[first:_OVERLAP] = out[start + first:start + _OVERLAP] * (1 - fade) + y[first:_OVERLAP] * fade
            out[start + first:start + len(y)] = y[first:]
            gain, signal, rest = min(gain, one_gain), signal + one_signal, rest + one_rest
        return out, gain, signal, rest

    def _degrade_item(self, x: NDArray[np.float64], rate: int) -> Tuple[NDArray[np.float64] | None, float]:
        """x [channels, frames]; None for an item that stays as it is."""
        draw = self._next_draw()
        digest = hashlib.blake2b(f"{draw[0]}/{draw[1]}/{draw[2]}".encode(), digest_size=8).digest()
        if (int.from_bytes(digest, "little") + 0.5) / 2.0**64 >= self.p:
            return None, _PURITY_CAP
        n = x.shape[1]
        n_48k = max(1, math.floor(_RATE * n / rate + 0.5))
        chain = self._draw_chain(draw, n_48k)
        if _native.take_string("patina_effect_chain_to_json", chain.pointer) == "[]":
            return None, _PURITY_CAP
        channels = [self._degrade_channel(chain, draw, c, np.ascontiguousarray(
            resample(one, rate, _RATE, n_48k), np.float32)) for c, one in enumerate(x)]
        gain = min(one[1] for one in channels)  # one for all, which keeps their balance
        signal, rest = (sum(one[i] for one in channels) for i in (2, 3))
        out = np.stack([resample(one[0] * gain, _RATE, rate, n) for one in channels])
        if rest <= 0.0 or signal <= 0.0:
            return out, _PURITY_CAP if signal > 0.0 else _PURITY_MIN
        return out, min(_PURITY_CAP, max(_PURITY_MIN, 10 * math.log10(signal / rest)))

    # -- calls

    def __call__(self, samples: Any, sample_rate: int | None = None, *, rate: int | None = None,
                 sr: int | None = None) -> Any:
        """Degrades samples.

        Args:
            samples: array or tensor, floats with full scale 1.0 or int8, int16, int32; [frames],
                [channels, frames] or [batch, channels, frames]
            sample_rate: sampling rate in Hz, 4000 to 384000
            rate: the same as sample_rate
            sr: the same as sample_rate

        Raises:
            Error: NaN or Inf among the samples
        """
        hz = _inputs.pick_rate(rate, sample_rate, sr)
        hz = self.sample_rate if hz is None else hz
        if hz is None:
            raise TypeError("the sampling rate is missing: call with (samples, sample_rate), or construct "
                            "Degrade(sample_rate=...)")
        if not 4000 <= hz <= 384000:
            raise ValueError(f"sample_rate must be from 4000 to 384000 Hz, not {hz}")
        array = _inputs.to_numpy(samples)
        floats = _inputs.to_float(array)
        if array.ndim not in (1, 2, 3) or array.size == 0:
            raise ValueError("samples must have shape [frames], [channels, frames] or [batch, channels, frames], "
                             f"not {array.shape}")
        if array.ndim > 1:
            n_channels, n_frames = array.shape[-2:] if self.channels_first else array.shape[:-3:-1]
            _inputs.check_channels(array, n_channels, n_frames, self.channels_first)
            if n_channels > _inputs.CHANNELS_MAX:
                raise ValueError(f"{n_channels} channels are not supported; at most {_inputs.CHANNELS_MAX} are")
        items = np.asarray(floats if array.ndim == 3 else floats[None], np.float64)
        items = items[:, None] if array.ndim == 1 else items if self.channels_first else items.swapaxes(1, 2)
        out = array.copy()
        view = out if array.ndim == 3 else out[None]
        purity = np.empty(len(items))
        for i, item in enumerate(items):
            degraded, purity[i] = self._degrade_item(item, hz)
            if degraded is not None:
                shaped = degraded[0] if array.ndim == 1 else degraded if self.channels_first else degraded.T
                view[i] = _inputs.from_float(shaped, array.dtype)
        result: Any = out
        if hasattr(samples, "detach"):
            import torch
            result = torch.from_numpy(out).to(device=samples.device, dtype=samples.dtype)
        elif str(getattr(samples, "dtype", "")) == "bfloat16":
            result = out.astype(samples.dtype)
        if self.return_purity:
            return result, purity if array.ndim == 3 else float(purity[0])
        return result
