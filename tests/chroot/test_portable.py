#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what script/wheel built, here and in Debian 11 (glibc 2.31): test_portable.py [CHECK...]

    test_portable.py --dist DIR [--patina build/patina]

DIR has the wheel and the archive. Python's packages and Debian 11 come from the network; a check that needs what
cannot be had is skipped. Works in build/. The last line is "N passed, N failed, N skipped".
"""

import functools
import http.server
import json
import os
import re
import resource
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/python"))
from checks import Skip, check, run_main  # noqa: E402

SCRATCH = Path(tempfile.mkdtemp(prefix="patina-portable-"))
SCRATCH.chmod(0o777)
DEMO, MINI = ROOT / "examples/demo", ROOT / "tests/golden/clap/mini"
DEBIAN_11, ENTER = ROOT / "build/debian11", ROOT / "tests/chroot/enter"
MAX_BYTES = 20e6
PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13"]
# Tests of the command that run in Debian 11. The others need a build folder, files that the program opens by
# LD_PRELOAD, or take long.
COMMAND_TESTS = ["corpus_formats", "corpus_layouts", "degrade", "effects", "embed", "filter", "generate", "hub",
                 "inspect", "interrupt", "measure", "merge", "model", "resume", "suite", "verify", "windows"]
# Largest differences of rows between versions of the C library and compilers (README.md, Known limitations).
BOUNDS = {"fused_state": 1e-5, "target_ltas": 1e-3, "target_lufs": 1e-3, "target_dyn": 1e-3, "input_purity": 1e-3}


def run(*words, **more):
    """Runs a program and returns its output; fails with its messages."""
    done = subprocess.run([str(word) for word in words], text=True, capture_output=True, **more)
    assert done.returncode == 0, f"status {done.returncode} of {words}\n{done.stdout[-600:]}{done.stderr[-1200:]}"
    return done.stdout


def cpu_seconds():
    """CPU time of all programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pip(python, *words):
    return run(python, "-m", "pip", "--quiet", "--disable-pip-version-check", *words)


def find_one(options, pattern):
    found = sorted(Path(options.dist or ROOT / "build/package/dist").resolve().glob(pattern))
    assert len(found) == 1, f"'{options.dist}' does not have one {pattern}; build it with script/wheel"
    return found[0]


def wheel(options):
    return find_one(options, "patina_audio-*.whl")


def archive_of(options):
    return find_one(options, "patina-*-linux-x86_64.tar.gz")


def program(options):
    """The program of the archive."""
    folder = SCRATCH / "archive"
    if not folder.exists():
        with tarfile.open(archive_of(options)) as archive:
            archive.extractall(folder)
    found, = folder.glob("*/bin/patina")
    return found


@functools.lru_cache(maxsize=None)
def corpus():
    """The demo corpus, and a clip in M4A and one in WebM where ffmpeg can write them."""
    folder = SCRATCH / "corpus"
    shutil.copytree(DEMO / "clips", folder / "clips")
    lines = (DEMO / "manifest.jsonl").read_text("utf-8").splitlines()
    if shutil.which("ffmpeg"):
        for name, codec in (("coded.m4a", "aac"), ("coded.webm", "libopus"), ("coded.wma", "wmav2")):
            run("ffmpeg", "-nostdin", "-v", "error", "-y", "-i", DEMO / "clips/loop_tabla.flac", "-c:a", codec,
                folder / "clips" / name)
            lines.append(json.dumps({"id": name, "audio": f"clips/{name}", "caption": "a tabla plays"}))
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder / "manifest.jsonl"


def words(out, model=MINI):
    """A run whose rows do not depend on the processor."""
    return ["generate", "--corpus", str(corpus()), "--model", str(model), "--out", str(out), "--variants", "2",
            "--isa", "avx2", "--format", "jsonl", "--quiet"]


def native_set(options):
    """The set of the program of this machine's libraries."""
    out = SCRATCH / "native"
    if not out.exists():
        run(options.patina, *words(out))
    return out


