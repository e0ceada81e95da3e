#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs examples/kaggle/patina.ipynb as Kaggle does, on a small corpus: test_notebook.py [CHECK...]

    test_notebook.py [--patina build/patina]

Needs nbclient, ipykernel and pyarrow. Run by run_with_torch.sh, and by tests/chroot/test_portable.py without PyTorch
(then the head is a regression). The last line is
"N passed, N failed, N skipped".
"""

import copy
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import Skip, check, run_main, skip_all

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from hub_server import NAME, Hub  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = Path(tempfile.mkdtemp(prefix="patina-notebook-"))
# Jupyter and IPython write to the test's folder, and do not read the user's settings.
os.environ.update({name: tempfile.mkdtemp(dir=SCRATCH) for name in (
    "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")},
    PYDEVD_DISABLE_FILE_VALIDATION="1")
try:
    import ipykernel  # noqa: F401
    import nbclient
    import nbformat
    import pyarrow  # noqa: F401
    import traitlets.config
except ImportError as missing:
    shutil.rmtree(SCRATCH)
    skip_all("notebook", missing)

try:
    import torch  # noqa: F401
except ImportError:
    torch = None

NOTEBOOK, EXAMPLE = ROOT / "examples/kaggle/patina.ipynb", ROOT / "examples/train_head.py"
DEMO, MINI = ROOT / "examples/demo/manifest.jsonl", ROOT / "tests/golden/clap/mini"
COPIES_PER_CLIP = 5  # entries per clip of the demo: enough rows to exceed the time of a session


def attach():
    """A folder of attached input: AudioCaps' CSV and clips, one of which is missing, a model, the
    example, and no wheel."""
    folder = SCRATCH / "input"
    if folder.exists():
        return folder
    (folder / "clips").mkdir(parents=True)
    entries = [json.loads(line) for line in DEMO.read_text("utf-8").splitlines()]
    with open(folder / "train.csv", "w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["audiocap_id", "youtube_id", "start_time", "caption"])
        for take in range(COPIES_PER_CLIP):
            for i, entry in enumerate(entries):
                audio = DEMO.parent / entry["audio"]
                captions = entry["caption"]
                caption = captions if isinstance(captions, str) else captions[0]
                rows.writerow([take * len(entries) + i, f"id-_{i}", 10 * take, caption])
                shutil.copy(audio, folder / f"clips/id-_{i}_{10 * take}{audio.suffix}")
    next((folder / "clips").glob("id-_9_20.*")).unlink()
    shutil.copytree(MINI, folder / "model", ignore=shutil.ignore_patterns("golden"))
    (folder / "patina").mkdir()
    shutil.copy(EXAMPLE, folder / "patina")
    return folder


def digest(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def text_of(cell):
    """The output of a cell, as text."""
    shown = []
    for output in cell.get("outputs", []):
        shown.append(output.get("text") or output.get("evalue")
                     or output.get("data", {}).get("text/plain", ""))
    return "".join(shown)


def run(options, session, change=None, path=True, **parameters):
    """Runs a session with these parameters: the output of each cell as text, all outputs, and the error
    that ended it, if any. change may edit the cells first."""
    book = nbformat.read(NOTEBOOK, as_version=4)
    at = next(i for i, cell in enumerate(book.cells) if "parameters" in cell.metadata.get("tags", []))
    book.cells.insert(at + 1, nbformat.v4.new_code_cell(
        "\n".join(f"{name} = {value!r}" for name, value in parameters.items())))
    if change:
        change(book)
    work = SCRATCH / session
    work.mkdir()
    before = os.environ["PATH"]
    folders = [folder for folder in (str(Path(sys.executable).parent), "/usr/bin", "/bin")
               if path or not Path(folder, "patina").exists()]
    os.environ["PATH"] = ":".join([str(Path(options.patina).parent)] * path + folders)
    # The kernel communicates through sockets in files, so no port is opened.
    sockets = traitlets.config.Config(
        {"KernelManager": {"transport": "ipc", "ip": str(SCRATCH / f"{session}.socket")}})
    error = None
    try:
        nbclient.NotebookClient(book, config=sockets, timeout=600, kernel_name="python3",
                                resources={"metadata": {"path": str(work)}}).execute()
    except nbclient.exceptions.CellExecutionError as fault:
        error = fault
    finally:
        os.environ["PATH"] = before
    return ({cell.id: text_of(cell) for cell in book.cells},
            {cell.id: cell.get("outputs", []) for cell in book.cells}, error)


def parameters(attached, work, **more):
    given = dict(CORPUS=str(attached / "train.csv"), AUDIO_ROOT=str(attached / "clips"),
                 MODEL=str(attached / "model"), PATINA=str(attached / "patina"),
                 OUT=str(SCRATCH / work / "train"), TIME_LIMIT="10m", VARIANTS=2,
                 OPTIONS=["--chunk", "5", "--split", "train=0.6,validation=0.2,test=0.2"])
    given.update(more)
    return given


@check
def notebook_has_no_outputs(options):
    """no output, no execution count, no path of a machine; parameters are first"""
    text = NOTEBOOK.read_text("utf-8")
    nbformat.validate(json.loads(text))
    book = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code and all(not cell.outputs and cell.execution_count is None for cell in code)
    assert "parameters" in code[0].metadata["tags"]
    paths = set(re.findall(r"[\"' (](/[\w./-]+)", text))
    assert paths and all(path.startswith(("/kaggle/", "/etc")) for path in paths), paths  # /etc/OpenCL is everywhere
    assert set(book.metadata) == {"kernelspec", "language_info"}


@check
def resumes_in_second_session(options):
    """the first session reaches its time limit, the second continues and trains; the bytes are those of one run"""
    attached = attach()
    before = digest(attached)
    common = dict(VARIANTS=20, OPTIONS=["--chunk", "1", "--threads", "1"])
    shown, _, error = run(options, "first",
                          **parameters(attached, "first", TIME_LIMIT="3s", **common))
    assert error is None, error
    assert "the model has random weights" in shown["trial"] and "8 entries" in shown["trial"], shown
    assert "stopped at its time limit" in shown["generate"], shown["generate"]
    assert "set EARLIER to its folder 'train'" in shown["generate"]
    assert shown["look"] == shown["train"] == "not complete yet\n", shown
    first = SCRATCH / "first/train"
    assert [path.name for path in first.iterdir()] == ["chunks"]

    kept = digest(first)
    shown, outputs, error = run(options, "second",
                                **parameters(attached, "second", EARLIER=str(first), **common))
    assert error is None, error
    n_kept = len(list(first.glob("chunks/*/chunk.json")))
    assert n_kept > 0
    assert re.search(rf"\b{n_kept} of \d+ chunks are already complete", shown["generate"])
    assert digest(first) == kept and digest(attached) == before
    second = SCRATCH / "second/train"
    dataset_json = json.loads((second / "dataset.json").read_text("utf-8"))
    assert dataset_json["rejects_by_reason"]["missing"] == 1
    assert dataset_json["rows"] == 20 * (COPIES_PER_CLIP * 14 - 1)
    assert "combination" in shown["look"] and (SCRATCH / "second/report.html").stat().st_size > 10000
    assert re.search(r"^loudness +\d+ +[\d.]+ +[\d.]+ LU( +-?[\d.]+)+$", shown["train"], re.M), shown
    assert torch is None or (SCRATCH / "second/head.pt").exists()
    assert "ready to publish" in shown["publish"] and "dataset_info" in shown["publish"], shown["publish"]
    pictures = [output for output in outputs["train"] if "image/png" in output.get("data", {})]
    try:
        import matplotlib  # noqa: F401
        assert len(pictures) == 1
    except ImportError:
        assert not pictures and "no plot" in shown["train"]

    once = SCRATCH / "once"
    done = subprocess.run([options.patina, "generate", "--corpus", attached / "train.csv",
                           "--audio-root", attached / "clips", "--model", attached / "model",
                           "--variants", "20", "--chunk", "1", "--out", once, "--quiet"])
    assert done.returncode == 0 and digest(once) == digest(second)


@check
def rerun_in_same_session(options):
    """the cell that generates the set can be run again after its time limit"""
    def change(book):
        at = next(i for i, cell in enumerate(book.cells) if cell.id == "generate")
        again = copy.deepcopy(book.cells[at])
        again.id = "once-more"
        book.cells = book.cells[:at + 1] + [nbformat.v4.new_code_cell("TIME_LIMIT = '10m'"), again]
    shown, _, error = run(options, "again", change, **parameters(
        attach(), "again", VARIANTS=20, TIME_LIMIT="3s", OPTIONS=["--chunk", "1", "--threads", "1"]))
    assert error is None, error
    assert "The time limit was reached." in shown["generate"], shown["generate"]
    assert "chunks are already complete" in shown["once-more"], shown["once-more"]
    assert sorted(path.name for path in (SCRATCH / "again/train").iterdir()) == [
        "README.md", "croissant.json", "data", "dataset.json", "provenance", "provenance_table", "rejects.jsonl"]


@check
def two_sessions_at_the_same_time(options):
    """each makes a shard; a third completes the set from both, with the bytes of one run"""
    attached = attach()
    for shard in ("0/2", "1/2"):
        name = f"shard-{shard[0]}"
        shown, _, error = run(options, name, **parameters(attached, name, SHARD=shard))
        assert error is None and f"Shard {shard} is complete." in shown["generate"], (error, shown)
        assert shown["publish"] == "not complete yet\n"
    earlier = [str(SCRATCH / f"shard-{i}/train") for i in range(2)]
    shown, _, error = run(options, "joined", **parameters(attached, "joined", EARLIER=earlier))
    assert error is None and "ready to publish" in shown["publish"], (error, shown)
    once = SCRATCH / "unsharded"
    subprocess.run([options.patina, "generate", "--corpus", attached / "train.csv", "--audio-root", attached / "clips",
                    "--model", attached / "model", "--variants", "2", "--chunk", "5", "--split",
                    "train=0.6,validation=0.2,test=0.2", "--out", once, "--quiet"], check=True)
    assert digest(once) == digest(SCRATCH / "joined/train")


@check
def installs_the_wheel(options):
    """with the network off the attached wheel is installed, where the program is not on PATH"""
    if not options.wheel:
        raise Skip("no --wheel given")
    attached = attach()
    shutil.copy(options.wheel, attached / "patina")
    try:
        shown, _, error = run(options, "wheel", path=False, **parameters(attached, "wheel"))
    finally:
        (attached / "patina" / Path(options.wheel).name).unlink()
    assert error is None and re.search(r"^patina \d", shown["install"], re.M), (error, shown)
    assert "ready to publish" in shown["publish"]
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", "patina-audio"], check=True)


@check
def model_by_name(options):
    """with the network on, a model of the hub is downloaded; with it off, the advice is to attach the model"""
    attached = attach()
    given = parameters(attached, "by-name", MODEL=NAME, OPTIONS=["--limit", "4"])
    os.environ["MINI"] = str(MINI)  # the model that Hub serves
    with Hub() as hub:
        before = dict(os.environ)
        for address, session in ((hub.address, "by-name"), ("http://127.0.0.1:1", "offline")):
            os.environ.clear()
            os.environ.update(hub.environment(SCRATCH / f"{session}-cache", **{
                "PATH": before["PATH"], "HF_ENDPOINT": address}))
            given["OUT"] = str(SCRATCH / session / "train")
            try:
                shown, _, error = run(options, session, **given)
            finally:
                os.environ.clear()
                os.environ.update(before)
            if session == "by-name":
                assert error is None and "ready to publish" in shown["publish"], (error, shown)
                assert hub.requests_for("GET", "model.safetensors")
            else:
                assert "switch Internet on, or attach" in error.evalue and shown["trial"] == "", shown


@check
def error_messages(options):
    """without program and wheel, or without a corpus, it stops immediately and names the missing input"""
    attached = attach()
    shown, _, error = run(options, "no-wheel", path=False, **parameters(attached, "no-wheel"))
    assert error is not None and "there is no wheel in" in error.evalue, shown
    assert shown["trial"] == ""
    shown, _, error = run(options, "no-corpus", **parameters(
        attached, "no-corpus", CORPUS=str(attached / "absent.csv")))
    assert error is not None and "CORPUS: '" in error.evalue and "absent.csv" in error.evalue, shown
    assert "attach it as input" in error.evalue and shown["trial"] == "", shown


if __name__ == "__main__":
    run_main(__doc__, SCRATCH, wheel="the wheel that the notebook installs; in a virtual environment")
