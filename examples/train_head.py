#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains a head on a data set: from what was heard and read to what the clean recording measures.

    patina generate --corpus ... --model ... --variants 8 --out train
    python examples/train_head.py train

A small multi-layer perceptron takes fused_state (the caption's embedding beside that of the damaged
audio) and predicts all targets at once: a trunk that they share, and one output block a target. It
is meant to be copied and changed. Needs torch and pyarrow; matplotlib draws a plot if it is there.
The same seed gives the same head, on the same machine. To use what it writes:

    saved = torch.load("head.pt", weights_only=True)
    head = Head(saved["hidden"])
    head.load_state_dict(saved["state"])
    head.eval()
    targets = head(fused_state)     # of the encoder whose hash is saved["model_hash"]

What the table at the end says. Every figure is of clips that training never saw, and stands beside
what a constant reaches that knows no audio at all: the training part's median for the mean absolute
error, its mean for R2, which is 1 - squared error / squared error of that constant. 1 is perfect, 0
no better than the constant, and less than 0 worse.

What to expect. With an *untrained* encoder, such as the small ones of the tests, nearly nothing: a
ridge regression on 490 rows of such a set reached an R2 of about 0.3 for loudness and none for
purity. What a trained CLAP checkpoint gives is still to be measured; this command measures it. With
few clips held out the verdict hangs on which they are.
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

# name: numbers a row
TARGETS = {"target_ltas": 64, "target_lufs": 1, "target_dyn": 2, "input_purity": 1}
N_INPUTS = 1024

# What is printed: a name, the target, which of its numbers, the unit.
METRICS = [("spectrum", "target_ltas", slice(None), "dB"),
         ("loudness", "target_lufs", slice(None), "LU"),
         ("crest factor", "target_dyn", slice(0, 1), "dB"),
         ("zero crossings", "target_dyn", slice(1, 2), ""),
         ("purity", "input_purity", slice(None), "dB")]


# -- the data

class Rows:
    """Rows in memory: x [n, 1024]; y {target: [n, numbers]}, NaN where there is none; clips, the
    sources of the n rows."""

    def __init__(self, x, y, clips):
        self.x, self.y, self.clips = x, y, clips

    def __len__(self):
        return len(self.x)

    def of(self, clips):
        """The rows of these clips."""
        keep = torch.tensor([clip in clips for clip in self.clips], dtype=torch.bool)
        return Rows(self.x[keep], {name: values[keep] for name, values in self.y.items()},
                    [clip for clip in self.clips if clip in clips])

    def to(self, device):
        return Rows(self.x.to(device), {name: y.to(device) for name, y in self.y.items()},
                    self.clips)


def column_to_tensor(column):
    """A column of Arrow, of lists of one length or of numbers, as float32 [n, length]."""
    pieces = [(chunk.flatten() if chunk.type.num_fields else chunk).to_numpy()
              .reshape(len(chunk), -1) for chunk in column.chunks]
    return torch.from_numpy(np.concatenate(pieces))


def load(folder, split):
    """All rows of a split. 4.4 kB each, so a million of them want 4.4 GB of memory."""
    parts = sorted((folder / "data").glob(f"{split}-*.parquet"))
    if not parts:
        sys.exit(f"'{folder}' has no Parquet files of '{split}': this example reads what generate "
                 "writes with --format parquet")
    table = pq.read_table(parts, columns=["fused_state", *TARGETS])
    # Rows of one recording share their targets, and must not be learnt from and judged by at once.
    # Line i of the provenance tells of which recording row i is.
    clips = []
    for part in parts:
        with open(folder / "provenance" / (part.stem + ".jsonl"), encoding="utf-8") as lines:
            clips += [json.loads(line)["source"] for line in lines]
    y = {name: column_to_tensor(table[name]) for name in TARGETS}
    # -120 in a band says that the source holds nothing there: no level, so none to learn.
    y["target_ltas"] = torch.where(y["target_ltas"] > -120, y["target_ltas"], torch.nan)
    return Rows(column_to_tensor(table["fused_state"]), y, clips)


def cut(rows, share):
    """Cuts off a share of the clips: (the rest, the share). A hash and no random number decides, so
    that the same clips are held out whatever --seed and --variants are."""
    clips = sorted(set(rows.clips), key=lambda clip: hashlib.sha256(clip.encode()).digest())
    n = max(1, round(share * len(clips)))
    if n >= len(clips):
        sys.exit(f"of {len(clips)} clips {n} were to be held out, and none would be left")
    return rows.of(set(clips[n:])), rows.of(set(clips[:n]))


