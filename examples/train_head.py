#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains a small network (a head) that predicts the targets of a data set from its embeddings.

    patina generate --corpus ... --model ... --variants 8 --out train
    python examples/train_head.py train

A multi-layer perceptron takes fused_state (the embeddings of the caption and of the degraded audio) and
predicts all targets: a shared trunk, and one output block per target. Copy and change it. Needs torch and
pyarrow, and matplotlib for a plot. The same seed gives the same head on the same machine. To use the
weights that it writes:

    saved = torch.load("head.pt", weights_only=True)
    head = Head(saved["hidden"])
    head.load_state_dict(saved["state"])
    head.eval()
    targets = head(fused_state)     # made with the encoder of saved["model_hash"]

The table at the end has the error on held-out clips, beside the error of a constant: the training part's
median for the mean absolute error, its mean for R2, which is 1 - squared error / squared error of that
constant. R2 is 1 for perfect predictions, 0 if they are no better than the constant, and below 0 if worse.

With an *untrained* encoder, such as the small ones of the tests, expect almost nothing: a ridge regression
on 490 rows of such a set reached an R2 of about 0.3 for loudness and none for purity. Results with a
trained CLAP checkpoint are not measured yet; this command measures them. If few clips are held out, the
result depends on the choice of clips.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from torch import nn

# name: numbers per row
TARGETS = {"target_ltas": 64, "target_lufs": 1, "target_dyn": 2, "input_purity": 1}
N_INPUTS = 1024

# Printed: name, target, numbers of the target, unit.
METRICS = [("spectrum", "target_ltas", slice(None), "dB"),
         ("loudness", "target_lufs", slice(None), "LU"),
         ("crest factor", "target_dyn", slice(0, 1), "dB"),
         ("zero crossings", "target_dyn", slice(1, 2), ""),
         ("purity", "input_purity", slice(None), "dB")]


# -- data

class Rows:
    """Rows in memory: x [n, 1024]; y {target: [n, numbers]}, NaN if undefined; clips, the
    source file of each row."""

    def __init__(self, x, y, clips):
        self.x, self.y, self.clips = x, y, clips

    def __len__(self):
        return len(self.x)

    def select(self, clips):
        """The rows of these clips."""
        keep = torch.tensor([clip in clips for clip in self.clips], dtype=torch.bool)
        return Rows(self.x[keep], {name: values[keep] for name, values in self.y.items()},
                    [clip for clip in self.clips if clip in clips])

    def to(self, device):
        return Rows(self.x.to(device), {name: y.to(device) for name, y in self.y.items()},
                    self.clips)


def column_to_tensor(column):
    """An Arrow column of numbers or of lists of equal length, as float32 [n, length]."""
    pieces = [(chunk.flatten() if chunk.type.num_fields else chunk).to_numpy()
              .reshape(len(chunk), -1) for chunk in column.chunks]
    return torch.from_numpy(np.concatenate(pieces))


def load(folder, split):
    """All rows of a split; a million of them take 4.4 GB of memory."""
    parts = sorted((folder / "data").glob(f"{split}-*.parquet"))
    if not parts:
        sys.exit(f"'{folder}' has no Parquet files of '{split}': this example needs a set "
                 "made with --format parquet")
    table = pq.read_table(parts, columns=["fused_state", *TARGETS])
    # Rows of one recording share their targets, so they have to be on one side of a split. Line i of
    # the provenance names the recording of row i.
    clips = []
    for part in parts:
        with open(folder / "provenance" / (part.stem + ".jsonl"), encoding="utf-8") as lines:
            clips += [json.loads(line)["source"] for line in lines]
    y = {name: column_to_tensor(table[name]) for name in TARGETS}
    # -120 in a band: the source has no content there, so the band has no level to train_rows.
    y["target_ltas"] = torch.where(y["target_ltas"] > -120, y["target_ltas"], torch.nan)
    return Rows(column_to_tensor(table["fused_state"]), y, clips)


def split_by_clip(rows, share):
    """Splits off a share of the clips: (the rest, the share). A hash selects them, so that the same clips are
    held out for any --seed and --variants."""
    clips = sorted(set(rows.clips), key=lambda clip: hashlib.sha256(clip.encode()).digest())
    n = max(1, round(share * len(clips)))
    if n >= len(clips):
        sys.exit(f"{n} of {len(clips)} clips would be held out, and none would be left to train on")
    return rows.select(set(clips[n:])), rows.select(set(clips[:n]))


