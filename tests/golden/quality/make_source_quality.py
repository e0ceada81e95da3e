# SPDX-License-Identifier: MIT
"""Golden values of source_quality: the formulas of docs/MEASURES.md, section 10, in NumPy.

    python3 make_source_quality.py > source_quality.json

Each case is a sound from the linear congruential generator of tests/support/stimulus.c and of sines, so that the
test makes the same samples without a file.
"""
import json

import numpy as np

RATE, F, H, CELL = 48000, 32768, 8192, 64


def noise(n, amplitude, seed):
    state, out = seed, np.empty(n)
    for i in range(n):
        state = (1664525 * state + 1013904223) % 2**32
        out[i] = state / 2**31 - 1
    return amplitude * out


def low_pass(x, cut_hz, n_taps=801):
    k = np.arange(n_taps) - n_taps // 2
    taps = 2 * cut_hz / RATE * np.sinc(2 * cut_hz / RATE * k) * np.blackman(n_taps)
    return np.convolve(x, taps)[n_taps // 2:n_taps // 2 + len(x)]


def powers(x):
    n, frames = len(x), -(-len(x) // H) + 3
    padded = np.zeros((frames - 1) * H + F)
    padded[F - H:F - H + n] = x - x.mean()
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(F) / F)
    total = sum(np.abs(np.fft.rfft(padded[m * H:m * H + F] * window))**2 for m in range(frames))
    total[1:-1] *= 2
    return total / (1.5 * n * F)


def bandwidth(x, rate):
    cells = np.maximum(powers(x)[:F // 2], 1e-30).reshape(-1, CELL)
    middle = (np.arange(256) + 0.5) * RATE / F * CELL
    ends = np.sum((np.concatenate([x[:2], x[-2:]]) - x.mean())**2)
    jump = 2 * ends / (len(x) * F) / (2 * np.sin(np.pi * middle / RATE))**2
    strong = np.nonzero(cells.mean(1) > 4 * np.maximum(2.0**-46 * RATE / rate, jump))[0]
    n = strong[-1] + 1 if len(strong) else 0
    level = 10 * np.log10(cells).mean(1)
    above = np.maximum.accumulate(level[::-1])[::-1]
    for i in range(16, n):
        half = -(-i // 24)
        if i + half >= 256:
            break
        below = level[i // 4:max(i - half, i // 4 + 1)].min()
        if below - above[i + half] >= 20:
            n = i + half
            while level[n - 1] < (below + above[i + half]) / 2:
                n -= 1
            break
    end, full = n * RATE / F * CELL, min(rate, RATE) / 2
    return full if end > full or (rate != RATE and end >= 0.95 * full) else end


def quality(source, mix, rate):
    source = np.atleast_2d(source)
    peak, flat, equal = np.abs(source).max(), 0, 0
    for channel in source:
        for value in (max(channel.max(), 0), min(channel.min(), 0)):
            if value == 0 or abs(value) < peak / 2:
                continue
            at = channel == value
            equal += at.sum()
            edges = np.flatnonzero(np.diff(np.concatenate([[0], at.astype(int), [0]])))
            flat = max(flat, int((edges[1::2] - edges[::2]).max()))
    frames = (mix[:len(mix) // 960 * 960].reshape(-1, 960) - mix.mean())
    level = 10 * np.log10(np.maximum(2 * (frames**2).mean(1), 1e-12))
    sounding = np.sort(level[level >= -119.9])
    return {"bandwidth_hz": bandwidth(mix, rate), "flat_run": flat, "peak_share": equal / source.size,
            "peak_dbfs": 20 * np.log10(peak), "silent_share": float((level < -60).mean()),
            "noise_floor_dbfs": float(sounding[max(0, -(-len(sounding) // 20) - 1)])}


def cases():
    n = 96000
    white = noise(n, 0.25, 7)
    sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(n) / RATE)
    f32 = lambda x: np.asarray(x, np.float32).astype(float)
    yield "white", f32(white)
    yield "low_passed_5000", f32(low_pass(white, 5000))
    yield "low_passed_11000_16_bits", np.round(low_pass(white, 11000) * 32768) / 32768
    yield "clipped", f32(np.clip(1.6 * sine, -0.75, 0.75))
    yield "padded", f32(np.where(np.arange(n) < n // 2, sine, 0))
    yield "hiss_under_tone", f32(np.where(np.arange(n) % 9600 < 4800, sine, 0) + noise(n, 0.001, 3))


if __name__ == "__main__":
    made = {}
    for name, x in cases():
        made[name] = {key: float(f"{value:.9g}") for key, value in quality(x, x, RATE).items()}
    print(json.dumps(made, indent=2))
