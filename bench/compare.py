#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares patina with a fast Python pipeline for the same job, on one machine.

    python3 -m venv /tmp/peer && /tmp/peer/bin/pip install -r bench/requirements.txt
    /tmp/peer/bin/python tools/make_random_clap.py --out /tmp/clap --tokenizer-dir DIR
    /tmp/peer/bin/python bench/compare.py --model /tmp/clap

`patina bench` and the workers of pytorch_baseline.py run in alternating rounds, so that other load
of the machine affects both. Start-up is excluded. Printed are the best and the median of the rounds,
and the ratio of the speeds: of the best, and the median and the minimum of the ratios of rounds.
Before the timing both make the same rows, which are compared.

The baseline of rows is the fastest form found: one single-threaded process per CPU, each with a share
of the entries, and an allocator that keeps its memory. The baseline of towers is PyTorch with all
threads, at batch sizes 1 and 8 of clips and 32 captions padded to the longest. Its encoders are those
of PyTorch, of PyTorch with linears of oneDNN on packed weights, or of torch.compile with freezing,
whichever is fastest on this machine; the first calls, which compile, are not timed.

With --isa avx2 the encoders of both sides are limited to AVX2, to judge it on any machine. Signal
processing is not limited.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pyarrow.parquet as pq
import soundfile

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = """a the dog bird water train wind rain car engine man woman child crowd music guitar drum
bell door clock phone plane cat horse sings speaks barks rings runs plays passes closes opens falls
laughs cries while and then near behind in on under over through of with loud quiet slow fast small
large old distant steady several two three street room forest background""".split()

# Tolerances per column between two correct implementations: hundredths of a decibel for different
# rounding in resampler and transforms; two zero crossings; embeddings of audio that differs in its
# last bits, in float32 or bfloat16 arithmetic.
LIMITS = {"f32": {"text": 2e-5, "audio": 1e-3, "ltas": 0.05, "lufs": 0.01, "crest": 0.01,
                  "zcr": 1e-4, "purity": 0.05},
          "bf16": {"text": 0.05, "audio": 0.05, "ltas": 0.05, "lufs": 0.01, "crest": 0.01,
                   "zcr": 1e-4, "purity": 0.05}}


# ------------------------------------------------------------------ input

def make_caption(tokenizer, wanted, rng):
    """Random words with the wanted number of tokens, including both special tokens."""
    words = []
    while len(tokenizer(" ".join(words))["input_ids"]) < wanted:
        words.append(WORDS[rng.integers(len(WORDS))])
    return " ".join(words)


def make_captions(tokenizer, n, seed):
    rng = np.random.default_rng(seed)
    return [make_caption(tokenizer, int(rng.integers(10, 31)), rng) for _ in range(n)]


def make_corpus(folder, n, tokenizer):
    """n clips of 3 to 12 s, 44.1 kHz stereo of 16 bits, and a manifest. Their noise ends at 0.85 of
    the Nyquist frequency: above 0.9 resamplers differ, and with them the zero crossings."""
    rng = np.random.default_rng(0)
    manifest = os.path.join(folder, "clips.jsonl")
    captions = make_captions(tokenizer, n, 0)
    with open(manifest, "w", encoding="utf-8") as file:
        for i in range(n):
            frames = int(44100 * (3.0 + 9.0 * (i * 0.6180339887498949 % 1.0)))
            t = np.arange(frames) / 44100
            spectrum = np.fft.rfft(rng.standard_normal((frames, 2)), axis=0)
            spectrum[int(0.85 * len(spectrum)):] = 0.0
            x = 0.05 * np.fft.irfft(spectrum, frames, axis=0)
            for f in 110.0 * 2.0 ** (rng.integers(0, 49, 4) / 12.0):
                decay = np.exp(-3.0 * ((t + rng.random()) % 0.5))
                x += (0.1 * np.sin(2.0 * np.pi * f * t) * decay)[:, None] * rng.random(2)
            name = f"clip-{i}.wav"
            soundfile.write(os.path.join(folder, name), np.clip(x, -1, 1), 44100, "PCM_16")
            file.write(json.dumps({"id": f"clip {i}", "audio": name, "caption": captions[i]})
                       + "\n")
    return manifest