def rows(out):
    return [json.loads(line) for path in sorted((out / "data").iterdir())
            for line in path.read_text("utf-8").splitlines()]


def provenance(out):
    return [json.loads(line) for path in sorted((out / "provenance").glob("*.jsonl"))
            for line in path.read_text("utf-8").splitlines()]


def assert_rows_close(out, other):
    """The provenance has the same draws, and the columns differ by no more than BOUNDS."""
    ours, theirs = rows(out), rows(other)
    assert len(ours) == len(theirs) > 0, (len(ours), len(theirs))
    for name, bound in BOUNDS.items():
        pairs = [(row[name], twin[name]) for row, twin in zip(ours, theirs)]
        difference = max(abs(a - b) for x, y in pairs for a, b in
                         (zip(x, y) if isinstance(x, list) else [(x, y)]))
        print(f"     {name}: largest difference {difference:.2g}")
        assert difference <= bound, (name, difference)
    assert (out / "rejects.jsonl").read_bytes() == (other / "rejects.jsonl").read_bytes()


def find_python(version):
    """An interpreter of pyenv or of PATH that works; None: there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(pyenv.glob(f"{version}.*/bin/python{version}")) + [Path(shutil.which(f"python{version}") or "/none")]
    return next((path for path in found if path.exists()
                 and subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0), None)


# The module in any interpreter: measure, degrade, embed, generate.
MODULE_TEST = """
import sys
import numpy as np
import patina
demo, mini, out = sys.argv[1:]
time = np.arange(96000) / 48000
clean = 0.5 * np.sin(2 * np.pi * 440 * time)
print("%.2f" % patina.measure(clean, 48000).lufs)
degraded, recipe, purity = patina.degrade(clean, 48000, seed=7)
assert (patina.degrade(clean, 48000, recipe=recipe).samples == degraded).all()
assert patina.Degrade(seed=1)(clean.astype("float32"), 44100).shape == clean.shape
model = patina.Model(mini)
assert model.embed_text(["a dog barks"]).shape == (1, 512)
assert model.embed_audio(demo + "/clips/drum_roll.mp3").shape == (512,)
summary = patina.generate(corpus=demo + "/manifest.jsonl", model=mini, out=out, limit=2, progress=False)
assert summary["rows"] > 0 and summary["rejects"] == 0, summary
patina.verify(out)
"""


def test_module(python, name, prefix=()):
    """Runs MODULE_TEST in an interpreter."""
    script = SCRATCH / "module.py"
    script.write_text(MODULE_TEST, "utf-8")
    said = run(*prefix, python, "-I", script, DEMO, MINI, SCRATCH / f"module-{name}", cwd=SCRATCH)
    assert said == "-9.71\n", said  # mean square 0.125, less 0.691, K-weighting 0.01 dB


def download(folder, *packages):
    """Wheels of the packages for Python 3.9 and glibc 2.28, in a folder."""
    if not folder.exists():
        platforms = [f"--platform=manylinux{name}_x86_64" for name in ("2014", "_2_17", "_2_28", "1", "2010")]
        try:
            pip(sys.executable, "download", "--dest", folder, "--only-binary=:all:", "--python-version=3.9",
                "--implementation=cp", *platforms, *packages)
        except AssertionError as fault:
            shutil.rmtree(folder, ignore_errors=True)
            raise Skip(f"{packages} could not be downloaded (is there a network?)") from fault
    return folder


@functools.lru_cache(maxsize=None)
def debian_11():
    """Installs Debian 11 in build/: Python, and no compiler."""
    done = subprocess.run([ROOT / "tests/chroot/make_root", DEBIAN_11, "bullseye", "python3", "python3-venv"],
                          text=True, capture_output=True)
    if done.returncode != 0:
        raise Skip(f"Debian 11: {(done.stdout + done.stderr)[-300:].strip()}")
    assert not (DEBIAN_11 / "usr/bin/cc").exists()
    return DEBIAN_11


def wrapper(options):
    """A program that runs the archive's in Debian 11."""
    script = SCRATCH / "wrapper/patina"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f'#!/bin/sh\nexec "{ENTER}" "{debian_11()}" "{program(options)}" "$@"\n')
    script.chmod(0o755)
    return script


