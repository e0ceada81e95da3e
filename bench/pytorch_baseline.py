#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The job of `patina generate` as a fast Python pipeline, the baseline of compare.py.

soundfile -> mix -> soxr HQ -> targets -> chain -> purity -> features -> CLAP -> Parquet, the
five columns of docs/DATASET.md, vectorised, with batched encoders and provenance lines. Definitions
(filters, bands, draws) come from tests/golden/dsp/make_golden.py.

As a program it is a worker, so that start-up can be excluded: it loads the model, then executes one
command per line of standard input (a JSON object) and prints one line for each.

    pytorch_baseline.py --model DIR --dtype f32|bf16 --threads N
"""

import argparse
import functools
import json
import math
import os
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.fft
import scipy.signal
import soundfile
import soxr
import torch
import transformers

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests",
                                "golden", "dsp"))
import make_golden as golden  # noqa: E402

RATE, WINDOW_S = 48000, 10
LTAS_FLOOR = -120.0
PURITY_CAP = 50.0
AUDIO_BATCH, TEXT_BATCH = 8, 32


class Draws(golden.Stream):
    """A stream that caches its first words."""

    def __init__(self, *place):
        super().__init__(*place)
        self.first = (self.words(24).astype(np.float64) + 0.5) / 4294967296.0

    def u(self, i):
        return float(self.first[i])


golden.Stream = Draws


# ------------------------------------------------------------------ audio and targets

def read_segment(path, seed, entry):
    """The window's frames [n, channels] and its 48 kHz mix, both float32."""
    with soundfile.SoundFile(path) as file:
        rate, total = file.samplerate, file.frames
        n = min(total, WINDOW_S * rate)
        start = int(golden.Stream(seed, entry, 0, golden.S_WINDOW).u(0) * (total - n + 1))
        file.seek(start)
        source = file.read(n, dtype="float32", always_2d=True)
    mix = source.mean(1) if source.shape[1] > 1 else source[:, 0]
    if rate != RATE:
        wanted = (2 * len(mix) * RATE + rate) // (2 * rate)
        mix = soxr.resample(mix, rate, RATE, quality="HQ")[:wanted]
        mix = np.pad(mix, (0, wanted - len(mix)))
    return source, np.ascontiguousarray(mix, dtype=np.float32), rate


