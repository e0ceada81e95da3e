# SPDX-License-Identifier: MIT
"""helpers.py - helpers of the command tests; standard library only"""

import array
import hashlib
import json
import math
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

PATINA = os.environ["PATINA"]
ROOT = os.environ["PATINA_ROOT"]
DEMO, GOLDEN, MINI = (os.environ[name] for name in ("DEMO", "GOLDEN", "MINI"))
SHARED = os.environ["PATINA_SHARED"]
REJECT_REASONS = ["bad_caption", "duplicate_id", "missing", "timeout", "undecodable", "truncated",
           "unsupported", "too_short", "nonfinite", "silent", "excluded", "filtered",
           "low_quality"]
PROVENANCE_MEMBERS = ["entry", "source", "caption", "caption_index", "seed", "variant", "window", "chain",
              "stages", "output_gain", "purity_db", "snr_db", "sdr_db", "purity_cap", "lufs_source",
              "lufs_mono", "source_quality"]
COLUMNS = ["fused_state", "target_ltas", "target_lufs", "target_dyn", "input_purity"]


# ---- the program ------------------------------------------------------------------------------

def patina(*args, status=0):
    """Runs the program, asserts its exit status, and returns its standard output."""
    done = subprocess.run([PATINA, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    said = done.stderr.decode("utf-8", "replace")
    assert "Sanitizer" not in said and "runtime error:" not in said, said
    assert done.returncode == status, f"{str(args)[:300]}: status {done.returncode}: {said}"
    return done.stdout.decode("utf-8")


def measure(*args, status=0):
    return [json.loads(line) for line in patina("measure", "--json", *args,
                                                status=status).splitlines()]


def is_sanitizer_build():
    """Whether the program was built with a sanitizer, which makes it about ten times slower."""
    with open(PATINA, "rb") as file:
        data = file.read()
    return b"__asan_init" in data or b"__tsan_init" in data


# ---- random numbers: Philox4x32-10 (Salmon et al. 2011), streams as in docs/MEASURES.md, 8 ---

def philox_uniforms(seed, entry, variant, stream, n):
    """The first n numbers of a stream, in (0, 1)."""
    hashed = 0xCBF29CE484222325
    for byte in entry.encode():
        hashed = (hashed ^ byte) * 0x100000001B3 & (1 << 64) - 1
    words = []
    for block in range((n + 3) // 4):
        c = [block, (stream + 256 * variant) & 0xFFFFFFFF, hashed & 0xFFFFFFFF, hashed >> 32]
        k = [seed & 0xFFFFFFFF, seed >> 32]
        for _ in range(10):
            a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        words += c
    return [(word + 0.5) / 2 ** 32 for word in words[:n]]


WINDOW, CAPTION = 0, 8


# ---- files ------------------------------------------------------------------------------------

def read_jsonl(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_jsonl(path, items):
    """Writes objects as JSON lines; bytes and strings unchanged."""
    with open(path, "wb") as out:
        for item in items:
            if isinstance(item, bytes):
                out.write(item + b"\n")
            elif isinstance(item, str):
                out.write(item.encode() + b"\n")
            else:
                out.write(json.dumps(item).encode() + b"\n")


def parts(out, kind, suffix="jsonl"):
    """Paths of the part files of a data set, in order; kind is data or provenance."""
    folder = f"{out}/{kind}"
    return [f"{folder}/{name}" for name in sorted(os.listdir(folder)) if name.endswith(suffix)]


def read_rows(out):
    """Rows of a JSON Lines data set; numbers are rounded to float32."""
    def floats(value):
        return [to_float32(x) for x in value] if isinstance(value, list) else to_float32(value)

    return [{name: floats(value) for name, value in row.items()}
            for path in parts(out, "data") for row in read_jsonl(path)]


def read_provenance(out):
    return [line for path in parts(out, "provenance") for line in read_jsonl(path)]


def read_rejects(out):
    return read_jsonl(out + "/rejects.jsonl")


def to_float32(x):
    """x rounded to float32."""
    return struct.unpack("<f", struct.pack("<f", x))[0]


def read_npy(path):
    """(shape, floats) of a little-endian float32 .npy 1.0 in C order."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    size = struct.unpack("<H", data[8:10])[0]
    assert (10 + size) % 64 == 0, "data are aligned to 64"
    header = eval(data[10:10 + size], {"__builtins__": {}}, {})
    assert header["descr"] == "<f4" and header["fortran_order"] is False, header
    floats = array.array("f", data[10 + size:])
    count = 1
    for n in header["shape"]:
        count *= n
    assert len(floats) == count, (len(floats), header)
    return header["shape"], list(floats)


def hash_tree(folder):
    """Hash and modification time of every file below folder."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = (hashlib.sha256(file.read()).hexdigest(),
                                                        os.stat(path).st_mtime_ns)
    return found


def write_demo_manifest(path, n):
    """A manifest of n entries from the demo clips under new ids, with rejects and repeated ids."""
    clips = read_jsonl(DEMO + "/manifest.jsonl")
    items = []
    for i in range(n):
        clip = clips[i * 5 % len(clips)]
        items.append({"id": f"entry {i}", "audio": f"{DEMO}/{clip['audio']}",
                      "caption": clip["caption"]})
        if i % 7 == 3:
            items.append({"id": f"absent {i}", "audio": f"absent-{i}.wav", "caption": "gone"})
        if i % 11 == 5:
            items.append({"id": f"entry {i - 1}", "audio": items[-1]["audio"], "caption": "twice"})
    write_jsonl(path, items)


# ---- audio ------------------------------------------------------------------------------------

def tone(n, rate=48000, hz=440.0, amplitude=0.25):
    step = 2 * math.pi * hz / rate
    return [amplitude * math.sin(step * i) for i in range(n)]


def noise(n, seed=1, amplitude=0.25):
    draw = random.Random(seed)
    return [amplitude * (2 * draw.random() - 1) for _ in range(n)]


def wav_header(rate, channels, bits, is_float, data_bytes):
    block = channels * bits // 8
    return (b"RIFF" + struct.pack("<I", (36 + data_bytes) & 0xFFFFFFFF) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 3 if is_float else 1, channels, rate, rate * block, block,
                        bits) +
            b"data" + struct.pack("<I", data_bytes & 0xFFFFFFFF))


def write_wav(path, samples, rate=48000, channels=1, sample_format="f32"):
    """samples: interleaved floats; sample format f32 or s16."""
    if sample_format == "f32":
        data = array.array("f", samples).tobytes()
    else:
        data = array.array("h", [max(-32768, min(32767, round(32768 * x))) for x in samples]) \
            .tobytes()
    with open(path, "wb") as out:
        is_float = sample_format == "f32"
        out.write(wav_header(rate, channels, 32 if is_float else 16, is_float, len(data)))
        out.write(data)


def read_float_wav(path):
    """(rate, channels, floats) of a 32-bit float WAV; other chunks are skipped."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE", data[:12]
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8, "the RIFF size is the file's"
    at, fmt, floats = 12, None, None
    while at + 8 <= len(data):
        name, size = data[at:at + 4], struct.unpack("<I", data[at + 4:at + 8])[0]
        if name == b"fmt ":
            fmt = struct.unpack("<HHIIHH", data[at + 8:at + 24])
        if name == b"data":
            floats = array.array("f", data[at + 8:at + 8 + size])
            assert len(floats) * 4 == size, f"the data chunk of '{path}' is truncated"
        at += 8 + size + size % 2
    kind, channels, rate, _, _, bits = fmt
    assert (kind, bits) == (3, 32), fmt
    return rate, channels, list(floats)


# ---- checks -----------------------------------------------------------------------------------

def assert_near(value, expected, tolerance, what=""):
    assert abs(value - expected) <= tolerance, f"{what}: {value!r}, expected {expected!r}"


def assert_all_near(values, expected, tolerance, what=""):
    assert len(values) == len(expected), f"{what}: {len(values)} values, not {len(expected)}"
    for i, (v, e) in enumerate(zip(values, expected)):
        assert_near(v, e, tolerance, f"{what}[{i}]")


def wait_until(condition, seconds=60):
    """Waits until condition() is true, at most so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.02)