def load_splits(folder, metadata, share):
    """The rows for training, for choosing the best epoch, and for the final error."""
    splits = [name for name, split in metadata["splits"].items() if split["rows"] > 0]
    val_rows = test_rows = None
    if len(splits) == 1:
        train_rows = load(folder, splits[0])
    elif "train" in splits and ("validation" in splits or "test" in splits):
        train_rows = load(folder, "train")
        val_rows, test_rows = (load(folder, name) if name in splits else None
                            for name in ("validation", "test"))
        if test_rows is None:
            val_rows, test_rows = None, val_rows
    else:
        sys.exit(f"'{folder}' has the splits {', '.join(splits)}: this example needs 'train', and "
                 "'validation' or 'test' or both")
    # `generate --split` is better: it uses the content of a file, not its name.
    if test_rows is None:
        train_rows, test_rows = split_by_clip(train_rows, share)
    if val_rows is None:
        train_rows, val_rows = split_by_clip(train_rows, share)
    return train_rows, val_rows, test_rows


# -- head

class Head(nn.Module):
    """fused_state [n, 1024] to {target: [n, numbers]}, in the units of the data set."""

    def __init__(self, hidden=512, dropout=0.3):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(N_INPUTS, hidden), nn.GELU(), nn.Dropout(dropout),
                                   nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout))
        self.blocks = nn.ModuleDict({name: nn.Linear(hidden, n) for name, n in TARGETS.items()})
        # Means and deviations are saved with the weights.
        for name, n in {"x": N_INPUTS, **TARGETS}.items():
            self.register_buffer(name + "_mean", torch.zeros(n))
            self.register_buffer(name + "_std", torch.ones(n))

    def standardise(self, rows):
        """Sets means and deviations from these rows, which have to be the training rows."""
        for name, values in {"x": rows.x, **rows.y}.items():
            mean = values.double().nanmean(0)
            std = (values - mean).square().nanmean(0).sqrt()
            getattr(self, name + "_mean").copy_(mean.nan_to_num(0.0))
            std = torch.where(std > 1e-6, std, 1.0)  # a constant, or undefined
            getattr(self, name + "_std").copy_(std)

    def forward(self, fused_state):
        state = self.trunk((fused_state - self.x_mean) / self.x_std)
        return {name: block(state) * getattr(self, name + "_std") + getattr(self, name + "_mean")
                for name, block in self.blocks.items()}

    def loss(self, x, y):
        """Mean squared error in standard deviations; every target has the same weight, also the 64 bands."""
        total = 0.0
        for name, prediction in self(x).items():
            known = ~y[name].isnan()
            error = torch.where(known, prediction - y[name], 0.0) / getattr(self, name + "_std")
            total = total + error.square().sum() / known.sum().clamp(min=1)
        return total / len(TARGETS)


