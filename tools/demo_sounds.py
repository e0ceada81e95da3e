#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Synthetic sounds with captions, on which tools/train_demo_clap.py trains the demo model.

    samples, caption = make_sound(seed, index)
    python3 tools/demo_sounds.py --count 160 --seed 2 --out DIR     WAV files and DIR/manifest.jsonl

Each of the families below draws its parameters and returns samples and a phrase made of them. What
follows is what recordings have: repetition, a room, an equalisation, background noise, a limited
bandwidth, a level. All draws come from (seed, index), so a sound can be made again alone.
"""

import argparse
import json
import wave
from pathlib import Path

import numpy as np

RATE = 48000


# -- signals

def seconds(n):
    return np.arange(n) / RATE


def uniform_log(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def phase_of(freq_hz):
    """Phase in cycles of a frequency contour [n] in Hz."""
    return np.cumsum(freq_hz) / RATE


def shape_spectrum(x, gain):
    """Filters with a gain that is a function of the frequency in Hz; zero phase."""
    n = 1 << int(np.ceil(np.log2(len(x) + 2400)))
    spectrum = np.fft.rfft(x, n)
    return np.fft.irfft(spectrum * gain(np.fft.rfftfreq(n, 1 / RATE)), n)[:len(x)]


def tilt(db_per_octave):
    return lambda f: (np.maximum(f, 20) / 1000) ** (db_per_octave / 6.02)


def band(low_hz, high_hz, order=4):
    """Band-pass with Butterworth magnitudes."""
    return lambda f: 1 / np.sqrt((1 + (low_hz / np.maximum(f, 1)) ** (2 * order))
                                 * (1 + (f / high_hz) ** (2 * order)))


def noise(rng, n):
    return rng.standard_normal(n)


def decay(n, t60_s):
    return np.exp(-6.91 * seconds(n) / t60_s)


def attack(n, rise_s):
    return np.minimum(1, seconds(n) / max(rise_s, 1e-4))


def harmonics(rng, freq_hz, n_partials, slope, jitter=0.0):
    """Sum of partials of a frequency contour; amplitude k^-slope, randomly deviating."""
    phase = phase_of(freq_hz)
    x = np.zeros(len(freq_hz))
    for k in range(1, n_partials + 1):
        if k * freq_hz.max() > 20000:
            break
        gain = k ** -slope * 10 ** (rng.normal(0, jitter) / 20)
        x += gain * np.sin(2 * np.pi * (k * phase + rng.random()))
    return x


def scatter(rng, n, grain, per_second, spread_db=10):
    """Copies of a grain at Poisson times with random levels."""
    x = np.zeros(n + len(grain))
    for at in rng.integers(0, n, max(1, rng.poisson(per_second * n / RATE))):
        x[at:at + len(grain)] += grain * 10 ** (rng.normal(0, spread_db) / 20)
    return x[:n]


def repeat(rng, event, n, period_s, jitter=0.05):
    """An event every period; event(length) makes one."""
    x, at = np.zeros(n), 0.0
    while at < n:
        length = min(int(period_s * RATE * rng.uniform(0.8, 1.0)), n - int(at))
        if length > 100:
            piece = event(length)
            x[int(at):int(at) + len(piece)] += piece[:n - int(at)]
        at += period_s * RATE * (1 + rng.normal(0, jitter))
    return x


def slow(rng, n, rate_hz, depth):
    """Slow positive modulation: smooth random envelope with knots at a rate."""
    knots = np.exp(rng.normal(0, depth, int(n / RATE * rate_hz) + 4))
    return np.interp(np.arange(n) / RATE * rate_hz, np.arange(len(knots)), knots)


def pitch_word(hz):
    return ("very low" if hz < 90 else "low" if hz < 250 else "middle" if hz < 700 else
            "high" if hz < 2500 else "very high")


def speed_word(period_s):
    return "fast" if period_s < 0.25 else "regular" if period_s < 0.8 else "slow"


# -- families: (rng, n) to (samples, phrase)

def tone(rng, n):
    hz = uniform_log(rng, 60, 9000)
    vibrato = 1 + rng.choice([0, 0.005, 0.03]) * np.sin(2 * np.pi * rng.uniform(2, 8) * seconds(n))
    n_partials = int(rng.choice([1, 3, 12]))
    x = harmonics(rng, hz * vibrato, n_partials, rng.uniform(0.7, 2), 3)
    kind = {1: "pure tone", 3: "whistle", 12: "buzzing tone"}[n_partials]
    return x * attack(n, rng.uniform(0.001, 0.2)), f"a {pitch_word(hz)} {kind}"


def choir(rng, n):
    hz = uniform_log(rng, 80, 500)
    x = np.zeros(n)
    for ratio in rng.choice([1, 1.25, 1.5, 2, 1.2, 0.5], 4):
        drift = 1 + 0.004 * np.cumsum(noise(rng, n // 480 + 1)).repeat(480)[:n] / 20
        x += harmonics(rng, hz * ratio * drift, 14, 1.2, 4)
    x = shape_spectrum(x, band(rng.uniform(50, 200), uniform_log(rng, 800, 6000), 1))
    return x * attack(n, 0.3), f"{rng.choice(['a choir', 'an organ', 'strings', 'a synthesizer pad'])} playing a {pitch_word(hz)} chord"


def chirp(rng, n):
    a, b = uniform_log(rng, 50, 8000), uniform_log(rng, 50, 8000)
    period = uniform_log(rng, 0.2, 3)

    def event(m):
        return harmonics(rng, np.geomspace(a, b, m), int(rng.choice([1, 4])), 1.5) * np.hanning(m) ** 0.3
    return repeat(rng, event, n, period), f"a {'rising' if b > a else 'falling'} chirp"


def pluck(rng, n):
    period, slope = uniform_log(rng, 0.15, 2), rng.uniform(0.6, 1.8)
    low = uniform_log(rng, 70, 600)

    def event(m):
        hz = low * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 12]) / 12)
        x, t60 = np.zeros(m), uniform_log(rng, 0.3, 4)
        for k in range(1, 24):
            if k * hz > 18000:
                break
            x += k ** -slope * abs(np.sin(np.pi * k * 0.21)) * np.sin(
                2 * np.pi * k * hz * (1 + 1e-4 * k * k) * seconds(m)) * decay(m, t60 / k ** 0.6)
        return x * attack(m, 0.002)
    name = rng.choice(["guitar", "harp", "piano", "plucked string", "banjo"])
    return repeat(rng, event, n, period), f"a {name} playing {speed_word(period)} {pitch_word(low)} notes"


def bell(rng, n):
    period, hz = uniform_log(rng, 0.3, 5), uniform_log(rng, 150, 3000)
    ratio, depth = rng.uniform(1.2, 4), rng.uniform(0.5, 6)

    def event(m):
        envelope = decay(m, uniform_log(rng, 0.3, 6))
        return envelope * np.sin(2 * np.pi * hz * seconds(m) + depth * envelope *
                                 np.sin(2 * np.pi * hz * ratio * seconds(m)))
    return repeat(rng, event, n, period, 0.01), f"a {pitch_word(hz)} bell ringing"


def drums(rng, n):
    period = uniform_log(rng, 0.12, 1)
    which = rng.random(3) < 0.6
    which[rng.integers(3)] = True

    def event(m):
        kind = rng.choice(np.flatnonzero(which))
        if kind == 0:
            hz = 45 + 120 * decay(m, 0.15)
            return np.sin(2 * np.pi * phase_of(hz)) * decay(m, 0.4)
        if kind == 1:
            return (noise(rng, m) * decay(m, 0.25) * 0.4 +
                    np.sin(2 * np.pi * 190 * seconds(m)) * decay(m, 0.15))
        return shape_spectrum(noise(rng, m), band(6000, 18000, 2)) * decay(m, uniform_log(rng, 0.05, 1)) * 0.6
    names = [name for name, on in zip(("kick drum", "snare drum", "cymbals"), which) if on]
    return repeat(rng, event, n, period, 0.01), f"a {speed_word(period)} beat of {' and '.join(names)}"


def noise_band(rng, n):
    low = uniform_log(rng, 20, 4000)
    high = min(20000, low * uniform_log(rng, 1.5, 100))
    x = shape_spectrum(noise(rng, n), band(low, high, int(rng.integers(1, 5))))
    return x, f"steady {pitch_word(np.sqrt(low * high) / 2)} noise"


def hiss(rng, n):
    slope = rng.uniform(-7, 2)
    word = "rumbling" if slope < -4 else "soft" if slope < -1.5 else "bright"
    return shape_spectrum(noise(rng, n), tilt(slope)), f"{word} hiss of {rng.choice(['a record', 'a tape', 'a fan', 'air', 'a room'])}"


def siren(rng, n):
    low = uniform_log(rng, 300, 900)
    period = uniform_log(rng, 0.3, 4)
    wave = np.sin(2 * np.pi * seconds(n) / period)
    if rng.random() < 0.4:
        wave = np.sign(wave)
    return harmonics(rng, low * 2 ** (0.5 + 0.5 * wave), 8, 1.0, 3), f"a {speed_word(period / 3)} siren"


def speech(rng, n):
    f0 = uniform_log(rng, 80, 300)
    syllable = rng.uniform(0.12, 0.3)

    def event(m):
        if rng.random() < 0.15:
            return np.zeros(m)
        if rng.random() < 0.2:  # a fricative
            return shape_spectrum(noise(rng, m), band(uniform_log(rng, 2500, 6000), 12000, 2)) * np.hanning(m) * 0.15
        contour = f0 * np.interp(np.arange(m), [0, m // 2, m], rng.uniform(0.85, 1.25, 3))
        source = 2 * (phase_of(contour) % 1) - 1 + 0.02 * noise(rng, m)
        formants = [(rng.uniform(300, 850), 90), (rng.uniform(850, 2300), 120), (rng.uniform(2300, 3200), 180)]
        x = shape_spectrum(source, lambda f: sum(
            g / (1 + ((f - hz) / width) ** 2) for g, (hz, width) in zip((1, 0.7, 0.4), formants))
            + 0.01 / (1 + f / 2000))
        return x * np.hanning(m) ** 0.5
    x = repeat(rng, event, n, syllable, 0.15)
    return x, f"a {'man' if f0 < 150 else 'woman' if f0 < 240 else 'child'} {rng.choice(['speaking', 'talking', 'reading'])}"


def crowd(rng, n):
    x = sum(speech(rng, n)[0] for _ in range(3))
    return x, f"a crowd of people {rng.choice(['talking', 'in a hall', 'at a market'])}"


def cry(rng, n):
    f0, period = uniform_log(rng, 250, 1200), uniform_log(rng, 0.4, 1.6)

    def event(m):
        contour = f0 * np.interp(np.linspace(0, 1, m), [0, 0.3, 1], [0.8, rng.uniform(1.1, 1.6), rng.uniform(0.6, 1)])
        x = harmonics(rng, contour, 16, 0.8, 5) * np.hanning(m) ** 0.4
        return shape_spectrum(x, band(600, uniform_log(rng, 2500, 8000), 1))
    return repeat(rng, event, n, period), f"{rng.choice(['a baby crying', 'a cat', 'a rooster crowing', 'a sheep', 'a crow'])}"


def bark(rng, n):
    hz, period = uniform_log(rng, 150, 900), uniform_log(rng, 0.3, 2)

    def event(m):
        m = min(m, int(rng.uniform(0.1, 0.35) * RATE))
        contour = hz * np.interp(np.linspace(0, 1, m), [0, 0.3, 1], [1, 1.4, 0.7])
        x = harmonics(rng, contour, 12, 0.7, 6) + noise(rng, m) * rng.uniform(0.2, 2)
        return shape_spectrum(x, band(hz, hz * 6, 1)) * np.hanning(m) ** 0.6
    return repeat(rng, event, n, period, 0.3), f"{rng.choice(['a dog barking', 'a cough', 'a sneeze', 'a person shouting'])}"


def bird(rng, n):
    hz, period = uniform_log(rng, 1500, 7000), uniform_log(rng, 0.1, 1)

    def event(m):
        m = int(m * rng.uniform(0.3, 0.9))
        return np.sin(2 * np.pi * phase_of(hz * 2 ** (0.3 * np.sin(2 * np.pi * rng.uniform(3, 40) * seconds(m))))) * np.hanning(m)
    return repeat(rng, event, n, period, 0.3), "a bird singing"


def rain(rng, n):
    grain = shape_spectrum(noise(rng, 1200), band(uniform_log(rng, 400, 3000), 14000, 2)) * decay(1200, 0.015)
    x = scatter(rng, n, grain, uniform_log(rng, 10, 800)) * 3
    x += shape_spectrum(noise(rng, n), tilt(rng.uniform(-5, 0))) * uniform_log(rng, 0.02, 1)
    return x, f"{rng.choice(['light', 'heavy', 'steady'])} rain {rng.choice(['on a roof', 'on leaves', 'falling'])}"


def fire(rng, n):
    length = int(uniform_log(rng, 100, 1500))
    grain = noise(rng, length) * decay(length, length / RATE)
    x = scatter(rng, n, grain, uniform_log(rng, 3, 60), 12)
    x += shape_spectrum(noise(rng, n), tilt(-6)) * uniform_log(rng, 0.003, 0.2)
    return x, "a crackling fire"


def clicks(rng, n):
    period = uniform_log(rng, 0.08, 1.2)
    hz = uniform_log(rng, 300, 6000)

    def event(m):
        m = min(m, int(uniform_log(rng, 0.004, 0.12) * RATE))
        return (np.sin(2 * np.pi * hz * seconds(m)) + rng.uniform(0, 2) * noise(rng, m)) * decay(m, m / RATE)
    x = repeat(rng, event, n, period, rng.choice([0.0, 0.02, 0.3]))
    return x, f"{rng.choice(['a clock ticking', 'footsteps', 'typing on a keyboard', 'knocking on a door', 'a tap'])}, {speed_word(period)}"


def waves(rng, n):
    x = shape_spectrum(noise(rng, n), tilt(rng.uniform(-5, -1))) * slow(rng, n, rng.uniform(0.3, 3), rng.uniform(0.2, 1.2))
    return x, f"{rng.choice(['waves of the sea', 'wind in the trees', 'water flowing', 'traffic on a road'])}"


def engine(rng, n):
    hz = uniform_log(rng, 20, 200)
    contour = hz * slow(rng, n, 2, rng.uniform(0, 0.1))
    x = harmonics(rng, contour, 40, rng.uniform(0.3, 1.4), 6)
    pulse = 0.6 + 0.4 * np.sin(2 * np.pi * phase_of(contour * rng.choice([0.5, 1])))
    x = x / x.std() + noise(rng, n) * pulse * uniform_log(rng, 0.1, 3)
    x = shape_spectrum(x, tilt(rng.uniform(-6, 0)))
    return x, f"{rng.choice(['an engine', 'a helicopter', 'a chainsaw', 'a motor', 'a drill'])} running {'slowly' if hz < 60 else 'fast'}"


def swoosh(rng, n):
    m = min(n, int(rng.uniform(0.3, 2.5) * RATE))
    at = np.linspace(0, 1, m)
    x = noise(rng, m) * np.exp(-((at - rng.uniform(0.2, 0.8)) / rng.uniform(0.05, 0.4)) ** 2)
    x = shape_spectrum(x, band(uniform_log(rng, 50, 1500), uniform_log(rng, 1500, 12000), 1))
    return np.concatenate([x, np.zeros(n - m)]), f"a {rng.choice(['swoosh', 'splash', 'cymbal crash', 'slide', 'scratch'])}"


def synthesizer(rng, n):
    """Detuned saw or square waves through a resonant low-pass that closes; notes, or one long one."""
    low = uniform_log(rng, 35, 500)
    period = uniform_log(rng, 0.1, 4)
    cutoff, closed, t60 = uniform_log(rng, 300, 12000), uniform_log(rng, 80, 2000), uniform_log(rng, 0.1, 3)
    square, detune, sub = rng.random() < 0.4, rng.choice([0, 0.003, 0.01]), rng.random() < 0.3

    def event(m):
        hz = low * 2 ** (rng.choice([0, 0, 0, 3, 5, 7, 10, 12]) / 12)
        x = np.zeros(m)
        for voice in (-1, 0, 1) if detune else (0,):
            phase = phase_of(np.full(m, hz * (1 + voice * detune))) + rng.random()
            x += np.sign(phase % 1 - 0.5) if square else 2 * (phase % 1) - 1
        x += sub * 2 * np.sin(np.pi * phase_of(np.full(m, hz)))
        bright = shape_spectrum(x, lambda f: 1 / (1 + (f / cutoff) ** 4) ** 0.5 + np.exp(-((f / cutoff - 1) * 6) ** 2))
        dark, opening = shape_spectrum(x, lambda f: 1 / (1 + (f / closed) ** 4) ** 0.5), decay(m, t60)
        return (bright * opening + dark * (1 - opening)) * attack(m, 0.005) * attack(m, 0.01)[::-1]
    kind = "bass" if low < 110 else "synthesizer"
    return repeat(rng, event, n, period, 0.01), f"a {kind} playing {speed_word(period)} {pitch_word(low)} notes"


def music(rng, n):
    """Drums with one or two instruments."""
    x, phrase = drums(rng, n)
    x = x / max(x.std(), 1e-9)
    for make in rng.choice([pluck, choir, bell, synthesizer, tone, hiss], int(rng.integers(1, 3)), replace=False):
        other, more = make(rng, n)
        x = x + other / max(other.std(), 1e-9) * 10 ** (rng.uniform(-15, 5) / 20)
        phrase = f"{more} over {phrase}" if rng.random() < 0.5 else f"{phrase} with {more}"
    return x, phrase


FAMILIES = (tone, choir, chirp, pluck, bell, drums, noise_band, hiss, siren, speech, crowd, cry, bark,
            bird, rain, fire, clicks, waves, engine, swoosh, synthesizer, music)


# -- recording

def room(rng, x):
    t60 = uniform_log(rng, 0.1, 2)
    n = int(t60 * RATE)
    response = noise(rng, n) * decay(n, t60) * rng.uniform(0.003, 0.05)
    response = shape_spectrum(response, tilt(rng.uniform(-4, 0)))
    response[0] = 1
    size = 1 << int(np.ceil(np.log2(len(x) + n)))
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(response, size), size)[:len(x)]


def random_equaliser(rng):
    """Smooth gain over log frequency, with a slope."""
    knots_hz = np.geomspace(30, 20000, 9)
    gains_db = rng.normal(0, 4, 9) + rng.normal(0, 1.2) * np.arange(-4, 5)
    return lambda f: 10 ** (np.interp(np.log(np.maximum(f, 1)), np.log(knots_hz), gains_db) / 20)


def record(rng, x):
    """What lies between a source and a file: distance, room, microphone, noise floor, codec, level."""
    words = []
    x = x / max(np.abs(x).max(), 1e-9)
    if rng.random() < 0.4:
        x = room(rng, x)
        words.append("in a room")
    if rng.random() < 0.6:
        x = shape_spectrum(x, random_equaliser(rng))
    if rng.random() < 0.7:
        snr_db = rng.uniform(10, 75)
        floor = shape_spectrum(noise(rng, len(x)), tilt(rng.uniform(-8, 1)))
        floor *= x.std() / floor.std() * 10 ** (-snr_db / 20)
        x = x + floor
        if snr_db < 30:
            words.append("with background noise")
    if rng.random() < 0.5:
        high_hz = uniform_log(rng, 3500, 20000)
        x = shape_spectrum(x, band(rng.uniform(5, 80), high_hz, int(rng.choice([4, 24]))))
    if rng.random() < 0.15:  # a faded or cut end
        x = x * np.interp(np.arange(len(x)), [0, len(x) * rng.uniform(0.3, 0.9), len(x)], [1, 1, 0])
    level_db = -rng.exponential(7) if rng.random() < 0.8 else rng.uniform(-45, 0)
    x = x / max(np.abs(x).max(), 1e-9) * 10 ** (level_db / 20)
    if level_db < -20:
        words.append("far away" if rng.random() < 0.5 else "very quiet")
    return x, " ".join(words)


def make_sound(seed, index):
    """(float32 samples, mono at 48 kHz, of 0.4 to 10 s; caption)."""
    rng = np.random.default_rng([seed, index])
    n = 480000 if rng.random() < 0.15 else int(uniform_log(rng, 0.4, 8) * RATE)
    x, phrase = FAMILIES[index % len(FAMILIES)](rng, n)
    if rng.random() < 0.25:
        other, more = FAMILIES[rng.integers(len(FAMILIES))](rng, n)
        gain = 10 ** (rng.uniform(-20, 0) / 20)
        x = x / max(x.std(), 1e-9) + gain * other / max(other.std(), 1e-9)
        phrase = f"{phrase} and {more}"
    x, words = record(rng, x)
    return x.astype(np.float32), f"{phrase} {words}".strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--count", type=int, default=160, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=2, help="the demo model was trained with 1 (default: %(default)s)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with open(options.out / "manifest.jsonl", "w", encoding="utf-8") as manifest:
        for index in range(options.count):
            samples, caption = make_sound(options.seed, index)
            name = f"sound{index:04}.wav"
            with wave.open(str(options.out / name), "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
            manifest.write(json.dumps({"audio": name, "caption": caption}) + "\n")


if __name__ == "__main__":
    main()
