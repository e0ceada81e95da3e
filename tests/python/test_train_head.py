#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests examples/train_head.py on sets that patina generates here: test_train_head.py [CHECK...]

    test_train_head.py [--patina build/patina]

Needs torch, numpy and pyarrow. The encoder is the small untrained one of the tests, so what can be
asked of the head is that it learns what it is shown, and loudness a little beyond that; of purity,
nothing. Run by run_with_torch.sh. The last line is "N passed, N failed, N skipped".
"""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from checks import check, run_main, Skip, skip_all

ROOT = Path(__file__).resolve().parents[2]
try:
    import numpy as np
    import pyarrow.parquet as pq
    import torch
except ImportError as missing:
    skip_all("train_head", missing)
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "examples"))
import train_head  # noqa: E402

EXAMPLE, DEMO = ROOT / "examples/train_head.py", ROOT / "examples/demo/manifest.jsonl"
MINI, SHARED = ROOT / "tests/golden/clap/mini", ROOT.parent / "shared"
SCRATCH = Path(tempfile.mkdtemp(prefix="patina-head-"))


# -- sets

def patina(options, *words):
    done = subprocess.run([options.patina, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def generate(options, name, *words, corpus=DEMO):
    """A data set; each name is generated once."""
    if not (SCRATCH / name).exists():
        patina(options, "generate", "--corpus", corpus, "--model", MINI, "--out", SCRATCH / name,
               "--quiet", *words)
    return SCRATCH / name


def at_many_levels(options):
    """A corpus of the demo clips, each at six levels from 0 to -30 dB: fourteen clips alone are too
    few to learn loudness."""
    folder = SCRATCH / "levels"
    (folder / "clips").mkdir(parents=True)
    suite = folder / "clean.json"
    suite.write_text('{"clean": 1}')
    entries = []
    for line in DEMO.read_text("utf-8").splitlines():
        entry = json.loads(line)
        clip = Path(entry["audio"])
        # Nothing is applied, so this decodes it: mono, 48 kHz, 32-bit float.
        patina(options, "degrade", "--suite", suite, DEMO.parent / clip, folder / "clip.wav")
        data = (folder / "clip.wav").read_bytes()
        at = data.index(b"data") + 8
        samples = np.frombuffer(data[at:at + int.from_bytes(data[at - 4:at], "little")], "<f4")
        for level_db in range(0, -36, -6):
            name = f"clips/{clip.stem}@{level_db}.wav"
            with wave.open(str(folder / name), "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(48000)
                out.writeframes((samples * 10 ** (level_db / 20) * 32767).astype("<i2").tobytes())
            entries.append({"audio": name, "caption": entry["caption"]})
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return manifest


def read(folder, split="train"):
    metadata = json.loads((folder / "dataset.json").read_text("utf-8"))
    return train_head.load(folder, split, train_head.purity_cap(metadata))


def quiet(*words):
    pass


def example(*words, status=0):
    done = subprocess.run([sys.executable, str(EXAMPLE), *map(str, words)], capture_output=True,
                          text=True, cwd=SCRATCH)
    assert done.returncode == status, done
    return done


# -- training

@check
def overfits_64_rows(options):
    """64 rows are learnt to near zero error in every target: inputs and outputs are connected correctly"""
    rows = read(generate(options, "demo", "--variants", "10", "--seed", "1"))
    some = rows.take(np.random.default_rng(0).permutation(len(rows))[:64])
    torch.manual_seed(0)
    head = train_head.Head(hidden=256, dropout=0.0)
    ridge = train_head.Ridge(some)
    ridge.weights = [0 * part for part in ridge.weights]  # the perceptrons alone
    head.start(some, ridge)
    train_head.train(head, some, some, epochs=900, batch=64, rate=2e-3, decay=0.0, progress=quiet)
    lines = train_head.evaluate({"head": train_head.predict(head, some.x)}, some, some)
    print("     " + ", ".join(f"{line['name']} {line['head']['r2']:.3f}" for line in lines))
    for line in lines:
        # A block that is not trained, or is trained on another's target, is at 0 or below.
        assert line["head"]["r2"] > 0.98, line
        if "error" in line["head"]:
            assert line["head"]["error"] < 0.06 * line["error_of_constant"], line


@check
def ridge_is_the_closed_form(options):
    """weights of both Gram matrices against the normal equations, and cross-validation by recording"""
    rng = np.random.default_rng(0)
    for n in (60, 1500):
        x = rng.normal(0, 1, (n, 1024)).astype("f4")
        y = {name: rng.normal(3, 2, (n, size)) for name, size in train_head.TARGETS.items()}
        stacked = train_head.Ridge.stack(y)
        weights, offset = train_head.Ridge.solve(x.astype("f8"), stacked)(100.0)
        z = (x.astype("f8") - x.mean(0, dtype="f8")) / x.std(0, dtype="f8")
        wanted = np.linalg.solve(z.T @ z + 100 * np.eye(1024), z.T @ (stacked - stacked.mean(0)))
        wanted /= x.std(0, dtype="f8")[:, None]
        assert np.abs(weights - wanted).max() < 1e-4 * np.abs(wanted).max()
        assert np.abs((x @ weights + offset).mean(0) - stacked.mean(0)).max() < 1e-3
    # 20 recordings of 10 nearly equal rows. The targets are noise of the recording, which its other rows would
    # give away, so that without groups a small penalty would be chosen.
    x = rng.normal(0, 1, (20, 1024)).repeat(10, 0) + rng.normal(0, 0.01, (200, 1024))
    y = {name: rng.normal(0, 1, (20, size)).repeat(10, 0) for name, size in train_head.TARGETS.items()}
    clips = [f"clip{i // 10}" for i in range(200)]
    grouped = train_head.Ridge(train_head.Rows(x.astype("f4"), y, clips))
    leaking = train_head.Ridge(train_head.Rows(x.astype("f4"), y, [str(i) for i in range(200)]))
    assert np.abs(grouped.weights[0]).sum() < 0.5 * np.abs(leaking.weights[0]).sum()


@check
def metrics_are_their_definitions(options):
    """AUC against all pairs, R2 of each band, bands without content left out"""
    rng = np.random.default_rng(1)
    score, label = rng.integers(0, 5, 60).astype(float), rng.integers(0, 2, 60)
    pairs = [(a > b) + 0.5 * (a == b) for a in score[label == 1] for b in score[label == 0]]
    assert math.isclose(train_head.auc(score, label), np.mean(pairs))
    truth, guess, trained = (rng.normal(0, 1, (30, 3)) for _ in range(3))
    truth[:, 2] = np.nan  # no row has this band
    wanted = [1 - np.square(guess[:, i] - truth[:, i]).sum() / np.square(trained[:, i].mean() - truth[:, i]).sum()
              for i in range(2)]
    assert math.isclose(train_head.r_squared(guess, truth, trained), np.mean(wanted))
    line = {"window": {"rate_hz": 16000}}
    assert train_head.valid_bands(line).sum() == 56  # f_55 = 7943 Hz is under 8 kHz, f_56 is not
    assert train_head.valid_bands({**line, "source_quality": {"bandwidth_hz": 4000}}).sum() == 49
    assert train_head.valid_bands({**line, "source_quality": {"bandwidth_hz": None}}).sum() == 56


def unseen(rows, target="target_lufs", seed=0, n_folds=5):
    """Errors relative to those of the constants, absolute and squared, of every row by a head trained
    without its clip: a fifth of the clips is held out, another selects the epoch, five times."""
    clips = sorted(set(rows.clips))
    sums = np.zeros(4)
    for fold in range(n_folds):
        held_out, choose = set(clips[fold::n_folds]), set(clips[(fold + 1) % n_folds::n_folds])
        learn = rows.select(set(clips) - held_out - choose)
        torch.manual_seed(seed)
        head = train_head.Head(hidden=256)
        head.start(learn, train_head.Ridge(learn))
        train_head.train(head, learn, rows.select(choose), epochs=15, batch=64, seed=seed,
                         progress=quiet)
        truth = rows.select(held_out).y[target]
        error = train_head.predict(head, rows.select(held_out).x)[target] - truth
        known = learn.y[target]
        sums += [np.abs(error).sum(), np.abs(np.median(known, 0) - truth).sum(),
                 np.square(error).sum(), np.square(known.mean(0) - truth).sum()]
    return sums[0] / sums[1], sums[2] / sums[3]


@check
def predicts_loudness_of_unseen_clips(options):
    """it predicts target_lufs of held-out clips better than the constant, and only from their audio"""
    rows = read(generate(options, "levels-set", "--captions", "first", "--variants", "4",
                         "--seed", "1", corpus=at_many_levels(options)))
    assert len(rows) == 14 * 6 * 4
    rows.clips = [clip.split("@")[0] for clip in rows.clips]  # all levels of a clip on one side
    absolute, squared = unseen(rows)
    order = np.random.default_rng(0).permutation(len(rows))
    deaf = train_head.Rows(rows.x[order], rows.y, rows.clips)
    absolute_deaf, squared_deaf = unseen(deaf)
    print(f"     of the constant's error: {absolute:.2f} absolute, {squared:.2f} squared; "
          f"embeddings of other rows: {absolute_deaf:.2f}, {squared_deaf:.2f}")
    assert absolute < 0.95 and squared < 0.92, (absolute, squared)
    assert absolute_deaf > 0.95 and squared_deaf > 0.92, (absolute_deaf, squared_deaf)


@check
def predicts_loudness_of_real_clips(options):
    """the same for 42 recordings at their own levels"""
    corpus = SHARED / "corpus/manifest.jsonl"
    if not corpus.exists():
        raise Skip("the recordings are in ../shared/corpus, which is not here")
    rows = read(generate(options, "real", "--variants", "12", "--seed", "1", corpus=corpus))
    absolute, squared = unseen(rows)
    print(f"     of the constant's error: {absolute:.2f} absolute, {squared:.2f} squared")
    # Six pairs of seeds gave 0.76 to 0.82 and 0.58 to 0.74.
    assert absolute < 0.95 and squared < 0.92, (absolute, squared)


# -- the data

@check
def no_clip_leaks_between_splits(options):
    """no recording is in two parts, also if it is several entries; hashes alone decide"""
    folder = SCRATCH / "twice"
    folder.mkdir()
    entries = [json.loads(line) for line in DEMO.read_text("utf-8").splitlines()]
    with open(folder / "manifest.jsonl", "w", encoding="utf-8") as out:
        for i, entry in enumerate(entries * 2):
            audio = str(DEMO.parent / entry["audio"])
            out.write(json.dumps({"id": f"{i}", "audio": audio, "caption": f"take {i}"}) + "\n")
    rows = read(generate(options, "twice-set", "--variants", "2", corpus=folder / "manifest.jsonl"))
    assert len(rows) == 4 * len(entries) and len(set(rows.clips)) == len(entries)
    rest, share = train_head.split_by_clip(rows, 0.3)
    assert len(set(share.clips)) == 4 and len(set(rest.clips)) == 10
    assert len(share) == 16 and len(rest) == 40 and not set(share.clips) & set(rest.clips)
    # Rows, targets and names correspond.
    where = {clip: i for i, clip in reversed(list(enumerate(rows.clips)))}
    for one, clip in zip(share.y["target_lufs"], share.clips):
        assert one == rows.y["target_lufs"][where[clip]]
    again = generate(options, "twice-more", "--variants", "5", "--seed", "9",
                     corpus=folder / "manifest.jsonl")
    assert set(train_head.split_by_clip(read(again), 0.3)[1].clips) == set(share.clips)


@check
def dataset_splits_are_used(options):
    """splits of the data set are used, and missing ones are taken from train"""
    thirds = ("--variants", "2", "--split")
    for name, shares in (("three", "validation=0.3,test=0.3,train=0.4"),
                         ("test", "train=0.5,test=0.5"), ("validation", "validation=0.5,train=0.5"),
                         ("one", "train=1")):
        folder = generate(options, f"splits-{name}", *thirds, shares)
        dataset_json = json.loads((folder / "dataset.json").read_text("utf-8"))
        learn, choose, held_out = train_head.load_splits(folder, dataset_json, 0.2)
        clips = [set(rows.clips) for rows in (learn, choose, held_out)]
        assert sum(map(len, clips)) == len(set.union(*clips)) == 14
        for rows, split in ((held_out, "test" if name in ("three", "test") else "validation"),
                            (choose, "validation" if name == "three" else None)):
            if split in dataset_json["splits"]:
                assert set(rows.clips) == set(read(folder, split).clips), name
        if name == "three":
            assert len(learn) == dataset_json["splits"]["train"]["rows"]
    folder = generate(options, "splits-odd", *thirds, "train=0.5,eval=0.5")
    said = example(folder, status=1).stderr
    assert said == (f"'{folder}' has the splits train, eval: this example needs 'train', and "
                    "'validation' or 'test' or both\n"), said


@check
def rows_match_files(options):
    """columns are read whole and in order over several parts, of both formats; a clean row has no purity"""
    words = ("--variants", "3", "--captions", "first", "--chunk", "4")
    folder = generate(options, "parts", *words)
    rows = read(folder)
    table = pq.read_table(folder / "data").to_pydict()
    assert len(list((folder / "data").iterdir())) == 4 and len(rows) == 42
    assert (rows.x == np.array(table["fused_state"], np.float32)).all()
    for name in ("target_lufs", "target_dyn"):
        assert (rows.y[name] == np.array(table[name], np.float32).reshape(42, -1)).all(), name
    purity = np.array(table["input_purity"], np.float32)[:, None]
    assert (rows.y["clean"] == (purity == 50)).all() and 0 < rows.y["clean"].sum() < 42
    assert (np.isnan(rows.y["purity"]) == (purity == 50)).all()
    assert (rows.y["purity"][purity < 50] == purity[purity < 50]).all()
    ltas = np.array(table["target_ltas"], np.float32)
    some = ~np.isnan(rows.y["target_ltas"])
    assert (rows.y["target_ltas"][some] == ltas[some]).all() and (ltas[some] > -120).all()
    entries = [json.loads(line) for line in DEMO.read_text("utf-8").splitlines()]
    assert rows.clips == [entry["audio"] for entry in entries for _ in range(3)]
    slow = [i for i, clip in enumerate(rows.clips) if "perc_bell" in clip]  # 16 kHz
    assert not some[slow, 56:].any() and some[slow, 50].all()
    text = read(generate(options, "text", "--format", "jsonl", *words))
    assert text.clips == rows.clips and text.chains == rows.chains and np.allclose(text.x, rows.x, atol=1e-7)


@check
def loss_is_its_definition(options):
    """mean squared errors in deviations of the training rows and a cross entropy, with NaN left out"""
    rng = np.random.default_rng(0)
    n = 50

    def some():
        y = {name: rng.normal(5, 2, (n, size)).astype("f4") for name, size in train_head.TARGETS.items()}
        y["target_ltas"][rng.random((n, 64)) < 0.3] = np.nan
        y["clean"] = (rng.random((n, 1)) < 0.4).astype("f4")
        return train_head.Rows(rng.normal(0, 1, (n, 1024)).astype("f4"), y, [f"{i}" for i in range(n)])
    learn, held_out = some(), some()
    torch.manual_seed(1)
    head = train_head.Head(hidden=8)
    ridge = train_head.Ridge(learn)
    head.start(learn, ridge)
    guesses, direct = train_head.predict(head, held_out.x), ridge.predict(held_out.x)
    for name in ("target_ltas", "target_lufs", "target_dyn", "purity"):  # epoch 0 is the regression
        assert np.abs(guesses[name] - direct[name]).max() < 1e-3, name
    assert np.corrcoef(guesses["clean"][:, 0], direct["clean"][:, 0])[0, 1] > 0.9999
    with torch.no_grad():
        losses = head.losses(*train_head.to_tensors(held_out, "cpu"))
    for name, guess in guesses.items():
        truth = held_out.y[name]
        if name == "clean":
            p = 1 / (1 + np.exp(-guess))
            wanted = -np.mean(truth * np.log(p) + (1 - truth) * np.log(1 - p))
        else:
            wanted = np.nanmean(((guess - truth) / np.nanstd(learn.y[name].astype("f8"), axis=0)) ** 2)
        # Sums of a few thousand float32 terms: 1e-3 is generous, a wrong mask moves it by 1e-2.
        assert math.isclose(losses[name].item(), wanted, rel_tol=1e-3), (name, losses[name], wanted)


# -- the program

@check
def trains_and_saves_weights(options):
    """the command prints its table, writes metrics, losses and weights that give the same again, and repeats itself"""
    folder = generate(options, "demo", "--variants", "10", "--seed", "1")
    said = [example(folder, "--out", f"{name}.pt", "--epochs", "12", "--seed", "3").stdout
            for name in ("a", "b")]
    assert re.sub(r"\ba(?=\.|-losses)", "b", said[0]) == said[1], said
    assert "encoder of this set is UNTRAINED" in said[0]
    assert "WARNING: only 2 recordings are held out" in said[0]
    assert len(re.findall(r"^epoch \d+/12: loss \d", said[0], re.M)) == 12
    metrics = json.loads((SCRATCH / "a.json").read_text("utf-8"))
    assert metrics["predictors"] == ["text", "audio", "both", "head"] and metrics["recordings"]["held_out"] == 2
    for line in metrics["targets"]:  # the table has two decimals of R2
        found = re.search(rf"^{line['name']} .*?((?: +-?\d+\.\d\d| +nan){{4}})$", said[0], re.M)
        assert found, (line, said[0])
        for shown, name in zip(found[1].split(), metrics["predictors"]):
            assert shown == f"{line[name]['r2']:.2f}", (line, shown)
    assert len((SCRATCH / "a.csv").read_text("utf-8").splitlines()) == 1 + 6 * 4
    assert len((SCRATCH / "a-losses.csv").read_text("utf-8").splitlines()) == 1 + 13
    by_effect = {(line["effect"], line["strength"]): line["rows"] for line in metrics["errors_by_effect"]}
    for effect in train_head.STRENGTH:
        parts = [by_effect[effect, strength] for strength in ("light", "medium", "heavy")]
        assert sum(parts) == by_effect[effect, "any"] and max(parts) - min(parts) <= 2, (effect, by_effect)

    saved = torch.load(SCRATCH / "a.pt", weights_only=True)
    dataset_json = json.loads((folder / "dataset.json").read_text("utf-8"))
    assert saved["model_hash"] == dataset_json["model_hash"] and saved["purity_cap_db"] == 50
    head = train_head.Head(saved["hidden"])
    head.load_state_dict(saved["state"])
    learn, _, held_out = train_head.load_splits(folder, dataset_json, 0.15)
    again = train_head.evaluate({"head": train_head.predict(head, held_out.x)}, held_out, learn)
    for line, other in zip(again, metrics["targets"]):
        for name, value in other["head"].items():
            assert math.isclose(line["head"][name], value, rel_tol=1e-6, abs_tol=1e-6), (line, other)
    other = example(folder, "--out", "c.pt", "--epochs", "12", "--seed", "4").stdout
    assert other.splitlines()[:3] == said[0].splitlines()[:3]  # the clips do not depend on the seed


@check
def ridge_without_pytorch(options):
    """where PyTorch is absent, the regressions and their metrics remain"""
    folder = generate(options, "demo", "--variants", "10", "--seed", "1")
    hidden = SCRATCH / "no-torch/torch"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError\n")
    done = subprocess.run([sys.executable, str(EXAMPLE), folder, "--out", "r.pt"], capture_output=True, text=True,
                          cwd=SCRATCH, env={**os.environ, "PYTHONPATH": str(hidden.parent)})
    assert done.returncode == 0 and "PyTorch is not installed: ridge regression only" in done.stdout, done
    metrics = json.loads((SCRATCH / "r.json").read_text("utf-8"))
    assert metrics["predictors"] == ["text", "audio", "both"] and not (SCRATCH / "r.pt").exists()


@check
def plot_or_message(options):
    """it draws a plot with matplotlib, and prints a note without it"""
    folder = generate(options, "demo", "--variants", "10", "--seed", "1")
    hidden = SCRATCH / "hidden/matplotlib"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError\n")
    done = subprocess.run([sys.executable, str(EXAMPLE), folder, "--epochs", "1", "--out", "d.pt"],
                          capture_output=True, text=True, cwd=SCRATCH,
                          env={**os.environ, "PYTHONPATH": str(hidden.parent)})
    assert done.returncode == 0 and done.stdout.endswith(
        "matplotlib is not installed: no plot\n"), done
    assert not (SCRATCH / "d.png").exists()
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise Skip("matplotlib is not installed, so the plot itself was not drawn") from None
    assert example(folder, "--epochs", "1", "--out", "e.pt").stdout.endswith("plot: e.png\n")
    assert (SCRATCH / "e.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@check
def data_error_messages(options):
    """unusable data sets end with one sentence"""
    jsonl = generate(options, "jsonl", "--format", "jsonl")
    one = generate(options, "one", "--limit", "1", "--variants", "3")
    unfinished = SCRATCH / "unfinished"
    patina(options, "generate", "--corpus", DEMO, "--model", MINI, "--out", unfinished, "--quiet",
           "--chunk", "2", "--shard", "0/3")
    (jsonl / "data/train-00000-of-00001.jsonl").unlink()
    for folder, sentence in ((jsonl, "no files of the split 'train'"),
                             (one, "1 of 1 recordings would be held out"),
                             (unfinished, "'patina finish' writes it"),
                             (SCRATCH / "nowhere", "not a finished data set")):
        said = example(folder, status=1).stderr
        assert sentence in said and said.count("\n") == 1, (folder, said)


if __name__ == "__main__":
    torch.set_num_threads(1)  # the sets are small, and threads would only wait for each other
    run_main(__doc__, SCRATCH)
