#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the installed Python package: test_package.py [--wheel WHEEL]

Run by package.sh. Sounds and targets are compared with the reference values in tests/golden/dsp, and
with what the command prints. The last line is "N passed, N failed, N skipped".
"""

import contextlib
import importlib.util
import inspect
import io
import json
import multiprocessing
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import wave
from pathlib import Path

import numpy as np

import patina

sys.path.insert(0, str(Path(__file__).resolve().parent))  # -I leaves it out
from checks import check, run_main, Skip  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
GOLDEN, DEMO = ROOT / "tests/golden/dsp", ROOT / "examples/demo"
MINI = ROOT / "tests/golden/clap/mini"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text("utf-8"))
COMMAND = str(Path(sysconfig.get_path("scripts")) / "patina")
SCRATCH = Path(tempfile.mkdtemp(prefix="patina-package-"))


def command(*arguments, status=0):
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True,
                          timeout=600)
    assert done.returncode == status, (arguments, done)
    return done


def read_wav(path):
    """Samples as float32 [frames, channels] and the rate, read by the standard library; float files,
    which it does not support, are parsed here."""
    data = path.read_bytes()
    at = data.index(b"fmt ") + 8
    code, channels, rate = np.frombuffer(data, "<u2", 2, at).tolist() + [
        int(np.frombuffer(data, "<u4", 1, at + 4)[0])]
    if code == 3:
        at = data.index(b"data", at) + 8
        n = int(np.frombuffer(data, "<u4", 1, at - 4)[0])
        return np.frombuffer(data[at:at + n], "<f4").reshape(-1, channels), rate
    with wave.open(str(path)) as file:
        assert file.getsampwidth() == 2
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return (frames.reshape(-1, channels) / np.float32(32768)).astype(np.float32), rate


def raises(kind, function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except kind as fault:
        return fault
    raise AssertionError(f"no {kind.__name__} from {function.__name__}{arguments[1:]}{keywords}")


PROG, PROG_RATE = read_wav(GOLDEN / "prog.wav")


# -- installation

@check
def uses_libraries_of_glibc_only(options):
    """program and library contain their libraries; of this system they use glibc alone"""
    folder = Path(patina.__file__).parent
    if not options.wheel:
        raise Skip("no --wheel given")
    for file in (folder / "bin/patina", folder / "libpatina.so"):
        said = subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout
        names = re.findall(r"(\S+) =>", said)
        assert "libc.so.6" in names and "not found" not in said, said
        assert not [name for name in names if not re.match(r"lib(c|m|dl|rt|pthread)\.so", name)], said


@check
def versions_agree(options):
    """package, metadata, command and meson.build agree"""
    from importlib.metadata import version
    wanted = re.search(r"version: '([0-9.]+)'", (ROOT / "meson.build").read_text("utf-8"))[1]
    assert patina.__version__ == version("patina-audio") == wanted, (patina.__version__, wanted)
    assert command("--version").stdout == f"patina {wanted}\n"


@check
def command_runs_binary(options):
    """the script on PATH and python -m patina run the program"""
    for line in ([COMMAND], [sys.executable, "-m", "patina"]):
        done = subprocess.run([*line, "genrate"], capture_output=True, text=True)
        assert done.returncode == 2, done
        assert done.stderr == ("patina: unknown command 'genrate': did you mean 'generate'?\n"
                               "try 'patina --help'\n"), done.stderr


@check
def type_hints(options):
    """mypy reports no errors, and the package is typed for its users"""
    try:
        import mypy  # noqa: F401
    except ImportError:
        raise Skip("mypy is not installed") from None
    use = SCRATCH / "use.py"
    use.write_text("import numpy as np\nimport patina\n"
                   "reveal_type(patina.measure(np.zeros(9), 8000).lufs)\n"
                   "reveal_type(patina.degrade(np.zeros(9), 8000).purity_db)\n"
                   "patina.generate(corpus='a', model='b', out='c', format='csv')\n"
                   "patina.generate(corpus='a', model='b', out='c', sead=1)\n")
    mypy_of = [sys.executable, "-m", "mypy", "--cache-dir", str(SCRATCH / "mypy")]
    done = subprocess.run([*mypy_of, str(use)], capture_output=True, text=True, cwd=SCRATCH)
    assert len(re.findall(r'Revealed type is "(builtins\.)?float"', done.stdout)) == 2, done.stdout
    assert 'incompatible type "Literal[\'csv\']"' in done.stdout, done.stdout
    assert 'Unexpected keyword argument "sead"' in done.stdout, done.stdout
    assert "Found 2 errors" in done.stdout, done.stdout
    done = subprocess.run([*mypy_of, "--strict", "--no-warn-unused-ignores",
                           "--ignore-missing-imports", "-p", "patina"],
                          capture_output=True, text=True, cwd=SCRATCH)
    assert done.returncode == 0, done.stdout


@check
def documents_are_typed(options):
    """mypy --strict and pyright report no errors in the examples of the documents"""
    folder = SCRATCH / "typed"
    folder.mkdir()
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")]:
        blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        for i, block in enumerate(blocks):
            if "import patina" in block:
                (folder / f"{page.stem.lower()}_{i}.py").write_text(block)
    files = sorted(map(str, folder.glob("*.py")))
    assert len(files) > 5, files
    (folder / "wrong.py").write_text("import patina\npatina.verify(1)\n")
    (folder / "pyrightconfig.json").write_text('{"reportMissingImports": false}')
    for module, arguments in (("mypy", ["--strict", "--ignore-missing-imports", "--cache-dir", str(SCRATCH / "mypy")]),
                              ("pyright", ["--pythonpath", sys.executable])):
        if importlib.util.find_spec(module) is None:
            raise Skip(f"{module} is not installed")
        for names, status in ((files, 0), ([str(folder / "wrong.py")], 1)):
            done = subprocess.run([sys.executable, "-m", module, *arguments, *names], capture_output=True,
                                  text=True, cwd=folder)
            assert done.returncode == status, (module, done.stdout, done.stderr)


@check
def abi_matches_headers(options):
    """a C compiler agrees with every struct, constant and function that ctypes declares"""
    if not shutil.which("cc"):
        raise Skip("there is no C compiler")
    check_abi = [sys.executable, str(ROOT / "tests/python/check_abi.py"),
                 str(Path(patina.__file__).parent)]
    program = subprocess.run(check_abi, capture_output=True, text=True, check=True).stdout
    assert program.count("_Static_assert") > 60

    def compiles(include):
        return subprocess.run(["cc", "-std=c11", f"-I{include}", "-fsyntax-only", "-x", "c", "-"],
                              input=program, capture_output=True, text=True)
    done = compiles(ROOT / "include")
    assert done.returncode == 0, done.stderr[:2000]
    # The check must detect an additional member, another type, another parameter.
    for header, old, new in (("audio.h", "size_t n_frames;", "size_t n_frames, n_more;"),
                             ("measure.h", "double zcr;", "float zcr;"),
                             ("buffer_ops.h", "uint64_t seed,", "uint32_t seed,"),
                             ("clap.h", "PATINA_EMBEDDING_SIZE 512", "PATINA_EMBEDDING_SIZE 513")):
        changed = SCRATCH / "include"
        shutil.rmtree(changed, ignore_errors=True)
        shutil.copytree(ROOT / "include", changed)
        text = re.sub(" +", " ", (changed / "patina" / header).read_text("utf-8"))
        assert old in text, (header, old)
        (changed / "patina" / header).write_text(text.replace(old, new), "utf-8")
        assert compiles(changed).returncode != 0, (header, new)


# -- measure

@check
def measure_matches_golden(options):
    """measure gives the targets of the independent implementation"""
    for name, wanted in EXPECTED["targets"].items():
        samples, rate = read_wav(GOLDEN / name)
        if wanted.get("rejected"):
            assert raises(patina.Error, patina.measure, samples, rate).reason == wanted["rejected"]
            continue
        found = patina.measure(samples, rate)
        # Tolerances of DEFINITIONS section 9.
        assert abs(found.lufs - wanted["lufs"]) <= 0.01, (name, found.lufs)
        if "ltas" not in wanted:
            continue
        levels = np.array(wanted["ltas"])
        assert found.ltas.shape == (64,) and found.ltas.dtype == np.float64
        bars = np.where(levels > -100, 0.05, 1.0)
        assert (np.abs(found.ltas - levels) <= bars).all(), (name, found.ltas - levels)
        assert abs(found.crest_db - wanted["crest_db"]) <= 0.01, name
        assert abs(found.zcr - wanted["zcr"]) <= 2 / len(samples), name
        assert found.lufs_mono == found.lufs, name


@check
def measure_array_equals_file(options):
    """array, file and command give the same bits, also for parts of a file"""
    for name, part in (("prog.wav", {}), ("stereo44.wav", {}), ("five24.wav", {}),
                       ("stereo44.wav", {"start_frame": 5000, "frames": 30000})):
        samples, rate = read_wav(GOLDEN / name)
        arguments = [word for key, value in part.items()
                     for word in ("--" + key.replace("_", "-"), value)]
        printed = json.loads(command("measure", "--json", *arguments, GOLDEN / name).stdout)
        for found in (patina.measure(samples, rate, **part), patina.measure(GOLDEN / name, **part),
                      patina.measure(str(GOLDEN / name), **part)):
            assert found.ltas.tolist() == printed["target_ltas"], name
            assert (found.lufs, found.lufs_mono) == (printed["target_lufs"], printed["lufs_mono"]), name
            assert [found.crest_db, found.zcr] == printed["target_dyn"], name


@check
def array_dtypes_and_layouts(options):
    """[n], [n, 1], float64, strided and read-only arrays, and lists, give the same result"""
    mono = PROG[:, 0]
    wanted = patina.measure(mono, PROG_RATE)
    wide = np.zeros((len(mono), 3), np.float32)
    wide[:, 1] = mono
    frozen = mono.copy()
    frozen.flags.writeable = False
    for sound in (PROG, mono.astype(np.float64), wide[:, 1], frozen, np.asfortranarray(PROG),
                  mono.astype(">f4"), np.repeat(mono, 2)[::2]):
        found = patina.measure(sound, PROG_RATE)
        assert found.lufs == wanted.lufs and (found.ltas == wanted.ltas).all()
    found = patina.measure([float(x) for x in mono], PROG_RATE)
    assert found.lufs == wanted.lufs
    two = patina.measure(np.stack([mono, mono], axis=1), PROG_RATE)
    # Twice the energy (BS.1770 sums channels); the mix is unchanged.
    assert abs(two.lufs - wanted.lufs - 10 * np.log10(2)) < 0.01 and two.lufs_mono == wanted.lufs


@check
def invalid_audio_inputs(options):
    """invalid input raises patina.Error with the reason, or TypeError or ValueError"""
    noise = np.random.default_rng(1).standard_normal(48000).astype(np.float32) / 10
    bad = noise.copy()
    bad[7] = np.nan
    for sound, rate, reason in ((noise, 3999, "unsupported"), (noise, 384001, "unsupported"),
                                (noise, 0, "unsupported"), (noise[:100], 48000, "too_short"),
                                (noise[:0], 48000, "too_short"), (bad, 48000, "nonfinite"),
                                (np.zeros(48000), 48000, "silent"),
                                (np.zeros((48000, 0)), 48000, "unsupported"),
                                (np.ones((70000, 65)), 48000, "unsupported")):
        for function in (patina.measure, patina.degrade):
            error = raises(patina.Error, function, sound, rate)
            assert error.reason == reason, (reason, error.reason, error)
            assert str(error) and not str(error).endswith("."), error
    raises(TypeError, patina.measure, noise)
    raises(TypeError, patina.measure, (noise * 32767).astype(np.int64), 48000)
    raises(TypeError, patina.measure, (noise * 32767).astype(np.uint16), 48000)
    raises(TypeError, patina.measure, noise, 48000, sr=48000)
    raises(TypeError, patina.measure, io.StringIO("text"))
    with open(GOLDEN / "prog.wav", encoding="utf-8") as file:
        assert "binary mode" in str(raises(TypeError, patina.measure, file))
    with open(GOLDEN / "prog.wav", "rb") as file:
        patina.measure(file)
        assert "prog.wav' is at its end" in str(raises(ValueError, patina.measure, file))
    raises(ValueError, patina.measure, file)  # closed
    raises(TypeError, patina.measure, noise.astype(np.complex64), 48000)
    raises(TypeError, patina.measure, GOLDEN / "prog.wav", 48000)
    raises(TypeError, patina.measure, ["a", "b"], 48000)
    raises(ValueError, patina.measure, np.zeros((2, 3, 4)), 48000)
    raises(ValueError, patina.measure, np.float32(1), 48000)
    raises(ValueError, patina.measure, noise, -1)
    for rate in (44100.5, float("inf"), float("nan"), "48000"):
        assert "whole number" in str(raises(ValueError, patina.measure, noise, rate))
    for rate in ([48000], noise):
        raises(TypeError, patina.measure, noise, rate)
    raises(TypeError, patina.measure, noise, 48000, start_frame=[1])
    raises(ValueError, patina.measure, noise, 48000, start_frame=-1)
    advice = str(raises(ValueError, patina.measure, np.zeros((2, 48000)), 48000))
    assert "samples.T or channels_first=True" in advice, advice
    advice = str(raises(ValueError, patina.Degrade(sample_rate=48000), np.zeros((48000, 2))))
    assert "samples.T or channels_first=False" in advice, advice
    error = raises(patina.Error, patina.measure, "no such file.wav")
    assert "file 'no such file.wav'" in str(error), error
    raises(ValueError, patina.measure, "a\0b")


@check
def number_formats_and_files(options):
    """integers, half floats, channels first, bytes and file objects give equal results, with all names of the rate"""
    path = GOLDEN / "prog.wav"
    stored = np.frombuffer(path.read_bytes()[44:], "<i2")
    assert (stored / np.float32(32768) == PROG.ravel()).all()  # 16-bit PCM behind a header of 44 bytes
    wanted = patina.measure(path)
    two = np.stack([PROG[:, 0], PROG[::-1, 0]], axis=1)
    for found in (patina.measure(stored, sr=PROG_RATE), patina.measure(stored.astype(np.int32) << 16, PROG_RATE),
                  patina.measure(stored[:, None], sample_rate=PROG_RATE), patina.measure(path.read_bytes()),
                  patina.measure(io.BytesIO(path.read_bytes())), patina.measure(open(path, "rb")),
                  patina.measure(PROG.T, PROG_RATE, channels_first=True)):
        assert found.lufs == wanted.lufs and (found.ltas == wanted.ltas).all()
    first = patina.measure(two.T, PROG_RATE, channels_first=True)
    assert first.lufs == patina.measure(two, PROG_RATE).lufs
    half = patina.measure(PROG.astype(np.float16), PROG_RATE)
    assert abs(half.lufs - wanted.lufs) < 0.01
    named = patina.degrade(open(path, "rb"), seed=3)
    assert (named.samples == patina.degrade(path, seed=3).samples).all() and named.recipe["entry"] == "prog.wav"
    error = raises(patina.Error, patina.measure, b"not audio")
    assert "'bytes'" in str(error) and "/proc" not in str(error), error
    try:
        import torch
    except ImportError:
        raise Skip("torch is not installed, so tensors were not tried") from None
    tensor = torch.from_numpy(PROG.copy())
    assert patina.measure(tensor, PROG_RATE).lufs == wanted.lufs
    assert abs(patina.measure(tensor.bfloat16(), PROG_RATE).lufs - wanted.lufs) < 0.1
    assert patina.measure(tensor.T, PROG_RATE, channels_first=True).lufs == wanted.lufs


# -- degrade

@check
def degrade_matches_golden(options):
    """degrade gives the samples and purity of the independent implementation"""
    for name, wanted in EXPECTED["effects"].items():
        assert wanted["input"] == "prog.wav"
        recipe = {"entry": wanted["noise_entry"], "seed": wanted["noise_seed"],
                  "variant": wanted["noise_variant"], "chain": wanted["chain"],
                  "window": {"start": 0, "frames": len(PROG), "rate_hz": PROG_RATE, "channels": 1}}
        for given in (recipe, json.dumps(recipe)):
            found = patina.degrade(PROG, PROG_RATE, recipe=given)
            assert found.samples.dtype == np.float32 and found.samples.shape == (len(PROG),)
            assert found.recipe["entry"] == wanted["noise_entry"]
            if wanted["output"] is None:
                assert (found.samples == PROG[:, 0]).all()
            else:
                samples, _ = read_wav(GOLDEN / wanted["output"])
                worst = np.abs(found.samples - samples[:, 0]).max() / np.abs(samples).max()
                assert worst <= 1e-4, (name, worst)  # the limit of section 9
            # and that of purity
            assert abs(found.purity_db - wanted["purity_db"]) <= 0.05, (name, found.purity_db)
            assert abs(found.recipe["snr_db"] - wanted["snr_db"]) <= 0.05, name
            assert abs(found.recipe["sdr_db"] - wanted["sdr_db"]) <= 0.05, name


@check
def degrade_array_equals_file(options):
    """array, file and command give the same bits, and so does the replay of a recipe"""
    out, recipe_file = SCRATCH / "damaged.wav", SCRATCH / "recipe.json"
    for name, seed, order in (("stereo44.wav", 3, "physical"), ("five24.wav", 4, "random")):
        samples, rate = read_wav(GOLDEN / name)
        printed = json.loads(command("degrade", GOLDEN / name, out, "--seed", seed, "--variant", 2,
                                     "--order", order).stdout)
        wanted, _ = read_wav(out)
        for sound, more in (((samples, rate), {"entry": name}), ((GOLDEN / name,), {})):
            found = patina.degrade(*sound, seed=seed, variant=2, order=order, **more)
            assert found.recipe == printed and found.purity_db == printed["purity_db"]
            assert (found.samples == wanted[:, 0]).all() and found.samples.shape == wanted[:, 0].shape
            again = patina.degrade(*sound, recipe=found.recipe)
            assert (again.samples == found.samples).all() and again.recipe == found.recipe
            found.samples[0] = 2  # the caller's own
        recipe_file.write_text(json.dumps(printed), "utf-8")
        command("degrade", GOLDEN / name, out, "--recipe", recipe_file)
        assert (read_wav(out)[0] == wanted).all()


@check
def seeds_and_windows(options):
    """seeds differ, a seed repeats, and 10 s of longer audio are used"""
    long = np.random.default_rng(2).uniform(-0.3, 0.3, 25 * 8000)
    starts = set()
    for seed in range(4):
        found = patina.degrade(long, 8000, seed=seed)
        assert (patina.degrade(long, 8000, seed=seed).samples == found.samples).all()
        assert found.samples.shape == (480000,) and found.recipe["window"]["frames"] == 80000
        assert np.abs(found.samples).max() <= 0.9991 and found.recipe["entry"] == "array"
        starts.add(found.recipe["window"]["start"])
    assert len(starts) == 4
    most = patina.degrade(PROG, PROG_RATE, seed=2**63 - 1, variant=2**24 - 1)
    assert (most.recipe["seed"], most.recipe["variant"]) == (2**63 - 1, 2**24 - 1)


@check
def results_compare(options):
    """equal targets are equal, and all results can be pickled"""
    found, other = patina.measure(PROG, PROG_RATE), patina.measure(PROG[::-1], PROG_RATE)
    assert found == patina.measure(PROG[:, 0], PROG_RATE) and found != other and found != 1
    assert pickle.loads(pickle.dumps(found)) == found
    assert pickle.loads(pickle.dumps(patina.degrade(PROG, PROG_RATE))).purity_db > 0
    assert pickle.loads(pickle.dumps(patina.Error("a sentence", "silent"))).reason == "silent"


@check
def effect_configs(options):
    """a configuration may be a dict, JSON or a file, in every function alike"""
    suite = {"clean": 0, **{name: {"probability": float(name == "noise")} for name in (
        "comb", "mud", "sibilance", "noise", "clip", "pops")}}
    path = SCRATCH / "suite.json"
    path.write_text(json.dumps(suite), "utf-8")
    of_numpy = {**suite, "clean": np.float32(0), "noise": {"probability": np.int64(1)}}
    for given in (suite, path, str(path), json.dumps(suite), of_numpy):
        found = patina.degrade(PROG, PROG_RATE, seed=1, suite=given)
        assert [stage["fx"] for stage in found.recipe["chain"]] == ["noise"]
        transform = patina.Degrade(seed=1, suite=given, return_purity=True)
        assert transform(PROG[:, 0], PROG_RATE)[1] < 50
        assert [one["name"] for one in patina.effects(given) if one["probability"] > 0] == ["noise"]
        assert generate(SCRATCH / "configured", suite=given, limit=1, dry_run=True)["rows"] > 0
    # A number is not the descriptor of an open file.
    for wrong, kind in ((1, TypeError), ([suite], TypeError), (b"{}", TypeError), ("{", patina.Error),
                        (SCRATCH / "absent", patina.Error), (SCRATCH, patina.Error)):
        for function in (lambda suite: patina.degrade(PROG, PROG_RATE, suite=suite), patina.effects,
                         lambda suite: patina.Degrade(suite=suite),
                         lambda suite: generate(SCRATCH / "configured", suite=suite)):
            raises(kind, function, wrong)
    error = raises(patina.Error, patina.degrade, PROG, PROG_RATE, suite={"nosie": {}})
    assert error.reason == "format" and "nosie" in str(error), error


@check
def degrade_invalid_arguments(options):
    """recipes of other recordings and conflicting arguments are errors"""
    recipe = patina.degrade(PROG, PROG_RATE, seed=1).recipe
    for sound, rate in ((PROG[:-1], PROG_RATE), (PROG, 44100), (np.hstack([PROG, PROG]), PROG_RATE)):
        assert raises(patina.Error, patina.degrade, sound, rate, recipe=recipe).reason == "format"
    del recipe["seed"]
    assert "'seed'" in str(raises(patina.Error, patina.degrade, PROG, PROG_RATE, recipe=recipe))
    for extra in ({"seed": 1}, {"variant": 1}, {"suite": {}}, {"entry": "x"}, {"order": "random"}):
        raises(TypeError, patina.degrade, PROG, PROG_RATE, recipe=recipe, **extra)
    for wrong in ({"seed": -1}, {"seed": 2**63}, {"variant": 2**24}, {"order": "shuffled"},
                  {"entry": "a\0b"}):
        raises(ValueError, patina.degrade, PROG, PROG_RATE, **wrong)


@check
def thread_safety(options):
    """concurrent threads get the results of a single thread"""
    wanted = [patina.degrade(PROG, PROG_RATE, seed=seed).samples for seed in range(6)]
    right = []

    def work():
        mine = [patina.degrade(PROG, PROG_RATE, seed=seed, suite={"clean": 0.05}).samples
                for seed in range(6)]
        right.append(all((a == b).all() for a, b in zip(wanted, mine)))
    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert right == [True] * 4


@check
def memory_is_released(options):
    """thousands of calls, valid and invalid, do not leak memory"""
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def work(n):
        for seed in range(n):
            patina.degrade(PROG, PROG_RATE, seed=seed)
            raises(patina.Error, patina.degrade, PROG[:9], PROG_RATE)
            raises(patina.Error, patina.degrade, PROG, PROG_RATE, recipe="{}")
    work(50)
    before = resident()
    work(300)
    # A leak of the samples alone would be 300 times 240 kB.
    assert resident() - before < 20e6, resident() - before


# -- Degrade

NOISE_20_DB = {"clean": 0, **{name: {"probability": 0} for name in ("comb", "mud", "sibilance", "clip", "pops")},
               "noise": {"probability": 1, "snr_db": [20, 20], "colour": {"white": 1, "pink": 0, "brown": 0}}}


def make_music(seconds, rate, channels):
    """Tones below 8 kHz with a slow envelope, float32 [channels, frames]; different in each channel."""
    time_s = np.arange(int(seconds * rate)) / rate
    rng = np.random.default_rng(3)
    tones = [sum(np.sin(2 * np.pi * (rng.uniform(100, 8000) * time_s + rng.uniform())) for _ in range(9))
             for _ in range(channels)]
    return (0.02 * np.stack(tones) * (1 + 0.5 * np.sin(2 * np.pi * time_s))).astype(np.float32)


@check
def transform_keeps_layout(options):
    """Degrade keeps shape, number format and layout; p=0 returns the samples; a batch is degraded item by item"""
    x = make_music(1, 44100, 2)
    for rate in (8000, 44100, 48000, 96000, 44101):
        for dtype in (np.float32, np.float64, np.float16, np.int16, np.int32):
            scale = {np.int16: 2**15, np.int32: 2**31}.get(dtype, 1)
            sound = (x * scale).astype(dtype)
            y = patina.Degrade(seed=2, effects="clip,noise", severity="medium")(sound, rate)
            assert y.shape == x.shape and y.dtype == dtype and (y != sound).any(), (rate, dtype)
            same, purity = patina.Degrade(p=0, return_purity=True)(sound, rate)
            assert (same == sound).all() and same is not sound and purity == 50
    wide = patina.Degrade(seed=2, effects=["clip"], severity="heavy")(x.astype(np.float64), 44100)
    narrow = patina.Degrade(seed=2, effects=["clip"], severity="heavy")((x * 2**15).astype(np.int16), 44100)
    assert np.abs(narrow / 2**15 - wide).max() < 1e-3
    last = patina.Degrade(seed=2, channels_first=False)(x.T, 44100)
    assert (last == patina.Degrade(seed=2)(x, 44100).T).all()
    mono = patina.Degrade(seed=2)(x[0], 44100)
    assert mono.shape == x[0].shape and (mono == patina.Degrade(seed=2)(x[:1], 44100)[0]).all()
    batch, purity = patina.Degrade(seed=2, return_purity=True)(np.stack([x] * 3), 44100)
    one_by_one = patina.Degrade(seed=2, return_purity=True)
    for i in range(3):
        y, p = one_by_one(x, sr=44100)
        assert (batch[i] == y).all() and purity[i] == p
    assert len(set(purity)) == 3
    raises(TypeError, patina.Degrade(), x)
    raises(ValueError, patina.Degrade(), x, 3000)
    raises(ValueError, patina.Degrade, p=2)
    raises(ValueError, patina.Degrade, effects=["reverb"])
    raises(patina.Error, patina.Degrade, suite={"nois": {}})
    raises(patina.Error, patina.Degrade(seed=1), np.full(9000, np.nan), 48000)


@check
def transform_is_what_degrade_does(options):
    """at 48 kHz and mono Degrade gives the samples of patina.degrade; purity is the ratio of the powers"""
    x = make_music(3, 48000, 1)
    quiet = {"noise": {"probability": 0}}  # whose samples are drawn for each channel
    transform = patina.Degrade(seed=5, suite=quiet, return_purity=True)
    n_degraded = 0
    for variant in range(8):
        y, purity = transform(x, 48000)
        wanted = patina.degrade(x[0], 48000, seed=5, entry="degrade/0/0", variant=variant, suite=quiet)
        assert np.abs(y[0] - wanted.samples).max() < 1e-6 and abs(purity - wanted.purity_db) < 1e-6
        n_degraded += bool(wanted.recipe["chain"])
    assert n_degraded >= 4
    for rate in (48000, 44100, 16000):
        x = make_music(3, rate, 2)
        x[1] *= 0.1
        y, purity = patina.Degrade(seed=1, suite=NOISE_20_DB, return_purity=True)(x, rate)
        added = y.astype(np.float64) - x
        assert abs(purity - 20) < 1e-3, purity
        if rate == 48000:
            measured = 10 * np.log10(np.sum(np.var(x, axis=1)) / np.sum(np.var(added, axis=1)))
            assert abs(measured - 20) < 0.01, measured
            assert abs(np.corrcoef(added)[0, 1]) < 0.02  # independent noise
            levels = 10 * np.log10(np.var(x, axis=1) / np.var(added, axis=1))
            assert np.abs(levels - 20).max() < 0.01, levels
        quiet = patina.Degrade(effects=["comb"], suite={"comb": {"size": [0, 0]}})(x, rate)
        assert np.abs(quiet - x)[:, rate // 20:-rate // 20].max() < 1e-4  # there and back


@check
def transform_draws(options):
    """draws differ between calls, repeat with a seed, survive pickling; effects and severities are as requested"""
    x = make_music(1, 48000, 1)
    free = patina.Degrade()
    assert len({free(x, 48000).tobytes() for _ in range(9)}) > 5
    one, two = patina.Degrade(seed=9), patina.Degrade(seed=9)
    first = [one(x, 48000) for _ in range(6)]
    assert all((a == two(x, 48000)).all() for a in first) and any((first[0] != a).any() for a in first[1:])
    copy = pickle.loads(pickle.dumps(one))
    assert (copy(x, 48000) == one(x, 48000)).all() and "seed=9" in repr(copy)
    half = patina.Degrade(p=0.5, seed=1, effects="noise")
    n = sum((half(x, 48000) != x).any() for _ in range(200))
    assert 70 < n < 130, n  # 100 +- 7
    noise = 0.1 * np.random.default_rng(0).standard_normal(48000)
    heavy, light = (patina.Degrade(effects=["mud"], severity=s, seed=1)(noise, 48000) for s in ("heavy", "light"))
    high = [np.abs(np.fft.rfft(y))[8000:].sum() for y in (heavy, light)]
    assert high[0] < 0.5 * high[1], high
    threads = [threading.Thread(target=lambda: [free(x, 48000) for _ in range(5)]) for _ in range(4)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]


@check
def transform_of_long_audio(options):
    """audio longer than 10 s: pops stay one second apart, and noise has one level, also where blocks meet"""
    x = make_music(25, 48000, 1)[0]
    y = patina.Degrade(effects=["pops"], severity="light", seed=3)(x, 48000)
    gain = np.median(y[np.abs(x) > 0.01] / x[np.abs(x) > 0.01])
    at = np.flatnonzero(np.abs(y - gain * x) > 1e-3)
    starts = at[np.diff(at, prepend=-9999) > 9000]
    assert len(starts) in (24, 25) and (np.diff(starts) == 48000).all(), starts
    y = patina.Degrade(seed=3, suite=NOISE_20_DB)(x, 48000)
    levels = [np.std((y - x)[i:i + 24000]) for i in range(0, len(x) - 24000, 24000)]
    assert np.max(levels) < 1.5 * np.min(levels), levels
    short = x[:480000 + 1]
    assert patina.Degrade(seed=3)(short, 48000).shape == short.shape


class Clips:
    """A map-style Dataset for workers; items have their transform's first samples."""

    def __init__(self, seed):
        self.transform = patina.Degrade(seed=seed, effects="noise")

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return self.transform(np.ones(4800, np.float32) * np.sin(np.arange(4800, dtype=np.float32)), 48000)