# ---- on this system ---------------------------------------------------------------------------

@check
def wheel_has_all_parts(options):
    """at most 20 MB, for glibc 2.28 and any Python 3, with manual pages, completion and all licences"""
    assert wheel(options).stat().st_size <= MAX_BYTES and archive_of(options).stat().st_size <= MAX_BYTES
    assert re.search(r"/patina_audio-[\d.]+-py3-none-manylinux_2_28_x86_64\.whl$", str(wheel(options)))
    with tarfile.open(archive_of(options)) as archive:
        archived = archive.getnames()
    for names in (zipfile.ZipFile(wheel(options)).namelist(), archived):
        for name in ("man/man1/patina.1", "man/man1/patina-generate.1", "bash-completion/completions/patina",
                     "zsh/site-functions/_patina", "fish/vendor_completions.d/patina.fish", "licenses/LICENSE",
                     "licenses/NOTICE"):
            assert [path for path in names if path.endswith("/" + name)], name
        pins = [line.split()[0] for line in (ROOT / "script/wheel-sources.txt").read_text("utf-8").splitlines()
                if line and not line.startswith("#")]
        licences = [path for path in names if "/licenses/libraries/" in path and path.endswith(".txt")]
        assert len(pins) > 20 and {Path(path).stem for path in licences} >= set(pins), (pins, licences)
        assert not [path for path in names if "fftw" in path.lower()], "a library under the GPL"


@check
def metadata_is_complete(options):
    """author, classifiers, and the command"""
    archive = zipfile.ZipFile(wheel(options))
    folder = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")).rsplit("/", 1)[0]
    metadata = archive.read(folder + "/METADATA").decode()
    for field in ("Name: patina-audio", "Author: ", "Classifier: ", "Requires-Python: >=3.9",
                  "License-Expression: MIT"):
        assert re.search("^" + field, metadata, re.M), field
    assert "patina = _patina_cli:main" in archive.read(folder + "/entry_points.txt").decode()


@check
def rows_are_those_of_the_native_build(options):
    """equal bits for WAV, FLAC and MP3 with equal versions of the libraries; otherwise within the bounds"""
    out = SCRATCH / "portable"
    run(program(options), *words(out))
    ours, theirs = (json.loads((path / "dataset.json").read_text("utf-8")) for path in (out, native_set(options)))
    assert ours["rows"] == theirs["rows"] > 28 and ours["rejects"] == theirs["rejects"]
    assert_rows_close(out, native_set(options))
    if any(ours["libraries"][name] != theirs["libraries"][name] for name in ("libsndfile", "libmpg123", "libsoxr")):
        raise Skip(f"the libraries of the native build have other versions: {theirs['libraries']}")
    # Debian builds libvorbis with -ffast-math, so that its last bits depend on the compiler.
    exact = [(row, twin) for row, twin, line in zip(rows(out), rows(native_set(options)), provenance(out))
             if line["source"].endswith((".wav", ".flac", ".mp3"))]
    assert len(exact) > 20 and all(row == twin for row, twin in exact)


@check
def speed_is_that_of_the_native_build(options):
    """at most 5 % more CPU time than the native build: the least of interleaved runs, one thread, full-size model"""
    model = os.environ.get("PATINA_FULL_MODEL")
    if not model:  # a small one shows nothing of the encoders, which take most of a row's time
        raise Skip("the full-size model of script/test --full is missing (PATINA_FULL_MODEL)")
    least = {"wheel": float("inf"), "native": float("inf")}
    for n_runs in range(1, 31):  # on a busy machine the least time needs more of them
        for name, patina in (("wheel", program(options)), ("native", options.patina)):
            out, began = SCRATCH / "speed", cpu_seconds()
            run(patina, *words(out, model), "--threads", "1")
            least[name] = min(least[name], cpu_seconds() - began)
            shutil.rmtree(out)
        if n_runs >= 5 and least["wheel"] <= 1.05 * least["native"]:
            break
    print(f"     {least['wheel']:.2f} s, native build {least['native']:.2f} s, ratio "
          f"{least['wheel'] / least['native']:.3f}, {n_runs} runs")
    assert least["wheel"] <= 1.05 * least["native"]