# ------------------------------------------------------------------ both sides

class Worker:
    """Starts a process of pytorch_baseline.py and waits until it is ready."""

    def __init__(self, args, dtype, threads):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads),
                   MALLOC_TRIM_THRESHOLD_=str(1 << 40), MALLOC_MMAP_THRESHOLD_=str(1 << 40),
                   TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")
        for name in "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE":
            env.pop(name, None)
        if args.isa:
            env.update(ATEN_CPU_CAPABILITY=args.isa, ONEDNN_MAX_CPU_ISA=args.isa.upper(),
                       MKL_ENABLE_INSTRUCTIONS=args.isa.upper())
        command = [sys.executable, os.path.join(HERE, "pytorch_baseline.py"), "--model", args.model,
                   "--dtype", dtype, "--threads", str(threads)]
        if args.compile:
            command.append("--compile")
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.about = self.read()

    def send(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("compare: the peer ended before it answered")
        return json.loads(line)

    def ask(self, **command):
        self.send(**command)
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Patina:
    def __init__(self, args, precision):
        self.args = args
        self.options = ["--model", args.model, "--threads", str(args.threads)]
        if precision != "f32":
            self.options += ["--precision", precision]
        if args.isa:
            self.options += ["--isa", args.isa]

    def bench(self, *options):
        command = [self.args.patina, "bench", *self.options, "--no-scaling", "--rounds", "1",
                   "--json", *options]
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        return report, report["speeds"][0]

    def generate(self, manifest, limit, out):
        subprocess.run([self.args.patina, "generate", *self.options, "--corpus", manifest,
                        "--limit", str(limit), "--out", out, "--quiet", "--strict"], check=True)
        return pq.read_table(os.path.join(out, "data"))


def supports_precision(args, precision):
    """Whether the program supports a precision on this machine."""
    if precision == "f32":
        return True
    text = subprocess.run([args.patina, "bench", "--help"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    if "--precision" not in text:
        return False
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return args.isa != "avx2" and "avx512_bf16" in file.read()


# ------------------------------------------------------------------ the same rows

def parts_of(table):
    fused = np.array(table["fused_state"].to_pylist(), dtype=np.float64)
    dyn = np.array(table["target_dyn"].to_pylist(), dtype=np.float64)
    return {"text": fused[:, :512], "audio": fused[:, 512:],
            "ltas": np.array(table["target_ltas"].to_pylist(), dtype=np.float64),
            "lufs": np.array(table["target_lufs"].to_pylist(), dtype=np.float64),
            "crest": dyn[:, 0], "zcr": dyn[:, 1],
            "purity": np.array(table["input_purity"].to_pylist(), dtype=np.float64)}


def check_rows(args, patina, worker, manifest, folder, precision):
    """Both make the first rows from the same draws; prints the differences."""
    n = min(args.clips, 16)
    out = os.path.join(folder, "check")
    ours = parts_of(patina.generate(manifest, n, os.path.join(folder, "ours-" + precision)))
    worker.ask(do="rows", manifest=manifest, shard=0, shards=1, out=out, limit=n, exact=True)
    theirs = parts_of(pq.read_table(out))
    print(f"the same {n} rows, {precision}: greatest differences")
    ok = True
    for name, limit in LIMITS[precision].items():
        if ours[name].shape != theirs[name].shape:
            raise SystemExit(f"compare: '{name}' has {ours[name].shape} and {theirs[name].shape}")
        off = np.abs(ours[name] - theirs[name])
        if name == "ltas":
            # rounding noise of float32 transforms below -100 dBFS; bands over 0.9 of the Nyquist
            # frequency of 44.1 kHz depend on the resampler
            off = np.where(theirs[name] > -100.0, off, 0.0)[:, :62]
        ok = ok and off.max() <= limit
        print(f"  {name:<8}{off.max():12.3g}   {'at most' if off.max() <= limit else 'OVER'}"
              f" {limit:g}")
    if not ok:
        raise SystemExit("compare: the two do not do the same job")
    return {"n": n, **{k: float(np.abs(ours[k] - theirs[k]).max()) for k in LIMITS[precision]}}


# ------------------------------------------------------------------ rounds

class Table:
    """Speeds of both sides in alternating rounds; prints one line per pair at the end."""

    def __init__(self):
        self.speeds = {}

    def add(self, name, ours, theirs):
        self.speeds.setdefault(name, []).append((ours, theirs))

    def print(self, unit, form="{:10.2f}"):
        print(f"{unit:<34}{'patina':>21}{'peer':>21}    ratio, of best / median / least")
        for name, pairs in self.speeds.items():
            ours, theirs = [p[0] for p in pairs], [p[1] for p in pairs]
            ratios = [a / b for a, b in pairs]
            row = "".join(form.format(v) for v in (max(ours), statistics.median(ours),
                                                   max(theirs), statistics.median(theirs)))
            print(f"  {name:<32}{row:<42}    {max(ours) / max(theirs):.2f} /"
                  f" {statistics.median(ratios):.2f} / {min(ratios):.2f}", flush=True)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def print_encoders(workers):
    """The chosen encoders, and the seconds of all that were tried."""
    print(f"  the peer's encoders are {' and '.join(sorted({w.about['encoders'] for w in workers}))};"
          " seconds of a batch of clips and one of captions: "
          + ", ".join(f"{name} {value if isinstance(value, str) else f'{value:.3f}'}"
                      for name, value in workers[0].about["tried"].items()))


def compare_rows(args, precision, manifest, folder, result):
    patina = Patina(args, precision)
    workers = [Worker(args, precision, 1) for _ in range(args.threads)]
    table, memory = Table(), {"ours": 0, "theirs": 0}
    result["check"] = check_rows(args, patina, workers[0], manifest, folder, precision)
    result["peer"] = workers[0].about
    print_encoders(workers)

    def ask_all(**command):
        began = time.perf_counter()
        for shard, worker in enumerate(workers):
            worker.send(do="rows", manifest=manifest, shard=shard, shards=len(workers),
                        out=os.path.join(folder, f"peer-{shard}"), **command)
        answers = [worker.read() for worker in workers]
        seconds = time.perf_counter() - began
        memory["theirs"] = max(memory["theirs"], sum(a["peak_bytes"] for a in answers))
        return sum(a["n"] for a in answers) / seconds

    ask_all(limit=args.threads * 8)  # warm-up
    for r in range(args.rounds):
        progress(f"rows {precision}: round {r + 1} of {args.rounds}")
        report, speed = patina.bench("--only", "rows", "--corpus", manifest)
        memory["ours"] = max(memory["ours"], report["peak_bytes"])
        table.add(f"{precision}, {args.threads} threads, {args.clips} clips",
                  speed["rows_per_s"]["best"], ask_all())
    for worker in workers:
        worker.close()
    progress("")
    table.print("rows per second, best and median")
    print(f"  peak memory: {memory['ours'] / 1e6:.0f} MB; peer {memory['theirs'] / 1e6:.0f} MB in"
          f" {len(workers)} processes")
    result["rows_per_s"], result["memory"] = table.speeds, memory


def compare_towers(args, precision, captions, folder, result):
    patina, worker, table = Patina(args, precision), Worker(args, precision, args.threads), Table()
    print_encoders([worker])

    def rate(**command):
        response = worker.ask(**command)
        return response["n"] / response["seconds"]

    def audio(batch):
        return rate(do="audio", batch=batch, batches=16 // batch)

    def onnx(runs):
        return rate(do="onnx", path=os.path.join(folder, "audio.onnx"), runs=runs)

    if args.onnx and precision == "f32":
        off = worker.ask(do="onnx", path=os.path.join(folder, "audio.onnx"), runs=1)["off"]
        print(f"onnxruntime's embeddings differ from PyTorch's by up to {off:.2g}:",
              "one more peer" if off < 1e-4 else "its exported graph is timed, but is no valid peer")
    audio(8), audio(1), rate(do="text", captions=captions[0])
    peaks, shares = [], {"audio": [], "text": []}
    for r in range(args.rounds):
        progress(f"towers {precision}: round {r + 1} of {args.rounds}")
        _, speed = patina.bench("--only", "towers")
        clips, texts = 1.0 / speed["audio_s"]["best"], 1.0 / speed["text_s"]["best"]
        if speed["peak_flops"]:
            peaks.append(speed["peak_flops"]["best"])
            for name, values in shares.items():
                values.append(speed[f"{name}_share_of_peak"])
        one, eight = audio(1), audio(8)
        table.add("clips, PyTorch batch 1", clips, one)
        table.add("clips, PyTorch batch 8", clips, eight)
        table.add("clips, PyTorch's best of both", clips, max(one, eight))
        if args.onnx and precision == "f32":
            table.add("clips, onnxruntime batch 1", clips, onnx(16))
        table.add("captions, PyTorch padded 32", texts,
                  rate(do="text", captions=captions[r % len(captions)]))
    worker.close()
    progress("")
    table.print(f"encoders a second, {precision}")
    if peaks:
        print(f"  register peak {max(peaks) / 1e9:.0f} GFLOP/s; share of it, best and median:"
              + ",".join(f" {name} {100 * max(v):.1f} and {100 * statistics.median(v):.1f} %"
                         for name, v in shares.items()))
    result["per_s"], result["peak_flops"], result["shares"] = table.speeds, peaks, shares


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="full size; untrained will do")
    parser.add_argument("--patina", default=os.path.join(HERE, "..", "build", "patina"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=64, help="of a run of rows")
    parser.add_argument("--precision", choices=["f32", "bf16", "both"], default="both")
    parser.add_argument("--isa", choices=["avx2"], help="limit the encoders of both sides")
    parser.add_argument("--no-compile", dest="compile", action="store_false",
                        help="leave out torch.compile, which takes minutes to start")
    parser.add_argument("--only", choices=["rows", "towers", "both"], default="both")
    parser.add_argument("--onnx", action="store_true", help="onnxruntime's audio tower as well")
    parser.add_argument("--json", metavar="FILE", help="every round's figures")
    args = parser.parse_args()
    if args.clips < 1 or args.rounds < 1 or args.threads < 1:
        parser.error("--clips, --rounds and --threads are at least 1")

    import transformers  # slow to import
    tokenizer = transformers.AutoTokenizer.from_pretrained(args.model)
    version = subprocess.run([args.patina, "--version"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.strip()
    load = os.getloadavg()[0]
    print(f"{version} on {cpu_name()}, {args.threads} threads; {args.rounds} rounds, A/B/A/B")
    if load > 0.25 * len(os.sched_getaffinity(0)):
        print(f"note: {load:.1f} jobs were running when this began; other work takes its share")
    results = {"cpu": cpu_name(), "isa": args.isa, "threads": args.threads, "load": load}
    with tempfile.TemporaryDirectory(prefix="patina-compare-") as folder:
        manifest = make_corpus(folder, args.clips, tokenizer)
        captions = [make_captions(tokenizer, 32, 100 + r) for r in range(args.rounds)]
        for precision in ["f32", "bf16"] if args.precision == "both" else [args.precision]:
            if not supports_precision(args, precision):
                print(f"\n{precision}: not offered by this program on this machine")
                continue
            result = results[precision] = {}
            print()
            if args.only != "towers":
                compare_rows(args, precision, manifest, folder, result)
            if args.only != "rows":
                compare_towers(args, precision, captions, folder, result)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
