#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ridge regression of the targets on audio embeddings, evaluated on held-out recordings.

    demo_model_results.py --manifest real.jsonl FOLDER...   a corpus: every audio file, but not the clips of the demo
    demo_model_results.py [--log-mel] SET...                R2 and AUC of each set of that corpus

Five folds over recordings: each row is predicted by a regression without rows of its recording. Of the penalties 10,
100, 1000 and 10000 the table has the best for each target, the same choice for every set. --log-mel adds statistics
of the log-mel features of the same degraded audio (mean, deviation, 10 % and 90 % of each band): an encoder without
learning. Needs numpy and pyarrow, and for --log-mel the package patina.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "examples"), str(ROOT / "tools")]
import train_head  # noqa: E402

SUFFIXES = {".wav", ".flac", ".ogg", ".oga", ".mp3", ".opus"}
PENALTIES = (10.0, 100.0, 1e3, 1e4)


def write_manifest(path, folders):
    demo = {Path(json.loads(line)["audio"]).stem for line in
            (ROOT / "examples/demo/manifest.jsonl").read_text("utf-8").splitlines()}
    stems = set(demo)
    with open(path, "w", encoding="utf-8") as out:
        for folder in folders:
            for audio in sorted(Path(folder).resolve().iterdir()):
                if audio.suffix.lower() in SUFFIXES and audio.stem not in stems:
                    stems.add(audio.stem)
                    caption = "the sound of " + audio.stem.replace("_", " ")
                    out.write(json.dumps({"id": str(audio), "audio": str(audio), "caption": caption}) + "\n")


def log_mel_statistics(folder):
    """[n, 256] of the degraded audio of each row."""
    import patina
    from train_demo_clap import log_mel
    rows = []
    for part in sorted((folder / "provenance").glob("train-*")):
        for line in train_head.read_json_lines([part]):
            mel = log_mel(patina.degrade(line["entry"], recipe=line).samples).astype(np.float32)
            rows.append(np.concatenate([mel.mean(0), mel.std(0), np.percentile(mel, 10, axis=0),
                                        np.percentile(mel, 90, axis=0)]))
    return np.array(rows)


def predict_unseen(rows, x):
    """Metrics of each penalty: [(penalty, lines of train_head.evaluate)]"""
    clips = train_head.hash_order(rows.clips)
    y = train_head.Ridge.stack(rows.y)
    out = {penalty: np.zeros(y.shape) for penalty in PENALTIES}
    for fold in range(5):
        others = np.isin(rows.clips, clips[fold::5])
        solution = train_head.Ridge.solve(x[~others], y[~others])
        for penalty in PENALTIES:
            out[penalty][others] = train_head.Ridge.apply(solution(penalty), x[others])
    ends = np.cumsum(list(train_head.TARGETS.values()))[:-1]
    predictions = {str(penalty): dict(zip(train_head.TARGETS, np.split(values, ends, axis=1)))
                   for penalty, values in out.items()}
    return train_head.evaluate(predictions, rows, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="write this corpus, and stop")
    parser.add_argument("--log-mel", action="store_true", help="also statistics of log-mel features, of the first set")
    parser.add_argument("paths", nargs="+", type=Path)
    options = parser.parse_args()
    if options.manifest:
        return write_manifest(options.manifest, options.paths)
    table = {}
    for folder in options.paths:
        metadata = json.loads((folder / "dataset.json").read_text("utf-8"))
        rows = train_head.load(folder, "train", train_head.purity_cap(metadata))
        table[folder.name] = predict_unseen(rows, rows.x[:, train_head.INPUTS["audio"]].astype(np.float64))
        if options.log_mel and len(table) == 1:
            table["log-mel"] = predict_unseen(rows, log_mel_statistics(folder).astype(np.float64))
    print(f"{len(rows)} rows of {len(set(rows.clips))} recordings\n")
    print("| target | " + " | ".join(table) + " |\n|---|" + "---|" * len(table))
    for i, (name, target, _, _) in enumerate(train_head.METRICS):
        best = [max(lines[i][str(penalty)]["r2"] for penalty in PENALTIES) for lines in table.values()]
        print(f"| {name}, {'AUC' if target == 'clean' else 'R2'} | " + " | ".join(f"{value:.2f}" for value in best) + " |")


if __name__ == "__main__":
    main()