@check
def transform_in_workers(options):
    """tensors remain tensors; in DataLoader workers by fork and spawn no two items have the same noise"""
    try:
        import torch
    except ImportError:
        raise Skip("torch is not installed (run_with_torch.sh --install TEST.py does that)") from None
    x = torch.from_numpy(make_music(1, 16000, 2))
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        y = patina.Degrade(seed=1, effects="noise", sample_rate=16000)(x.to(dtype))
        assert isinstance(y, torch.Tensor) and y.dtype == dtype and y.shape == x.shape
    for method in ("fork", "spawn"):
        seen = []
        for _ in range(2):  # the second epoch differs from the first
            torch.manual_seed(7 + len(seen) // 8)
            loader = torch.utils.data.DataLoader(Clips(1), batch_size=2, num_workers=2,
                                                 multiprocessing_context=method)
            seen += [row.numpy().tobytes() for batch in loader for row in batch]
        assert len(seen) == len(set(seen)) == 16, (method, len(set(seen)))
        torch.manual_seed(7)
        again = [row.numpy().tobytes() for batch in torch.utils.data.DataLoader(
            Clips(1), batch_size=2, num_workers=2, multiprocessing_context=method) for row in batch]
        assert again == seen[:8], method


@check
def transform_in_audiomentations(options):
    """it works inside audiomentations.Compose"""
    try:
        from audiomentations import Compose, Gain
    except ImportError:
        raise Skip("audiomentations is not installed") from None
    x = make_music(1, 16000, 1)[0]
    y = Compose([Gain(p=0), patina.Degrade(seed=1, effects="noise")])(samples=x, sample_rate=16000)
    assert (y == patina.Degrade(seed=1, effects="noise")(x, 16000)).all()


@check
def transform_is_a_module(options):
    """with PyTorch a Degrade works inside torch.nn.Sequential, and has no attribute of Module's under another meaning"""
    try:
        import torch
    except ImportError:
        raise Skip("torch is not installed (run_with_torch.sh --install TEST.py does that)") from None
    x = torch.from_numpy(make_music(1, 16000, 2))
    transform = patina.Degrade(seed=1, effects="noise", sample_rate=16000)
    wanted = transform(x)
    sequence = torch.nn.Sequential(torch.nn.Identity(), patina.Degrade(seed=1, effects="noise", sample_rate=16000))
    assert torch.equal(sequence.to(torch.float64).eval()(x), wanted) and not sequence.state_dict()
    copy = pickle.loads(pickle.dumps(sequence))
    assert torch.equal(copy(x), transform(x)) and repr(copy[1]) == repr(transform)
    calls = []
    transform.register_forward_hook(lambda *call: calls.append(call))
    assert transform(x.numpy(), sr=16000).shape == x.shape and len(calls) == 1
    common = set(vars(patina.Degrade)) & set(dir(torch.nn.Module))
    assert {name for name in common if not name.startswith("__")} == set(), common


@check
def representations(options):
    """repr of a transform is the call that makes it"""
    for arguments in ({}, {"p": 0.5}, {"effects": ["clip"], "severity": "light", "seed": 3},
                      {"suite": {"clean": 0.25}, "order": "random"},
                      {"sample_rate": 44100, "channels_first": False, "return_purity": True}):
        shown = repr(patina.Degrade(**arguments))
        assert repr(eval(shown)) == shown, shown
        assert all(f"{name}={value!r}" in shown for name, value in arguments.items()), shown


# -- embed

@check
def embeddings(options):
    """Model gives the bits of patina embed; captions are close to those of the reference"""
    model, out = patina.Model(MINI), SCRATCH / "embedded.npy"
    captions = ["a dog barks", "", "rain on a tin roof, é"]
    clip = DEMO / "clips/misc_crow.flac"
    command("embed", "--model", MINI, "--out", out,
            *(word for caption in captions for word in ("--text", caption)),
            "--audio", clip, "--audio", GOLDEN / "stereo44.wav", "--start-frame", 1000)
    wanted = np.load(out)
    assert (model.embed_text(captions) == wanted[:3]).all()
    assert (model.embed_text(captions[0]) == wanted[0]).all()
    assert model.embed_text([]).shape == (0, 512)
    assert (model.embed_audio(clip) == wanted[3]).all()
    samples, rate = read_wav(GOLDEN / "stereo44.wav")
    assert (model.embed_audio(samples, rate, start_frame=1000) == wanted[4]).all()
    assert abs(np.linalg.norm(wanted[4]) - 1) < 1e-6
    golden = json.loads((MINI / "golden/index.json").read_text("utf-8"))
    texts = [bytes.fromhex(one["utf8_hex"]).decode() for one in golden["text"]]
    reference = np.stack([np.load(MINI / "golden" / one["embedding"]).reshape(-1)
                          for one in golden["text"]])
    assert len(texts) > 10
    for isa in ("c", "auto"):
        found = patina.Model(MINI, isa=isa).embed_text(texts)
        assert np.abs(found - reference).max() < 1e-5, isa  # the limit of the specification
    assert "model.safetensors" in str(raises(patina.Error, patina.Model, SCRATCH))
    assert raises(patina.Error, patina.Model, MINI, isa="sse").reason == "usage"
    raises(patina.Error, model.embed_audio, samples, rate, start_frame=len(samples))


@check
def model_batches_names_and_pickles(options):
    """lists give the rows of their items; a hub name opens the model of the cache; pickling reopens; exit is quiet"""
    model = patina.Model(MINI, threads=2)
    samples, rate = read_wav(GOLDEN / "stereo44.wav")
    one = model.embed_audio(samples, rate)
    clip = DEMO / "clips/misc_crow.flac"
    assert (model.embed_audio([samples, samples[::-1].copy()], sr=rate)[0] == one).all()
    assert (model.embed_audio(np.stack([samples, samples]), rate) == one).all()
    assert (model.embed_audio(samples.T, sample_rate=rate, channels_first=True) == one).all()
    files = model.embed_audio([clip, clip.read_bytes(), open(clip, "rb")])
    assert files.shape == (3, 512) and (files == model.embed_audio(clip)).all()
    assert model.embed_audio([]).shape == (0, 512)
    many = [f"caption {i}" for i in range(20)]
    assert (model.embed_text(many)[7] == model.embed_text(many[7])).all()
    for several in ((clip for _ in range(2)), np.array([str(clip)] * 2), np.array([clip, clip], object)):
        assert (model.embed_audio(several) == files[:2]).all()
    assert (model.embed_text(np.array(many)) == model.embed_text(tuple(many))).all()
    for wrong in ([many], ["a", 1], b"a", None):
        raises(TypeError, model.embed_text, wrong)
    raises(ValueError, patina.Model, MINI, threads=-1)
    copy = pickle.loads(pickle.dumps(model))
    assert (copy.embed_audio(samples, rate) == one).all() and "mini" in repr(copy)
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert (pool.apply(model.embed_text, ("caption 7",)) == model.embed_text(many[7])).all(), method

    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = SCRATCH / "hf/hub/models--some--clap"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text(commit)
    shutil.copytree(MINI, repository / "snapshots" / commit, ignore=shutil.ignore_patterns("golden"))
    code = ("import patina, sys\nmodel = patina.Model('some/clap')\nprint(model.embed_text('x').shape)\n"
            "print(patina.fetch('some/clap'))\n"
            "try:\n    patina.Model('some/other')\nexcept patina.Error as error:\n    print('not', error)\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=SCRATCH,
                          env={**os.environ, "HF_HOME": str(SCRATCH / "hf"), "HF_HUB_OFFLINE": "1"})
    assert done.returncode == 0 and done.stderr == "", done
    shape, folder, error = done.stdout.splitlines()
    assert shape == "(512,)" and folder.endswith(commit) and error.startswith("not "), done


# -- generate and load

def generate(out, **options):
    return patina.generate(**{"corpus": DEMO / "manifest.jsonl", "model": str(MINI), "out": out, "progress": False,
                              **options})


@check
def generate_equals_command(options):
    """generate writes the same files as the command, and returns the content of dataset.json"""
    summary = generate(SCRATCH / "made", variants=2, seed=5, order="random", chunk=5)
    command("generate", "--corpus", DEMO / "manifest.jsonl", "--model", MINI, "--out",
            SCRATCH / "command", "--variants", 2, "--seed", 5, "--order", "random", "--chunk", 5,
            "--quiet")
    assert subprocess.run(["diff", "-r", SCRATCH / "made", SCRATCH / "command"]).returncode == 0
    assert summary == json.loads((SCRATCH / "command/dataset.json").read_text("utf-8"))
    lines = [line for path in (SCRATCH / "made/provenance").iterdir() for line in path.open()]
    assert summary["rows"] == len(lines) > 0


@check
def generate_has_every_option(options):
    """its keywords are the options of the command; choices are Literal types"""
    tables = json.loads(command("--options-json").stdout)
    table = next(item for item in tables["commands"] if item["name"] == "generate")["options"]
    parameters = inspect.signature(patina.generate).parameters
    names = {option["name"].replace("-", "_") for option in table
             if not option["exclusive"] and not option["common"] and option["name"] not in ("progress", "dry-run")}
    assert set(parameters) == names | {"progress", "dry_run"}, set(parameters) ^ names
    assert all(one.kind is one.KEYWORD_ONLY for one in parameters.values())
    required = {option["name"] for option in table if option["required"]}
    assert {one.name for one in parameters.values() if one.default is one.empty} == required
    assert parameters["format"].annotation == "Literal['parquet', 'jsonl'] | None"
    assert parameters["strict"].annotation == "bool" and parameters["seed"].annotation == "int | None"
    for option in table:
        if option["name"].replace("-", "_") in names:
            assert option["help"].split()[0] in patina.generate.__doc__, option["name"]


@check
def generate_progress_events(options):
    """a callback gets events, the terminal a line, and errors have the sentences of the program"""
    events, corpus = [], SCRATCH / "two.jsonl"
    clip = json.dumps(str(DEMO / "clips/misc_crow.flac"))
    corpus.write_text(f'{{"audio": {clip}, "caption": "a crow"}}\n'
                      '{"id": "gone", "audio": "gone.wav", "caption": "nothing"}\n', "utf-8")
    patina.generate(corpus=corpus, model=MINI, out=SCRATCH / "events", progress=events.append)
    progress = [event for event in events if event["event"] == "progress"]
    assert progress[-1]["entries"] == progress[-1]["entries_total"] == 2, events
    assert progress[-1]["rows"] == progress[-1]["rejects"] == 1, events
    assert [(event["entry"], event["reason"]) for event in events
            if event["event"] == "reject"] == [("gone", "missing")], events
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def shown(out, stream, **arguments):
        with contextlib.redirect_stderr(stream):
            patina.generate(corpus=corpus, model=MINI, out=SCRATCH / out, **arguments)
        return stream.getvalue()

    log = shown("log", io.StringIO())
    assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d of 2 entries, ", log, re.M), log
    assert re.search(r"Z reject: entry 'gone': ", log) and "\r" not in log, log
    assert shown("silent", io.StringIO(), progress=False) == ""
    tqdm, sys.modules["tqdm.auto"] = sys.modules.get("tqdm.auto"), None  # as if it were not installed
    line = shown("line", Terminal())
    sys.modules.pop("tqdm.auto") if tqdm is None else sys.modules.update({"tqdm.auto": tqdm})
    assert "\r\033[K2 of 2 entries, 1 rows, 1 rejects" in line and line.endswith("\r\033[K"), line
    assert "reject: entry 'gone': " in line, line
    try:
        import tqdm.auto  # noqa: F401
    except ImportError:
        pass
    else:
        bar = shown("bar", Terminal())
        assert "2/2" in bar and "rows=1" in bar and "reject: entry 'gone': " in bar, bar
    error = raises(patina.Error, patina.generate, corpus=corpus, model=MINI, out=SCRATCH / "strict",
                   strict=True, progress=False)
    assert error.reason == "failed", error
    error = raises(patina.Error, generate, SCRATCH / "x", variants=0)
    assert str(error) == "generate: option '--variants': '0' is not a whole number from 1 to 65536"
    assert error.reason == "usage"
    error = raises(patina.Error, generate, SCRATCH / "x", suite="/no such suite")
    assert "'/no such suite'" in str(error) and error.reason == "io", error
    out = SCRATCH / "-strange --seed=7 é"
    two = [{"corpus": DEMO / "manifest.jsonl", "prefix": "a", "limit": 2}, DEMO / "manifest.jsonl"]
    made = patina.generate(corpus=two, model=MINI, out=SCRATCH / "several", limit=4, progress=False)
    texts = patina.generate(corpus=[f"{DEMO}/manifest.jsonl,prefix=a,limit=2", str(DEMO / "manifest.jsonl")],
                            model=MINI, out=SCRATCH / "several-texts", limit=4, progress=False)
    assert made["settings"] == texts["settings"] and made["rows"] == texts["rows"] > 0
    assert [c["name"] for c in made["settings"]["corpora"]] == ["a", "manifest.jsonl"]
    assert generate(out, limit=1)["rows"] == 1 and (out / "dataset.json").exists()
    raises(TypeError, generate, SCRATCH / "x", sead=1)


@check
def generate_shards(options):
    """a shard and a run with a time limit return None; finish completes the set of the shards"""
    for share in ("0/2", "1/2"):
        assert generate(SCRATCH / "shares", variants=2, seed=5, order="random", chunk=5,
                        shard=share) is None
    command("finish", SCRATCH / "shares")
    for name in ("target_lufs", "input_purity"):
        whole, shares = (np.asarray(patina.load(SCRATCH / folder)[name])
                         for folder in ("made", "shares"))
        assert (whole == shares).all(), name
    assert generate(SCRATCH / "limited", variants=2000, chunk=1, threads=1, time_limit="2s") is None
    assert not (SCRATCH / "limited/dataset.json").exists()


@check
def dry_run(options):
    """returns an estimate and writes nothing"""
    estimate = generate(SCRATCH / "dry", variants=2, dry_run=True)
    assert (estimate["entries"], estimate["rows"]) == (14, 34), estimate
    assert estimate["rows_per_s"] > 0 and estimate["seconds"] > 0 and estimate["runs"] is None, estimate
    assert not (SCRATCH / "dry").exists()


@check
def settings_as_dicts(options):
    """a suite and a split may be dicts, JSON, paths or arguments of the command, with the same result"""
    suite = {"clean": 0.5, "clip": {"probability": 0}}
    path = SCRATCH / "half.json"
    path.write_text(json.dumps(suite))
    for i, (one, split) in enumerate(((suite, {"train": 0.5, "test": 0.5}),
                                      (json.dumps(suite), "train=0.5,test=0.5"), (path, "train=0.5,test=0.5"))):
        generate(SCRATCH / f"dict{i}", suite=one, split=split)
    shares = SCRATCH / "shares.json"
    shares.write_text('{"train": 0.5, "test": 0.5}')
    for i, split in enumerate((shares, str(shares), shares.read_text()), 3):
        generate(SCRATCH / f"dict{i}", suite=path, split=split)
    for i in range(1, 6):
        assert subprocess.run(["diff", "-r", SCRATCH / "dict0", SCRATCH / f"dict{i}"]).returncode == 0
    for wrong in ("{", "{'train': 1}", path):
        raises(patina.Error, generate, SCRATCH / "split", split=wrong)
    clip = DEMO / "clips/misc_crow.flac"
    recipe = patina.degrade(clip, seed=4, suite=json.dumps(suite)).recipe
    (SCRATCH / "recipe.json").write_text(json.dumps(recipe))
    first, *others = (patina.degrade(clip, recipe=one).samples
                      for one in (recipe, json.dumps(recipe), SCRATCH / "recipe.json"))
    assert all((first == other).all() for other in others)


@check
def commands(options):
    """inspect, verify, finish and effects return the output of the commands"""
    out = generate_into_shards()
    assert "missing" in str(raises(patina.Error, patina.finish, out))
    generate(out, chunk=5, shard="1/2")
    dataset = patina.finish(out)
    assert dataset["rows"] == 15 + 2 or dataset["rows"] > 10
    patina.verify(out)
    statistics = patina.inspect(out)
    assert statistics["rows"] == dataset["rows"] and statistics["dataset"] == dataset
    row = patina.inspect(out, row=3, report=SCRATCH / "page.html", audio_root=DEMO)
    assert row["row"] == 3 and "<html" in (SCRATCH / "page.html").read_text("utf-8")
    (out / "rejects.jsonl").write_text("{}\n")
    assert "rejects.jsonl" in str(raises(patina.Error, patina.verify, out))
    names = [effect["name"] for effect in patina.effects()]
    assert names == ["comb", "mud", "sibilance", "noise", "clip", "pops"]
    assert patina.effects({"comb": {"probability": 0.25}})[0]["probability"] == 0.25
    raises(patina.Error, patina.effects, {"comb": 1})
    error = raises(patina.Error, patina.merge, [SCRATCH / "made", SCRATCH / "made"], SCRATCH / "merged")
    assert "is given twice" in str(error), error
    lines = (DEMO / "manifest.jsonl").read_text("utf-8").splitlines()
    halves = []
    for i, part in enumerate((lines[:3], lines[3:5])):
        (SCRATCH / f"part{i}.jsonl").write_text("\n".join(part) + "\n", "utf-8")
        generate(SCRATCH / f"part{i}", corpus=SCRATCH / f"part{i}.jsonl", audio_root=DEMO)
        halves.append(SCRATCH / f"part{i}")
    n_rows = [len(patina.load(half)) for half in halves]
    assert patina.merge(iter(halves), SCRATCH / "merged")["rows"] == sum(n_rows) > max(n_rows)
    assert "is not a name of a data set" in str(
        raises(patina.Error, lambda: patina.fetch("clips", kind="dataset")))


def generate_into_shards():
    generate(SCRATCH / "half", chunk=5, shard="0/2")
    return SCRATCH / "half"


@check
def generate_splits(options):
    """load reads the rows of the requested split"""
    summary = generate(SCRATCH / "splits", split="train=0.5,test=0.5", seed=5)
    parts = [patina.load(SCRATCH / "splits", split=split) for split in ("train", "test")]
    assert len(parts[0]) + len(parts[1]) == summary["rows"] and all(map(len, parts))
    for split, rows in zip(("train", "test"), parts):
        lines = [json.loads(line)
                 for path in sorted((SCRATCH / "splits/provenance").glob(f"{split}-*"))
                 for line in path.open()]
        purity = np.array([line["purity_db"] for line in lines]).astype(np.float32)
        assert (np.asarray(rows["input_purity"]) == purity).all(), split
    raises(patina.Error, patina.load, SCRATCH / "splits", split="validation")


@check
def generate_argument_types(options):
    """paths may be bytes, numbers those of NumPy, and ~ is an ordinary name; wrong types are errors before the run"""
    corpus = {"corpus": DEMO / "manifest.jsonl", "limit": np.int64(2)}
    out = SCRATCH / "types"
    summary = patina.generate(corpus=corpus, model=os.fsencode(MINI), out=os.fsencode(out), variants=np.int64(1),
                            seed=np.int32(3), progress=None)
    assert summary["rows"] > 0 and summary["settings"]["seed"] == 3
    assert generate(out, corpus=[corpus], seed=3, progress=np.False_)["rows"] == summary["rows"]
    before = os.getcwd()
    os.chdir(SCRATCH)
    try:
        assert generate("~/set", limit=1)["rows"] == len(patina.load("~/set")) == 1
        assert (SCRATCH / "~/set").exists()
    finally:
        os.chdir(before)
    for progress in ("bar", 2, [print]):
        raises(TypeError, generate, SCRATCH / "unused", progress=progress)
    for sets in (str(out), os.fsencode(out), out):
        raises(TypeError, patina.merge, sets, SCRATCH / "unused")
    assert not (SCRATCH / "unused").exists()


@check
def generate_callback_exception(options):
    """an exception in the callback ends the run and is raised"""
    def fault(line):
        raise RuntimeError("of the caller")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a shell's background job
    try:
        assert str(raises(RuntimeError, generate, SCRATCH / "fault", variants=500,
                          progress=fault)) == "of the caller"
    finally:
        signal.signal(signal.SIGINT, before)
    assert not (SCRATCH / "fault/dataset.json").exists()
    assert not children(), children()


def children():
    """Processes of this test that run the program."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(str(SCRATCH)) in b" ".join(words) and words[0].endswith(b"bin/patina"):
            found.append(words)
    return found


def start_long_run(name):
    code = ("import sys, patina\n"
            f"print('on', flush=True)\n"
            f"patina.generate(corpus={str(DEMO / 'manifest.jsonl')!r}, model={str(MINI)!r}, "
            f"out={str(SCRATCH / name)!r}, variants=2000, chunk=1, threads=1, progress=False)\n")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(
                                   signal.SIGINT, signal.SIG_DFL))
    deadline = time.monotonic() + 60
    while not children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children(), process.communicate()
    time.sleep(0.5)  # into its work
    return process


def gone():
    deadline = time.monotonic() + 30
    while children() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not children()


@check
def interrupt_stops_run(options):
    """SIGINT raises KeyboardInterrupt and ends the program; the folder contains no finished set"""
    process = start_long_run("interrupted")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT and "KeyboardInterrupt" in said, said
    assert gone()
    left = list((SCRATCH / "interrupted").rglob("*.tmp"))
    assert not left and not (SCRATCH / "interrupted/dataset.json").exists(), left
    raises(patina.Error, patina.load, SCRATCH / "interrupted")


@check
def killed_interpreter_stops_run(options):
    """SIGKILL of Python ends the program too"""
    process = start_long_run("killed")
    process.kill()
    process.communicate(timeout=60)
    assert gone()


def generate_rows():
    """The columns, read by pyarrow."""
    import pyarrow.parquet as pq
    table = pq.read_table(SCRATCH / "made/data")
    return {name: np.array(table[name].to_pylist(), np.float32) for name in table.column_names}


@check
def load_rows(options):
    """load gives the rows of all parts in order, of both formats, by column and by row"""
    try:
        wanted = generate_rows()
    except ImportError:
        raise Skip("pyarrow is not installed") from None
    generate(SCRATCH / "json", variants=2, seed=5, order="random", chunk=5, format="jsonl")
    assert len(list((SCRATCH / "made/data").iterdir())) > 1
    for out in (SCRATCH / "made", str(SCRATCH / "json")):
        rows = patina.load(out)
        assert len(rows) == len(wanted["target_lufs"])
        assert list(rows.columns) == list(wanted)
        for name, values in wanted.items():
            found = np.asarray(rows[name])
            assert found.dtype == np.float32 and found.shape == values.shape, name
            assert (found == values).all(), name
            assert (np.asarray(rows[3][name]) == values[3]).all(), name
        assert (np.asarray(rows[-1]["target_dyn"]) == wanted["target_dyn"][-1]).all()
        raises(IndexError, lambda: rows[len(rows)])
        few = patina.load(out, columns=["target_lufs", "target_dyn"])
        assert list(few[0]) == ["target_lufs", "target_dyn"]
        with_mask = patina.load(out, masks=True, loudness="mix")
        levels, valid = np.asarray(with_mask["target_ltas"]), np.asarray(with_mask["target_ltas_valid"])
        assert valid.shape == levels.shape and set(valid.ravel()) <= {0, 1}
        assert (levels[valid == 0] < levels.max()).all()
        lines = [json.loads(line) for path in sorted((Path(out) / "provenance").iterdir())
                 for line in path.read_text(encoding="utf-8").splitlines()]
        assert np.allclose(np.asarray(with_mask["target_lufs"]),
                           [line["lufs_mono"] for line in lines], atol=1e-5)
        error = raises(patina.Error, patina.load, out, columns=["lufs"])
        assert "no column 'lufs'" in str(error), error
        assert list(patina.load(os.fsencode(out), columns="target_lufs")[0]) == ["target_lufs"]
        raises(ValueError, patina.load, out, columns=[])


@check
def rows_with_id(options):
    """with_id adds the column id, text, to rows and batches"""
    for form in "parquet", "jsonl":
        out = SCRATCH / f"with_id_{form}"
        generate(out, format=form, with_id=True, limit=4)
        rows = patina.load(out, with_provenance=True)
        entries = [line["entry"] for line in rows.provenance]
        assert list(rows["id"]) == entries == [row["id"] for row in rows]
        assert list(rows.__getitems__([1, 0])[0].items())[-1] == ("id", entries[1])
        assert list(patina.load(out, columns=["id"]).columns) == ["id"]


@check
def rows_methods(options):
    """rows convert, iterate, gather batches, and have the mask of bands and the provenance"""
    rows = patina.load(SCRATCH / "made", with_provenance=True)
    plain = rows.to_numpy()
    n = len(rows)
    assert len(list(plain)) == n and set(plain[0]) == set(plain.columns)
    purity = np.array([line["purity_db"] for line in rows.provenance], np.float32)
    assert (plain["input_purity"] == purity).all()
    raises(AttributeError, lambda: patina.load(SCRATCH / "made").provenance)
    mask = np.asarray(rows.ltas_mask)
    assert mask.shape == (n, 64) and mask.dtype == bool and mask[:, :30].any()
    for line, row in zip(rows.provenance, mask):
        width = (line.get("source_quality") or {}).get("bandwidth_hz")
        wanted = [10 ** (1.15 + 0.05 * b) < line["window"]["rate_hz"] / 2
                  and (width is None or 10 ** (1.2 + 0.05 * b) <= width) for b in range(64)]
        assert row.tolist() == wanted, line["entry"]
    assert 0 < mask.sum() < mask.size
    with_masks = patina.load(SCRATCH / "made", masks=True)
    assert (np.asarray(with_masks.ltas_mask) == mask).all()
    assert (np.asarray(with_masks["target_ltas_valid"]) == mask).all()
    raises(AttributeError, lambda: patina.load(SCRATCH / "made").ltas_mask)
    assert patina.LTAS_EDGES_HZ.shape == (65,) and abs(patina.LTAS_CENTERS_HZ[37] - 1059.2537) < 1e-3
    assert np.allclose(patina.LTAS_EDGES_HZ[1:-1] ** 2, patina.LTAS_CENTERS_HZ[1:] * patina.LTAS_CENTERS_HZ[:-1])
    batch = plain.__getitems__([5, 0, 5])
    assert len(batch) == 3 and (batch[0]["fused_state"] == plain["fused_state"][5]).all()
    assert [float(row["target_lufs"]) for row in batch] == [float(plain["target_lufs"][i]) for i in (5, 0, 5)]
    raises(IndexError, lambda: batch[3])
    assert repr(plain).startswith(f"<patina.Rows: {n} rows of fused_state [1024], "), repr(plain)
    try:
        import pandas  # noqa: F401
    except ImportError:
        return
    frame = plain.to_pandas()
    assert len(frame) == n and (np.stack(frame["fused_state"]) == plain["fused_state"]).all()


@check
def load_errors(options):
    """missing folders, splits and parts are errors"""
    assert "'train'" in str(raises(patina.Error, patina.load, SCRATCH / "nothing"))
    assert "'test'" in str(raises(patina.Error, patina.load, SCRATCH / "made", split="test"))
    shutil.copytree(SCRATCH / "made", SCRATCH / "gap")
    sorted((SCRATCH / "gap/data").iterdir())[1].unlink()
    assert "a different number" in str(raises(patina.Error, patina.load, SCRATCH / "gap"))


@check
def rows_for_torch(options):
    """with PyTorch, rows are a Dataset of float32 tensors, also in workers"""
    try:
        import torch
    except ImportError:
        raise Skip("torch is not installed (run_with_torch.sh --install TEST.py does that)") from None
    rows, wanted = patina.load(SCRATCH / "made"), generate_rows()
    assert isinstance(rows, torch.utils.data.Dataset)
    assert all(value.dtype == torch.float32 for value in rows[0].values())
    assert rows[0]["fused_state"].shape == (1024,) and rows[0]["target_lufs"].shape == ()
    assert len(pickle.loads(pickle.dumps(rows))) == len(rows)
    for workers in (0, 2):
        batches = list(torch.utils.data.DataLoader(rows, batch_size=4, num_workers=workers))
        for name, values in wanted.items():
            assert (torch.cat([batch[name] for batch in batches]).numpy() == values).all(), name
    by_row = torch.utils.data.default_collate([rows[i] for i in (3, 1, 3)])
    gathered = torch.utils.data.default_collate(rows.__getitems__([3, 1, 3]))
    listed = torch.utils.data.default_collate(list(rows.__getitems__([3, 1, 3])))
    for name, values in by_row.items():
        assert torch.equal(values, gathered[name]) and torch.equal(values, listed[name]), name
    assert torch.equal(rows.to_numpy().to_torch()["fused_state"], rows["fused_state"])
    assert patina.measure(torch.from_numpy(PROG), PROG_RATE).lufs < -15


# -- documents

@check
def documentation_examples(options):
    """the Python of README.md and docs/PYTHON.md runs as printed"""
    done = subprocess.run([sys.executable, ROOT / "tests/python/run_blocks.py", "--with-package", "--patina",
                           shutil.which("patina") or Path(sys.executable).parent / "patina",
                           "README.md", "docs/PYTHON.md"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert int(done.stdout.split()[-6]) >= 10, done.stdout


@check
def documentation_is_complete(options):
    """all public names have a docstring and are in docs/PYTHON.md"""
    text = (ROOT / "docs/PYTHON.md").read_text("utf-8")
    for name in patina.__all__:
        thing = getattr(patina, name)
        assert name.startswith(("__", "LTAS_")) or inspect.getdoc(thing), name
        assert name in ("__version__", "Rows", "Targets", "Degraded") or f"patina.{name}" in text, name


if __name__ == "__main__":
    run_main(__doc__, SCRATCH, wheel="the file that was installed")