class Spectrum:
    """LTAS: all frames in one transform, all bands in one product."""

    def __init__(self):
        size = golden.LTAS_F
        edges, width = golden.ltas_edges(), RATE / size
        k = np.arange(size // 2 + 1)
        low = np.maximum(edges[:-1, None], (k - 0.5) * width)
        high = np.minimum(edges[1:, None], (k + 0.5) * width)
        self.bands = np.clip(high - low, 0.0, None) / width  # [64, bins]
        self.edges = edges
        i = np.arange(size)
        self.window = (0.5 - 0.5 * np.cos(2.0 * np.pi * i / size)).astype(np.float32)

    def levels(self, x, source_rate):
        size, hop, n = golden.LTAS_F, golden.LTAS_H, len(x)
        n_frames = -(-n // hop) + size // hop - 1
        padded = np.zeros((n_frames - 1) * hop + size, np.float32)
        padded[size - hop:size - hop + n] = x - x.mean(dtype=np.float64)
        frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * self.window
        spectra = scipy.fft.rfft(frames, axis=1, overwrite_x=True)
        power = np.einsum("ij,ij->j", spectra.real, spectra.real, dtype=np.float64)
        power += np.einsum("ij,ij->j", spectra.imag, spectra.imag, dtype=np.float64)
        power[1:-1] *= 2.0
        power /= 1.5 * n * size
        with np.errstate(divide="ignore"):
            level = 10.0 * np.log10(2.0 * (self.bands @ power))
        level[self.edges[:-1] >= 0.5 * source_rate] = LTAS_FLOOR
        return np.maximum(level, LTAS_FLOOR)


@functools.lru_cache
def k_weighting(rate):
    return np.array([b + a for b, a in golden.k_weighting(rate)])


def loudness(x, rate):
    """LUFS of [n, channels]; channels are filtered together."""
    n, n_channels = x.shape
    weights = np.array(golden.CH_W.get(n_channels)
                       or ([1, 1, 1, 0, 1.41, 1.41] + [0] * n_channels)[:n_channels])
    hop = (rate + 5) // 10
    n_hops = n // hop
    y = scipy.signal.sosfilt(k_weighting(rate), x.T.astype(np.float64), axis=1)
    y = y[:, :n_hops * hop].reshape(n_channels, n_hops, hop)
    energy = weights @ np.einsum("cij,cij->ci", y, y)
    blocks = np.convolve(energy, np.ones(4), "valid") / (4 * hop)
    gate = 10.0 ** ((-70.0 + 0.691) / 10.0)
    blocks = blocks[blocks >= gate]
    if len(blocks) == 0:
        return -70.0
    blocks = blocks[blocks >= blocks.mean() / 10.0]
    return max(-70.0, -0.691 + 10.0 * math.log10(blocks.mean()))


def dynamics(x):
    rms = math.sqrt(float(np.dot(x, x)) / len(x))
    crest = 20.0 * math.log10(float(np.abs(x).max()) / rms) if rms > 0 else 0.0
    negative = x < -1e-10
    return crest, np.count_nonzero(negative[1:] != negative[:-1]) / max(1, len(x) - 1)


# ------------------------------------------------------------------ the chain

def make_noise(n, effect, stream, exact):
    """Zero-mean noise. Unless rows are compared, it comes from NumPy's generator, which is several
    times faster."""
    colour = effect["colour"]
    if exact:
        return golden.noise_unit(n, colour, stream)
    random = np.random.Generator(np.random.SFC64(stream.a))
    if colour == "white":
        z = random.standard_normal(n, dtype=np.float32)
    else:
        size = max(65536, 1 << (n - 1).bit_length())
        f = np.arange(size // 2 + 1, dtype=np.float32) * (RATE / size)
        slope = {"pink": -0.5, "brown": -1.0}[colour]
        spectrum = random.standard_normal(size + 2, dtype=np.float32).view(np.complex64)
        spectrum *= (np.maximum(f, 20.0) / 20.0) ** np.float32(slope)
        spectrum[0] = spectrum[-1] = 0.0
        z = scipy.fft.irfft(spectrum, size, overwrite_x=True)[:n]
    return z - z.mean(dtype=np.float64)


def power(x):
    """AC power."""
    x = x - x.mean()
    return float(np.dot(x, x)) / len(x)


def filter_all(parts, effect):
    """Applies one linear stage to all parts [k, n]."""
    if effect["fx"] == "comb":
        y = parts.copy()
        for tap in effect["taps"]:
            delay = tap["delay"]
            if delay < parts.shape[1]:
                y[:, delay:] += tap["gain"] * parts[:, :-delay]
        return y / math.sqrt(1.0 + sum(tap["gain"] ** 2 for tap in effect["taps"]))
    sections = [golden.rbj(q["kind"], q["f0"], q["q"], q.get("gain_db", 0.0))
                for q in effect["bands"]]
    return scipy.signal.sosfilt(np.array([b + a for b, a in sections]), parts, axis=1)


def clip(d, effect):
    level = np.abs(d)
    n = len(d)
    k = max(1, math.ceil((1.0 - effect["fraction"]) * n)) - 1
    threshold = max(float(np.partition(level, k)[k]), 0.05 * float(level.max()))
    if effect["kind"] == "hard":
        return np.clip(d, -threshold, threshold)
    threshold *= effect["drive"]
    return threshold * np.tanh(d / threshold)


def degrade(x, chain, stream, exact):
    """The degraded samples (float32) and their purity. Parts: signal, noise and distortion."""
    s, noise, rest = x.astype(np.float64), None, None
    for effect in chain:
        kind = effect["fx"]
        if kind in ("comb", "mud", "sibilance"):
            parts = filter_all(np.stack([p for p in (s, noise, rest) if p is not None]), effect)
            s, parts = parts[0], list(parts[1:])
            noise = parts.pop(0) if noise is not None else None
            rest = parts.pop(0) if rest is not None else None
            continue
        d = s
        for part in (noise, rest):
            d = d + part if part is not None else d
        if kind == "noise":
            z = make_noise(len(s), effect, stream, exact)
            z = z * math.sqrt(power(s) / 10.0 ** (effect["snr_db"] / 10.0) / power(z))
            noise = z if noise is None else noise + z
        elif kind == "pops":
            wave = golden.pop_wave(effect, float(np.abs(d).max()))
            z = np.zeros(len(s)) if noise is None else noise.copy()
            for place in range(effect["offset"], len(s), RATE):
                m = min(len(wave), len(s) - place)
                z[place:place + m] += wave[:m]
            noise = z
        else:
            y = clip(d, effect)
            about = d - d.mean()
            a = float(np.dot(y, about) / np.dot(about, about))  # Bussgang gain
            made = y - a * d
            rest = made if rest is None else a * rest + made
            s, noise = a * s, a * noise if noise is not None else None
    other = noise if rest is None else rest if noise is None else noise + rest
    d = s if other is None else s + other
    peak = float(np.abs(d).max())
    gain = 0.999 / peak if peak > 0.999 else 1.0
    other_power = 0.0 if other is None else power(other)
    purity = min(golden.db_ratio(power(s), other_power), PURITY_CAP)
    return (gain * d).astype(np.float32), purity


# ------------------------------------------------------------------ the encoders

class PackedLinear(torch.nn.Module):
    """A linear by oneDNN on prepacked weights, as torch.compile with freezing uses it."""

    def __init__(self, linear, n_rows):
        super().__init__()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), n_rows)
        self.bias = linear.bias

    def forward(self, x):
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")


def pack_linears(module, n_rows=512):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Linear):
            setattr(module, name, PackedLinear(child, n_rows))
        else:
            pack_linears(child, n_rows)