def load_splits(folder, facts, share):
    """The rows to learn from, to choose the best epoch by, and to be judged by."""
    splits = [name for name, split in facts["splits"].items() if split["rows"] > 0]
    choose = held_out = None
    if len(splits) == 1:
        learn = load(folder, splits[0])
    elif "train" in splits and ("validation" in splits or "test" in splits):
        learn = load(folder, "train")
        choose, held_out = (load(folder, name) if name in splits else None
                            for name in ("validation", "test"))
        if held_out is None:
            choose, held_out = None, choose
    else:
        sys.exit(f"'{folder}' has the splits {', '.join(splits)}: this example wants 'train', and "
                 "'validation' or 'test' or both")
    # `generate --split` is better than this: it looks at what a file holds, and not at its name.
    if held_out is None:
        learn, held_out = cut(learn, share)
    if choose is None:
        learn, choose = cut(learn, share)
    return learn, choose, held_out


# -- the head

class Head(nn.Module):
    """fused_state [n, 1024] to {target: [n, numbers]}, in the units of the data set."""

    def __init__(self, hidden=512, dropout=0.3):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(N_INPUTS, hidden), nn.GELU(), nn.Dropout(dropout),
                                   nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout))
        self.blocks = nn.ModuleDict({name: nn.Linear(hidden, n) for name, n in TARGETS.items()})
        # Means and deviations travel with the weights, so that whoever loads them needs no more.
        for name, n in {"x": N_INPUTS, **TARGETS}.items():
            self.register_buffer(name + "_mean", torch.zeros(n))
            self.register_buffer(name + "_std", torch.ones(n))

    def standardise(self, rows):
        """Takes means and deviations from these rows, which have to be those to learn from."""
        for name, values in {"x": rows.x, **rows.y}.items():
            mean = values.double().nanmean(0)
            std = (values - mean).square().nanmean(0).sqrt()
            getattr(self, name + "_mean").copy_(mean.nan_to_num(0.0))
            std = torch.where(std > 1e-6, std, 1.0)  # of a constant; or there is none
            getattr(self, name + "_std").copy_(std)

    def forward(self, fused_state):
        state = self.trunk((fused_state - self.x_mean) / self.x_std)
        return {name: block(state) * getattr(self, name + "_std") + getattr(self, name + "_mean")
                for name, block in self.blocks.items()}

    def loss(self, x, y):
        """Mean squared error in deviations; every target counts the same, also the 64 bands."""
        total = 0.0
        for name, guess in self(x).items():
            known = ~y[name].isnan()
            error = torch.where(known, guess - y[name], 0.0) / getattr(self, name + "_std")
            total = total + error.square().sum() / known.sum().clamp(min=1)
        return total / len(TARGETS)