def print_progress(epoch, epochs, text):
    """On a terminal one line that is updated, elsewhere about ten lines."""
    last = epoch == epochs
    if sys.stdout.isatty():
        print(f"\r{text}\033[K", end="\n" if last else "", flush=True)
    elif last or epoch % max(1, epochs // 10) == 0:
        print(text, flush=True)


def train(head, rows, others, epochs=60, batch=256, rate=1e-3, decay=0.1, seed=0, progress=print_progress):
    """Trains, and restores the weights of the epoch with the lowest loss on the other rows."""
    head.standardise(rows)
    optimizer = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    order = torch.Generator().manual_seed(seed)
    best, best_epoch, best_state = float("inf"), 0, None
    for epoch in range(1, epochs + 1):
        head.train()
        mean = 0.0
        for some in torch.randperm(len(rows), generator=order).to(rows.x.device).split(batch):
            loss = head.loss(rows.x[some], {name: y[some] for name, y in rows.y.items()})
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            mean += loss.item() * len(some) / len(rows)
        schedule.step()
        head.eval()
        with torch.no_grad():
            val_loss = head.loss(others.x, others.y).item()
        if val_loss < best:
            best, best_epoch = val_loss, epoch
            best_state = {name: value.clone() for name, value in head.state_dict().items()}
        progress(epoch, epochs, f"epoch {epoch}/{epochs}: loss {mean:.3f}, validation "
                 f"{val_loss:.3f}, best {best:.3f} in epoch {best_epoch}")
    if best_state is None:
        sys.exit("the loss is not finite: use a smaller --rate")
    head.load_state_dict(best_state)


# -- evaluation

def evaluate(head, rows, train_rows):
    """([(name, unit, error, error of the constant, R2)], the predictions) of held-out rows."""
    head.eval()
    with torch.no_grad():
        predictions = head(rows.x)
    lines = []
    for name, target, numbers, unit in METRICS:
        train_y, truth = train_rows.y[target][:, numbers], rows.y[target][:, numbers]
        mean = train_y.nanmean(0) - truth
        known = ~mean.isnan()  # here and in the training rows
        mean, median = mean[known], (train_y.nanmedian(0).values - truth)[known]
        error = (predictions[target][:, numbers] - truth)[known]
        lines.append((name, unit, error.abs().mean().item(), median.abs().mean().item(),
                      1 - (error.square().sum() / mean.square().sum()).item()))
    return lines, predictions


def plot(path, rows, predictions, constant):
    """Predicted against true values of each target; of the spectrum the error of every band."""
    try:
        import matplotlib
        matplotlib.use("Agg")  # draws to files, needs no display
        import matplotlib.pyplot as plt
    except ImportError:
        return print("matplotlib is not installed: no plot")
    figure, panels = plt.subplots(1, len(METRICS), figsize=(4 * len(METRICS), 4), layout="constrained")
    for axes, (name, target, numbers, unit) in zip(panels, METRICS):
        truth, prediction = rows.y[target][:, numbers].cpu(), predictions[target][:, numbers].cpu()
        if target == "target_ltas":
            middle_hz = 10 ** (1.175 + 0.05 * np.arange(64))  # docs/MEASURES.md, section 3
            for label, values in (("constant", constant.cpu()), ("head", prediction)):
                axes.semilogx(middle_hz, (values - truth).abs().nanmean(0), label=label)
            axes.set(title=f"{name}: mean error", xlabel="Hz", ylabel=unit, ylim=(0, None))
            axes.legend()
        else:
            ends = [min(truth.min(), prediction.min()), max(truth.max(), prediction.max())]
            axes.plot(ends, ends, color="grey", linewidth=1)
            axes.plot(truth, prediction, ".", alpha=0.3)
            axes.set(title=f"{name}, {unit}".rstrip(", "), xlabel="true", ylabel="predicted")
    figure.savefig(path)
    print(f"plot: {path}")


def main():
    options = argparse.ArgumentParser(
        description="Trains a head on a data set of 'patina generate', and prints its error on "
                    "held-out clips.")
    add = options.add_argument
    add("folder", type=Path, metavar="SET", help="a folder that 'patina generate --out' wrote")
    add("--out", type=Path, default=Path("head.pt"), metavar="FILE",
        help="weights; the plot is written beside them (default: %(default)s)")
    add("--held-out", type=float, default=0.15, metavar="SHARE",
        help="share of the clips for the final error, and for choosing the epoch, if the set was "
             "generated without --split (default: %(default)s)")
    add("--hidden", type=int, default=512, metavar="N", help="width (default: %(default)s)")
    add("--dropout", type=float, default=0.3, metavar="P", help="(default: %(default)s)")
    add("--epochs", type=int, default=60, metavar="N", help="(default: %(default)s)")
    add("--batch", type=int, default=256, metavar="N", help="rows (default: %(default)s)")
    add("--rate", type=float, default=1e-3, metavar="R", help="learning rate (default: %(default)s)")
    add("--decay", type=float, default=0.1, metavar="D", help="weight decay (default: %(default)s)")
    add("--seed", type=int, default=0, metavar="N", help="(default: %(default)s)")
    add("--device", default="cpu", help="for example cuda (default: %(default)s)")
    options = options.parse_args()

    torch.manual_seed(options.seed)
    try:
        metadata = json.loads((options.folder / "dataset.json").read_text("utf-8"))
    except FileNotFoundError:
        sys.exit(f"'{options.folder}' is not a finished data set: it has no dataset.json (after a "
                 "run with --shard, 'patina finish' writes it)")
    train_rows, val_rows, test_rows = load_splits(options.folder, metadata, options.held_out)
    print(f"{len(train_rows)} rows of {len(set(train_rows.clips))} clips for training, {len(val_rows)} of "
          f"{len(set(val_rows.clips))} for validation, {len(test_rows)} of "
          f"{len(set(test_rows.clips))} held out")
    if metadata["model"]["untrained"]:
        print("NOTE: the encoder of this set is UNTRAINED; its embeddings have no meaning")

    train_rows, val_rows, test_rows = (rows.to(options.device) for rows in (train_rows, val_rows, test_rows))
    head = Head(options.hidden, options.dropout).to(options.device)
    train(head, train_rows, val_rows, options.epochs, options.batch, options.rate, options.decay,
          options.seed)

    lines, predictions = evaluate(head, test_rows, train_rows)
    print(f"\n{'held-out clips':16}{'error':>10}{'constant':>12}{'R2':>12}")
    for name, unit, error, constant, r2 in lines:
        print(f"{name:16}{error:10.3g}{constant:12.3g} {unit:3}{r2:8.2f}")

    # A head fits only the encoder of its training data, so its hash is saved with it.
    torch.save({"hidden": options.hidden, "state": head.cpu().state_dict(),
                "model_hash": metadata["model_hash"]}, options.out)
    print(f"\nweights: {options.out}")
    plot(options.out.with_suffix(".png"), test_rows, predictions, head.target_ltas_mean)


if __name__ == "__main__":
    main()