def compile_towers(model):
    """torch.compile with constants folded into the weights' layout; its first calls compile."""
    import torch._inductor.config
    torch._inductor.config.freezing = True
    model.audio_model.forward = torch.compile(model.audio_model.forward)
    model.text_model.forward = torch.compile(model.text_model.forward, dynamic=True)


class Encoders:
    """The model as it is, with packed linears, or compiled, whichever is fastest here: PyTorch uses
    MKL for f32, which on some CPUs reaches half of the speed of oneDNN."""

    def __init__(self, folder, dtype, with_compile):
        self.dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
        self.tried = {}
        best = None
        prepare = {"PyTorch's": lambda model: None, "packed": pack_linears}
        if with_compile:
            prepare["compiled"] = compile_towers
        for name, change in prepare.items():
            self.model = self.load(folder)
            try:
                with torch.inference_mode():
                    change(self.model)
                self.tried[name] = self.measure_seconds()
            except Exception as error:  # torch.compile needs a C++ compiler
                self.tried[name] = f"failed: {type(error).__name__}"
                continue
            if best is None or self.tried[name] < self.tried[self.name]:
                best, self.name = self.model, name
        self.model = best
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        extractor = transformers.ClapFeatureExtractor.from_pretrained(folder)
        filters = (extractor.mel_filters if extractor.truncation == "fusion"
                   else extractor.mel_filters_slaney)
        self.filters = np.ascontiguousarray(filters, dtype=np.float32)  # [513, 64]
        i = np.arange(1024)
        self.window = (0.5 - 0.5 * np.cos(2.0 * np.pi * i / 1024)).astype(np.float32)

    def load(self, folder):
        return transformers.ClapModel.from_pretrained(folder).eval().to(self.dtype)

    def measure_seconds(self):
        """Seconds for a batch of clips and one of captions, the best of three."""
        ids = torch.full((TEXT_BATCH, 24), 5)
        best_s = math.inf
        for _ in range(4):  # the first is a warm-up
            began = time.perf_counter()
            self.audio(np.zeros((AUDIO_BATCH, 1001, 64), np.float32))
            with torch.inference_mode():
                self.model.text_model(input_ids=ids, attention_mask=torch.ones_like(ids))
            best_s = min(best_s, time.perf_counter() - began)
        return best_s

    def features(self, x):
        """Log-mel [1001, 64] in float32: within 3e-5 dB of the extractor, four times as fast."""
        whole = WINDOW_S * RATE
        x = np.tile(x, whole // len(x))
        x = np.pad(np.pad(x, (0, whole - len(x))), 512, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(x, 1024)[::480] * self.window
        spectra = scipy.fft.rfft(frames, axis=1, overwrite_x=True)
        energy = (spectra.real ** 2 + spectra.imag ** 2) @ self.filters
        return 10.0 * np.log10(np.maximum(energy, 1e-10))

    @torch.inference_mode()
    def audio(self, features):
        """[n, 1001, 64] -> [n, 512], unit length."""
        x = torch.from_numpy(features)[:, None].to(self.dtype)
        longer = torch.zeros(len(x), 1, dtype=torch.bool)
        pooled = self.model.audio_model(input_features=x, is_longer=longer).pooler_output
        raw = self.model.audio_projection(pooled).float()
        return torch.nn.functional.normalize(raw, dim=-1).numpy()

    def tokens(self, captions):
        return self.tokenizer(captions, padding=True, truncation=True, max_length=77,
                              return_tensors="pt")

    @torch.inference_mode()
    def text(self, captions):
        batch = self.tokens(captions)
        pooled = self.model.text_model(input_ids=batch["input_ids"],
                                       attention_mask=batch["attention_mask"]).pooler_output
        raw = self.model.text_projection(pooled).float()
        return torch.nn.functional.normalize(raw, dim=-1).numpy()

    def text_sorted(self, captions):
        """Batches of captions of similar length, to reduce padding."""
        order = sorted(range(len(captions)), key=lambda i: len(captions[i]))
        out = np.empty((len(captions), 512), np.float32)
        for at in range(0, len(order), TEXT_BATCH):
            batch = order[at:at + TEXT_BATCH]
            out[batch] = self.text([captions[i] for i in batch])
        return out


# ------------------------------------------------------------------ rows

SCHEMA = pa.schema([("fused_state", pa.list_(pa.float32(), 1024)),
                    ("target_ltas", pa.list_(pa.float32(), 64)),
                    ("target_lufs", pa.float32()), ("target_dyn", pa.list_(pa.float32(), 2)),
                    ("input_purity", pa.float32())])


def lists(values):
    values = np.ascontiguousarray(values, dtype=np.float32)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


class Rows:
    """Entries to a Parquet file and provenance lines."""

    def __init__(self, encoders):
        self.encoders = encoders
        self.spectrum = Spectrum()

    def make(self, entries, folder, out, exact=False, seed=0):
        columns = {name: [] for name in ("audio", "ltas", "lufs", "dyn", "purity")}
        lines, waiting = [], []
        text = self.encoders.text_sorted([e["caption"] for e in entries])
        for e in entries:
            source, mix, rate = read_segment(os.path.join(folder, e["audio"]), seed, e["id"])
            loudness(mix[:, None], RATE)  # lufs_mono of the provenance
            columns["ltas"].append(self.spectrum.levels(mix, rate))
            columns["lufs"].append(loudness(source, rate))
            columns["dyn"].append(dynamics(mix))
            chain = golden.draw(seed, e["id"], 0, len(mix))
            stream = golden.Stream(seed, e["id"], 0, golden.S_NOISE_SAMPLES)
            damaged, purity = degrade(mix, chain, stream, exact)
            columns["purity"].append(purity)
            lines.append(json.dumps({"entry": e["id"], "caption": e["caption"], "seed": seed,
                                     "chain": chain, "purity_db": purity}))
            waiting.append(self.encoders.features(damaged))
            if len(waiting) == AUDIO_BATCH:
                columns["audio"].append(self.encoders.audio(np.stack(waiting)))
                waiting.clear()
        if waiting:
            columns["audio"].append(self.encoders.audio(np.stack(waiting)))
        fused = np.hstack([text, np.vstack(columns["audio"])])
        table = pa.Table.from_arrays(
            [lists(fused), lists(columns["ltas"]), pa.array(columns["lufs"], pa.float32()),
             lists(columns["dyn"]), pa.array(columns["purity"], pa.float32())], schema=SCHEMA)
        pq.write_table(table, out, compression="none", use_dictionary=False)
        with open(out + ".jsonl", "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return len(entries)


# ------------------------------------------------------------------ the worker

def make_onnx(encoders, folder, path, threads):
    """The audio tower as an onnxruntime session; packed linears could not be exported."""
    import onnxruntime

    class Tower(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, x):
            longer = torch.zeros(1, 1, dtype=torch.bool)
            pooled = self.model.audio_model(input_features=x, is_longer=longer).pooler_output
            return self.model.audio_projection(pooled)

    torch.onnx.export(Tower(encoders.load(folder)), (torch.zeros(1, 1, 1001, 64),), path, dynamo=False,
                      input_names=["x"], opset_version=18)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Worker:
    def __init__(self, args):
        self.args = args
        self.encoders = Encoders(args.model, args.dtype, args.compile)
        self.rows = Rows(self.encoders)
        self.onnx = None
        rng = np.random.default_rng(1)
        self.noise = [self.encoders.features(0.2 * rng.standard_normal(480000, dtype=np.float32))
                      for _ in range(8)]

    def do_rows(self, manifest, shard, shards, out, limit=None, exact=False):
        with open(manifest, encoding="utf-8") as file:
            entries = [json.loads(line) for line in file][:limit][shard::shards]
        return self.rows.make(entries, os.path.dirname(manifest), out, exact)

    def do_audio(self, batch, batches):
        x = np.stack(self.noise[:batch])
        for _ in range(batches):
            self.encoders.audio(x)
        return batch * batches

    def do_text(self, captions):
        self.encoders.text(captions)
        return len(captions)

    def do_onnx(self, path, runs):
        x = self.noise[0][None, None]
        if self.onnx is None:
            self.onnx = make_onnx(self.encoders, self.args.model, path, self.args.threads)
        for _ in range(runs):
            raw = self.onnx.run(None, {"x": x})[0]
        unit = raw / np.linalg.norm(raw, axis=-1, keepdims=True)
        self.off = float(np.abs(unit - self.encoders.audio(x[0])).max())
        return runs

    def handle_command(self, command):
        began = time.perf_counter()
        n = getattr(self, "do_" + command.pop("do"))(**command)
        seconds = time.perf_counter() - began
        return {"n": n, "seconds": seconds, "peak_bytes": peak_memory(),
                "off": getattr(self, "off", None)}


def peak_memory():
    """Peak resident memory; ru_maxrss would include that of the parent process."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="try torch.compile too")
    args = parser.parse_args()

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # keep output of libraries out of the responses
    torch.set_num_threads(args.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    worker = Worker(args)
    print(json.dumps({"ready": True, "torch": torch.__version__,
                      "transformers": transformers.__version__,
                      "encoders": worker.encoders.name, "tried": worker.encoders.tried}),
          file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(worker.handle_command(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
