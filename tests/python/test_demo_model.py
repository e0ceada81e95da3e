#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the demo model, its sounds and the regressions of examples/train_head.py, without PyTorch.

    test_demo_model.py [--patina build/patina] [CHECK...]

Needs numpy and pyarrow. The last line is "N passed, N failed, N skipped".
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.modules["torch"] = None  # as if it were not installed
sys.path[:0] = [str(ROOT / "examples"), str(ROOT / "tools")]
import numpy as np  # noqa: E402
import demo_sounds  # noqa: E402
import train_head  # noqa: E402
from checks import check, run_main  # noqa: E402

MODEL = ROOT / "examples/demo/model"
SCRATCH = Path(tempfile.mkdtemp(prefix="patina-demo-model-"))


@check
def model_is_small_and_its_own(options):
    """at most 6 MB, with the project's own vocabulary, and not known as untrained"""
    assert (MODEL / "model.safetensors").stat().st_size <= 6e6
    assert (MODEL / "vocab.json").read_bytes() == (ROOT / "tests/golden/clap/mini/vocab.json").read_bytes()
    assert "not a model of LAION" in (MODEL / "README.md").read_text("utf-8")


@check
def sounds_are_reproducible(options):
    """every family gives finite sound of 0.4 to 10 s with a caption, the same for the same numbers"""
    for index in range(len(demo_sounds.FAMILIES)):
        samples, caption = demo_sounds.make_sound(7, index)
        assert samples.dtype == np.float32 and 0.4 * 48000 <= len(samples) <= 480000, index
        assert np.isfinite(samples).all() and 0 < np.abs(samples).max() <= 1.0001 and len(caption) > 5, index
    again, _ = demo_sounds.make_sound(7, index)
    other, _ = demo_sounds.make_sound(8, index)
    assert (again == samples).all() and not np.array_equal(other, samples)


@check
def regression_learns_from_the_demo_model(options):
    """loudness of unseen sounds from the audio half, which other rows' embeddings do not give"""
    program = [sys.executable, str(ROOT / "tools/demo_sounds.py"), "--count", "60", "--seed", "3", "--out"]
    subprocess.run([*program, str(SCRATCH / "sounds")], check=True)
    subprocess.run([options.patina, "generate", "--corpus", str(SCRATCH / "sounds/manifest.jsonl"), "--model", str(MODEL),
                    "--out", str(SCRATCH / "set"), "--variants", "2", "--quiet"], check=True)
    metadata = json.loads((SCRATCH / "set/dataset.json").read_text("utf-8"))
    assert metadata["model"]["untrained"] is False
    rows = train_head.load(SCRATCH / "set", "train", train_head.purity_cap(metadata))
    learn, held_out = train_head.split_by_clip(rows, 0.4)
    order = np.random.default_rng(0).permutation(len(learn))
    shuffled = train_head.Rows(learn.x[order], learn.y, learn.clips)
    predictions = {name: train_head.Ridge(some, train_head.INPUTS["audio"], n_folds=3).predict(held_out.x)
                   for name, some in (("audio", learn), ("shuffled", shuffled))}
    loudness = next(line for line in train_head.evaluate(predictions, held_out, learn) if line["name"] == "loudness")
    print(f"     R2 of loudness {loudness['audio']['r2']:.2f}, with embeddings of other rows "
          f"{loudness['shuffled']['r2']:.2f}")
    assert loudness["audio"]["r2"] > 0.25 and loudness["shuffled"]["r2"] < 0.15, loudness


if __name__ == "__main__":
    run_main(__doc__, SCRATCH)