@check
def pythons(options):
    """the module in each interpreter that is installed"""
    absent = []
    for version in PYTHONS:
        python = find_python(version)
        if not python:
            absent.append(version)
            continue
        venv = SCRATCH / f"python{version}"
        run(python, "-m", "venv", venv)
        try:
            pip(venv / "bin/python", "install", "numpy")
        except AssertionError as fault:
            raise Skip(f"NumPy could not be installed in Python {version} (is there a network?)") from fault
        pip(venv / "bin/python", "install", "--no-index", wheel(options))
        test_module(venv / "bin/python", version)
        assert re.match(r"patina \d", run(venv / "bin/patina", "--version"))
        assert (venv / "share/man/man1/patina-generate.1").exists()
        print(f"     Python {version}: passed")
        shutil.rmtree(venv)
    if absent:
        print(f"     not installed here: Python {', '.join(absent)}")
    assert len(absent) < len(PYTHONS)


@check
def pipx_and_uvx(options):
    """both run the command"""
    venv = SCRATCH / "tools"
    run(sys.executable, "-m", "venv", venv)
    environment = dict(os.environ, PIPX_HOME=str(SCRATCH / "pipx"), PIPX_BIN_DIR=str(SCRATCH / "pipx/bin"),
                       PIPX_MAN_DIR=str(SCRATCH / "pipx/man"), UV_CACHE_DIR=str(SCRATCH / "uv"),
                       UV_PYTHON=sys.executable, UV_PYTHON_DOWNLOADS="never")
    try:
        pip(venv / "bin/python", "install", "pipx", "uv")
    except AssertionError as fault:
        raise Skip("pipx and uv could not be installed (is there a network?)") from fault
    run(venv / "bin/pipx", "install", wheel(options), env=environment)
    assert re.match(r"patina \d", run(SCRATCH / "pipx/bin/patina", "--version"))
    assert (SCRATCH / "pipx/man/man1/patina.1").exists()
    said = run(venv / "bin/uvx", "--from", wheel(options), "patina", "--version", env=environment)
    assert re.match(r"patina \d", said), said


# ---- Debian 11 --------------------------------------------------------------------------------

@check
def debian_11_user(options):
    """an ordinary user without a compiler: pip install, the demo corpus and M4A to a set, the module; in a minute"""
    debian_11()
    wheels = download(SCRATCH / "wheels", "numpy")
    shutil.copy(wheel(options), wheels)
    corpus()
    work = SCRATCH / "user"
    work.mkdir()
    work.chmod(0o777)
    os.environ["HOME"] = str(work)
    began, cpu_began = time.monotonic(), cpu_seconds()
    user = [ENTER, "--user", DEBIAN_11]
    assert run(*user, "id", "-u", cwd=work).strip() != "0" or os.getuid() != 0
    run(*user, "python3", "-m", "venv", work / "venv", cwd=work)
    run(*user, work / "venv/bin/pip", "install", "--quiet", "--no-index", "--find-links", wheels, "patina-audio",
        cwd=work)
    run(*user, work / "venv/bin/patina", *words(work / "set"), cwd=work)
    took, cpu = time.monotonic() - began, cpu_seconds() - cpu_began
    print(f"     {took:.0f} s from the environment to the set, {cpu:.0f} s of CPU time, load {os.getloadavg()[0]:.1f}")
    assert cpu < 60, "more than a minute on an idle CPU"
    summary = json.loads((work / "set/dataset.json").read_text("utf-8"))
    assert summary["rejects"] == 0, (work / "set/rejects.jsonl").read_text("utf-8")
    assert_rows_close(work / "set", native_set(options))
    test_module(work / "venv/bin/python", "debian11", user)