def print_progress(epoch, epochs, text):
    """On a terminal one line that is written again and again, elsewhere a line now and then."""
    last = epoch == epochs
    if sys.stdout.isatty():
        print(f"\r{text}\033[K", end="\n" if last else "", flush=True)
    elif last or epoch % max(1, epochs // 10) == 0:
        print(text, flush=True)


def train(head, rows, others, epochs=60, batch=256, rate=1e-3, decay=0.1, seed=0, progress=print_progress):
    """Trains, and leaves the head as it was after the epoch that was best on the other rows."""
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
            judged = head.loss(others.x, others.y).item()
        if judged < best:
            best, best_epoch = judged, epoch
            best_state = {name: value.clone() for name, value in head.state_dict().items()}
        progress(epoch, epochs, f"epoch {epoch}/{epochs}: loss {mean:.3f}, on other clips "
                 f"{judged:.3f}, the least so far {best:.3f} after epoch {best_epoch}")
    if best_state is None:
        sys.exit("the loss is no number: try a smaller --rate")
    head.load_state_dict(best_state)


# -- the verdict

def evaluate(head, rows, learn):
    """([(name, unit, error, error of the constant, R2)], the guesses) of rows that were not among
    those that were learnt from."""
    head.eval()
    with torch.no_grad():
        guesses = head(rows.x)
    lines = []
    for name, target, numbers, unit in METRICS:
        learnt, truth = learn.y[target][:, numbers], rows.y[target][:, numbers]
        mean = learnt.nanmean(0) - truth
        known = ~mean.isnan()  # here, and in some row that was learnt from
        mean, median = mean[known], (learnt.nanmedian(0).values - truth)[known]
        error = (guesses[target][:, numbers] - truth)[known]
        lines.append((name, unit, error.abs().mean().item(), median.abs().mean().item(),
                      1 - (error.square().sum() / mean.square().sum()).item()))
    return lines, guesses


def plot(path, rows, guesses, constant):
    """Each target as it is against as it was predicted; of the spectrum the error of every band."""
    try:
        import matplotlib
        matplotlib.use("Agg")  # draws to files, needs no display
        import matplotlib.pyplot as plt
    except ImportError:
        return print("matplotlib is not installed, so there is no plot")
    figure, panels = plt.subplots(1, len(METRICS), figsize=(4 * len(METRICS), 4), layout="constrained")
    for axes, (name, target, numbers, unit) in zip(panels, METRICS):
        truth, guess = rows.y[target][:, numbers].cpu(), guesses[target][:, numbers].cpu()
        if target == "target_ltas":
            middle_hz = 10 ** (1.175 + 0.05 * np.arange(64))  # docs/MEASURES.md, section 3
            for label, values in (("constant", constant.cpu()), ("head", guess)):
                axes.semilogx(middle_hz, (values - truth).abs().nanmean(0), label=label)
            axes.set(title=f"{name}: mean error", xlabel="Hz", ylabel=unit, ylim=(0, None))
            axes.legend()
        else:
            ends = [min(truth.min(), guess.min()), max(truth.max(), guess.max())]
            axes.plot(ends, ends, color="grey", linewidth=1)
            axes.plot(truth, guess, ".", alpha=0.3)
            axes.set(title=f"{name}, {unit}".rstrip(", "), xlabel="true", ylabel="predicted")
    figure.savefig(path)
    print(f"plot: {path}")


def main():
    options = argparse.ArgumentParser(
        description="Trains a head on a data set of 'patina generate', and tells its error on "
                    "clips that it never saw.")
    add = options.add_argument
    add("folder", type=Path, metavar="SET", help="what 'patina generate --out' wrote")
    add("--out", type=Path, default=Path("head.pt"), metavar="FILE",
        help="the weights; the plot goes beside them (default: %(default)s)")
    add("--held-out", type=float, default=0.15, metavar="SHARE",
        help="of the clips, to be judged by and again to choose the epoch, where the set was "
             "generated without --split (default: %(default)s)")
    add("--hidden", type=int, default=512, metavar="N", help="width (default: %(default)s)")
    add("--dropout", type=float, default=0.3, metavar="P", help="(default: %(default)s)")
    add("--epochs", type=int, default=60, metavar="N", help="(default: %(default)s)")
    add("--batch", type=int, default=256, metavar="N", help="rows (default: %(default)s)")
    add("--rate", type=float, default=1e-3, metavar="R", help="of learning (default: %(default)s)")
    add("--decay", type=float, default=0.1, metavar="D", help="of weights (default: %(default)s)")
    add("--seed", type=int, default=0, metavar="N", help="(default: %(default)s)")
    add("--device", default="cpu", help="such as cuda (default: %(default)s)")
    options = options.parse_args()

    torch.manual_seed(options.seed)
    try:
        facts = json.loads((options.folder / "dataset.json").read_text("utf-8"))
    except FileNotFoundError:
        sys.exit(f"'{options.folder}' is no finished data set: it has no dataset.json (where "
                 "processes shared the work, 'patina finish' makes it)")
    learn, choose, held_out = load_splits(options.folder, facts, options.held_out)
    print(f"{len(learn)} rows of {len(set(learn.clips))} clips to learn from, {len(choose)} of "
          f"{len(set(choose.clips))} to choose the epoch by, {len(held_out)} of "
          f"{len(set(held_out.clips))} held out")
    if facts["model"]["untrained"]:
        print("NOTE: the encoder of this set is UNTRAINED; do not expect much of its embeddings")

    learn, choose, held_out = (rows.to(options.device) for rows in (learn, choose, held_out))
    head = Head(options.hidden, options.dropout).to(options.device)
    train(head, learn, choose, options.epochs, options.batch, options.rate, options.decay,
          options.seed)

    lines, guesses = evaluate(head, held_out, learn)
    print(f"\n{'held-out clips':16}{'error':>10}{'constant':>12}{'R2':>12}")
    for name, unit, error, constant, r2 in lines:
        print(f"{name:16}{error:10.3g}{constant:12.3g} {unit:3}{r2:8.2f}")

    # A head fits the encoder whose embeddings it has learnt from, so it remembers which that was.
    torch.save({"hidden": options.hidden, "state": head.cpu().state_dict(),
                "model_hash": facts["model_hash"]}, options.out)
    print(f"\nweights: {options.out}")
    plot(options.out.with_suffix(".png"), held_out, guesses, head.target_ltas_mean)


if __name__ == "__main__":
    main()