@check
def certificates(options):
    """the store of the system wherever it is, SSL_CERT_FILE, and certifi's where the system has none"""
    root, openssl = debian_11(), shutil.which("openssl")
    if not openssl:
        raise Skip("'openssl' is not installed, to make a certificate")
    own, other = SCRATCH / "own.pem", SCRATCH / "other.pem"
    for path in (own, other):
        run(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{path}.key", "-out", path,
            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, f"{own}.key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    server.RequestHandlerClass.log_message = lambda *_: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stores = [root / path for path in ("etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt",
                                       "etc/ssl/ca-bundle.pem", "etc/ssl/cert.pem")]

    def is_trusted(**variables):
        said = subprocess.run([wrapper(options), "model", "fetch"], text=True, capture_output=True, cwd=SCRATCH, env={
            "PATH": "/usr/bin:/bin", "HF_ENDPOINT": f"https://127.0.0.1:{server.server_address[1]}",
            "HF_HUB_CACHE": str(SCRATCH / "hub"), **variables}).stderr
        assert ("certificate" in said) != ("404" in said or "not have" in said or "no model" in said), said
        return "certificate" not in said

    try:
        for store in stores:  # that of ca-certificates, which Python depends on
            store.unlink(missing_ok=True)
        assert not is_trusted()
        assert is_trusted(SSL_CERT_FILE=str(own)) and not is_trusted(SSL_CERT_FILE=str(other))
        assert is_trusted(PATINA_CERTIFI=str(own))
        for store in stores:
            store.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(own, store)
            assert is_trusted(PATINA_CERTIFI=str(other)), store
            assert not is_trusted(SSL_CERT_FILE=str(other)), store
            store.unlink()
    finally:
        server.shutdown()
        for store in stores:
            store.unlink(missing_ok=True)


@check
def debian_11_notebook(options):
    """the Kaggle notebook with the attached wheel, as an ordinary user without a compiler, apt, network and PyTorch"""
    debian_11()
    # pip applies the conditions of the running Python, so what older ones need is named.
    wheels = download(SCRATCH / "notebook-wheels", "numpy", "pyarrow", "nbclient", "ipykernel", "importlib-metadata",
                      "exceptiongroup")
    work = SCRATCH / "notebook"
    work.mkdir()
    work.chmod(0o777)
    user = ["env", f"HOME={work}", f"TMPDIR={work}", "PYTHONDONTWRITEBYTECODE=1", ENTER, "--user", DEBIAN_11]
    run(*user, "python3", "-m", "venv", work / "venv", cwd=work)
    run(*user, work / "venv/bin/pip", "install", "--quiet", "--no-index", "--find-links", wheels, "numpy", "pyarrow",
        "nbclient", "ipykernel", cwd=work)
    print("     " + run(*user, work / "venv/bin/python", ROOT / "tests/python/test_notebook.py", "--patina",
                        program(options), "--wheel", wheel(options), cwd=work).replace("\n", "\n     ").strip())


@check
def debian_11_command_tests(options):
    """the tests of the command, among them the hub over TLS"""
    script = wrapper(options)
    done = subprocess.run([ROOT / "tests/cli/run", "--program", script, *COMMAND_TESTS], text=True, capture_output=True)
    counts = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", done.stdout, re.M)
    failures = re.findall(r"^(?:FAIL|skip) .*", done.stdout, re.M)
    print("     " + "\n     ".join([counts.group(0), *failures]))
    assert int(counts[1]) > 80 and counts[2] == "0", done.stdout[-3000:]
    assert "ok hub.https" in done.stdout, "the test of TLS did not run"


if __name__ == "__main__":
    run_main(__doc__, SCRATCH, dist="folder of the wheel and the archive")
