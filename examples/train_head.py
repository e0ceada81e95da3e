#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains a small network (a head) that predicts the targets of a data set from its embeddings.

    patina generate --corpus ... --model ... --variants 8 --out train
    python examples/train_head.py train

fused_state holds the embeddings of the caption and of the degraded audio. The head is a ridge regression plus,
for each target, a multi-layer perceptron that learns what the regression leaves; each stops at its own best
epoch. Copy and change it. Needs numpy; pyarrow for a set in Parquet; torch for the perceptrons, without which
only the regressions are computed; matplotlib for a plot. The same seed gives the same head on the same machine.

Written beside head.pt: head.json and head.csv (metrics), head-losses.csv, head.png. With the weights,
predict.py predicts the targets of any caption and audio file.

The table has R2 = 1 - squared error / squared error of the mean of the training rows, on recordings that were not
trained on: 1 for perfect predictions, 0 if they are no better than that constant, below 0 if worse. For the
spectrum it is the mean over bands. "clean or not" is the area under the ROC curve: 0.5 by chance.

With an untrained encoder, such as that of the tests, expect little; docs/RESULTS.md has results of the demo
model. If few recordings are held out, the result depends on their choice.
"""

import argparse
import csv
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

# name: numbers per row. input_purity is two targets: whether a row is clean (at the cap), and the value of the others.
TARGETS = {"target_ltas": 64, "target_lufs": 1, "target_dyn": 2, "clean": 1, "purity": 1}
COLUMNS = ("fused_state", "target_ltas", "target_lufs", "target_dyn", "input_purity")
N_INPUTS = 1024
INPUTS = {"text": slice(0, 512), "audio": slice(512, 1024), "both": slice(0, 1024)}

# Printed: name, target, numbers of the target, unit.
METRICS = [("spectrum", "target_ltas", slice(None), "dB"),
           ("loudness", "target_lufs", slice(None), "LU"),
           ("crest factor", "target_dyn", slice(0, 1), "dB"),
           ("zero crossings", "target_dyn", slice(1, 2), ""),
           ("clean or not", "clean", slice(None), "AUC"),
           ("purity of damaged", "purity", slice(None), "dB")]

# What makes an effect stronger, from its part of the chain in provenance.
STRENGTH = {"comb": lambda fx: max(abs(tap["gain"]) for tap in fx["taps"]),
            "mud": lambda fx: fx["bands"][0]["gain_db"],
            "sibilance": lambda fx: fx["bands"][0]["gain_db"],
            "noise": lambda fx: -fx["snr_db"],
            "clip": lambda fx: fx["fraction"] / fx.get("drive", 1),
            "pops": lambda fx: fx["level_db"]}
FEW = 20  # held-out recordings


# -- data

class Rows:
    """Rows in memory: x [n, 1024]; y {target: [n, numbers]}, NaN if undefined; clips, the source file of each
    row; chains, its effects."""

    def __init__(self, x, y, clips, chains=None):
        self.x, self.y, self.clips = x, y, clips
        self.chains = chains if chains is not None else [[] for _ in clips]

    def __len__(self):
        return len(self.x)

    def take(self, keep):
        """The rows of these numbers, or of a mask."""
        keep = np.flatnonzero(keep) if np.asarray(keep).dtype == bool else np.asarray(keep)
        return Rows(self.x[keep], {name: values[keep] for name, values in self.y.items()},
                    [self.clips[i] for i in keep], [self.chains[i] for i in keep])

    def select(self, clips):
        """The rows of these clips."""
        return self.take(np.array([clip in clips for clip in self.clips], bool))


def read_json_lines(paths):
    lines = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            lines += [json.loads(line) for line in file]
    return lines


def read_columns(parts):
    """{column: float32 array} of the files of a split."""
    if parts[0].suffix == ".jsonl":
        lines = read_json_lines(parts)
        return {name: np.array([line[name] for line in lines], np.float32) for name in COLUMNS}
    try:
        import pyarrow.parquet as pq
    except ImportError:
        sys.exit("reading Parquet needs pyarrow: pip install pyarrow, or generate with --format jsonl")
    table = pq.read_table(parts, columns=list(COLUMNS))
    return {name: np.concatenate([
        (chunk.flatten() if chunk.type.num_fields else chunk).to_numpy().reshape(len(chunk), -1)
        for chunk in table[name].chunks]) for name in COLUMNS}


def valid_bands(line):
    """bool [64]: the bands below half of the source's rate and, where it is known, its bandwidth. Above these
    the recording has no content, so a level there says nothing about the sound."""
    edges_hz = 10 ** (1.15 + 0.05 * np.arange(65))  # docs/MEASURES.md, section 3
    bandwidth_hz = (line.get("source_quality") or {}).get("bandwidth_hz") or np.inf
    return (edges_hz[:-1] < line["window"]["rate_hz"] / 2) & (edges_hz[1:] <= bandwidth_hz)


def load(folder, split, cap_db):
    """All rows of a split; a million of them take 4.4 GB of memory."""
    parts = sorted(path for path in (folder / "data").glob(f"{split}-*") if path.suffix in (".parquet", ".jsonl"))
    if not parts:
        sys.exit(f"'{folder}' has no files of the split '{split}' in data/")
    columns = read_columns(parts)
    # Rows of one recording share their targets, so they have to be on one side of a split. Line i of
    # the provenance names the recording of row i.
    lines = read_json_lines(folder / "provenance" / (part.stem + ".jsonl") for part in parts)
    ltas, purity = columns["target_ltas"], columns["input_purity"].reshape(-1, 1)
    valid = np.array([valid_bands(line) for line in lines]).reshape(-1, 64) & (ltas > -120)
    clean = purity >= cap_db
    return Rows(columns["fused_state"],
                {"target_ltas": np.where(valid, ltas, np.nan).astype(np.float32),
                 "target_lufs": columns["target_lufs"].reshape(-1, 1), "target_dyn": columns["target_dyn"],
                 "clean": clean.astype(np.float32), "purity": np.where(clean, np.nan, purity).astype(np.float32)},
                [line["source"] for line in lines], [line["chain"] for line in lines])


def purity_cap(metadata):
    """The value of clean rows; sets of version 0.1 do not name theirs."""
    return float(metadata["settings"].get("purity_cap", 60.0))


def hash_order(clips):
    """The clips in an order that neither --seed nor --variants changes."""
    return sorted(set(clips), key=lambda clip: hashlib.sha256(clip.encode()).digest())


def split_by_clip(rows, share):
    """Splits off a share of the clips: (the rest, the share)."""
    clips = hash_order(rows.clips)
    n = max(1, round(share * len(clips)))
    if n >= len(clips):
        sys.exit(f"{n} of {len(clips)} recordings would be held out, and none would be left to train on")
    return rows.select(set(clips[n:])), rows.select(set(clips[:n]))


def load_splits(folder, metadata, share):
    """The rows for training, for choosing the best epoch, and for the final error."""
    cap_db = purity_cap(metadata)
    splits = [name for name, split in metadata["splits"].items() if split["rows"] > 0]
    val_rows = test_rows = None
    if len(splits) == 1:
        train_rows = load(folder, splits[0], cap_db)
    elif "train" in splits and ("validation" in splits or "test" in splits):
        train_rows = load(folder, "train", cap_db)
        val_rows, test_rows = (load(folder, name, cap_db) if name in splits else None
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


# -- ridge regression

class Ridge:
    """Linear regression of all targets with an L2 penalty for each, which cross-validation over groups of
    recordings chooses. Undefined numbers count as the mean of their column."""

    PENALTIES = 10.0 ** np.arange(0, 6)

    def __init__(self, rows, columns=slice(0, N_INPUTS), n_folds=5):
        self.columns = columns
        x, y = rows.x[:, columns].astype(np.float64), self.stack(rows.y)
        fold_of = {clip: i % n_folds for i, clip in enumerate(hash_order(rows.clips))}
        folds = np.array([fold_of[clip] for clip in rows.clips])
        errors = np.zeros((len(self.PENALTIES), y.shape[1]))
        for fold in set(folds) if len(set(folds)) > 1 else ():
            path, others = self.solve(x[folds != fold], y[folds != fold]), folds == fold
            for i, penalty in enumerate(self.PENALTIES):
                errors[i] += np.nansum((self.apply(path(penalty), x[others]) - y[others]) ** 2, axis=0)
        path, widths = self.solve(x, y), np.cumsum([0, *TARGETS.values()])
        solutions = {}
        self.weights = None
        for name, a, b in zip(TARGETS, widths, widths[1:]):
            best = self.PENALTIES[errors[:, a:b].sum(1).argmin()]
            solutions[best] = solutions.get(best) or path(best)
            if self.weights is None:
                self.weights = [part.copy() for part in solutions[best]]
            for mine, theirs in zip(self.weights, solutions[best]):
                mine[..., a:b] = theirs[..., a:b]

    @staticmethod
    def stack(y):
        return np.concatenate([y[name] for name in TARGETS], axis=1).astype(np.float64)

    @staticmethod
    def solve(x, y):
        """A function of the penalty that gives (weights [inputs, outputs], offset [outputs]). Uses the smaller of
        the two Gram matrices."""
        x_mean = x.mean(0)
        x_std = np.maximum(x.std(0), 1e-6)
        z = (x - x_mean) / x_std
        counts = np.maximum((~np.isnan(y)).sum(0), 1)
        y_mean = np.nansum(y, axis=0) / counts
        centred = np.nan_to_num(y - y_mean)
        wide = len(z) < z.shape[1]
        values, vectors = np.linalg.eigh(z @ z.T if wide else z.T @ z)
        right = vectors.T @ (centred if wide else z.T @ centred)

        def at(penalty):
            w = vectors @ (right / (np.maximum(values, 0) + penalty)[:, None])
            w = (z.T @ w if wide else w) / x_std[:, None]
            return w, y_mean - x_mean @ w
        return at

    @staticmethod
    def apply(solution, x):
        return x @ solution[0] + solution[1]

    def predict(self, x):
        """{target: [n, numbers]}; "clean" is a score that grows with the probability."""
        out = self.apply(self.weights, x[:, self.columns].astype(np.float64))
        return dict(zip(TARGETS, np.split(out, np.cumsum(list(TARGETS.values()))[:-1], axis=1)))


# -- head

if torch:
    class Head(nn.Module):
        """fused_state [n, 1024] to {target: [n, numbers]} in the units of the data set; "clean" is a logit.

        Each target has a perceptron of its own, so that each can stop at its own epoch. It begins as zero, so
        that the head begins as the ridge regression.
        """

        def __init__(self, hidden=128, dropout=0.3):
            super().__init__()
            self.linear = nn.Linear(N_INPUTS, sum(TARGETS.values()))
            self.blocks = nn.ModuleDict({name: nn.Sequential(
                nn.Dropout(dropout), nn.Linear(N_INPUTS, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, n))
                for name, n in TARGETS.items()})
            for block in self.blocks.values():
                nn.init.zeros_(block[-1].weight)
                nn.init.zeros_(block[-1].bias)
            # Means and deviations are saved with the weights.
            for name, n in {"x": N_INPUTS, **TARGETS}.items():
                self.register_buffer(name + "_mean", torch.zeros(n))
                self.register_buffer(name + "_std", torch.ones(n))

        def start(self, rows, ridge):
            """Takes means and deviations from the training rows, and the weights of the regression, which is not
            trained further."""
            for name, values in {"x": rows.x, **rows.y}.items():
                known = ~np.isnan(values)
                counts = np.maximum(known.sum(0), 1)
                mean = np.where(known, values, 0).sum(0, dtype=np.float64) / counts
                std = np.sqrt(np.square(np.where(known, values - mean, 0), dtype=np.float64).sum(0) / counts)
                getattr(self, name + "_mean").copy_(torch.from_numpy(mean))
                getattr(self, name + "_std").copy_(torch.from_numpy(np.where(std > 1e-6, std, 1.0)))
            weights, offset = (torch.from_numpy(part).float() for part in ridge.weights)
            with torch.no_grad():
                self.linear.weight.copy_(weights.T)
                self.linear.bias.copy_(offset)
            self.linear.requires_grad_(False)

        def forward(self, fused_state):
            base = self.linear(fused_state).split(list(TARGETS.values()), dim=1)
            z = (fused_state - self.x_mean) / self.x_std
            out = {}
            for (name, block), linear in zip(self.blocks.items(), base):
                if name == "clean":  # the regression of 0 and 1 as a logit
                    p = self.clean_mean.clamp(0.01, 0.99)
                    out[name] = (p / (1 - p)).log() + 5 * (linear - p) + block(z)
                else:
                    out[name] = linear + block(z) * getattr(self, name + "_std")
            return out

        def losses(self, x, y):
            """{target: loss}: the mean squared error in standard deviations, or the cross entropy of "clean"."""
            losses = {}
            for name, prediction in self(x).items():
                if name == "clean":
                    losses[name] = nn.functional.binary_cross_entropy_with_logits(prediction, y[name])
                    continue
                known = ~y[name].isnan()
                error = torch.where(known, prediction - y[name], 0.0) / getattr(self, name + "_std")
                losses[name] = error.square().sum() / known.sum().clamp(min=1)
            return losses


def to_tensors(rows, device):
    return (torch.from_numpy(np.ascontiguousarray(rows.x)).to(device),
            {name: torch.from_numpy(np.ascontiguousarray(values)).to(device) for name, values in rows.y.items()})


def print_progress(epoch, epochs, text):
    """On a terminal one line that is updated, elsewhere about ten lines."""
    last = epoch == epochs
    if sys.stdout.isatty():
        print(f"\r{text}\033[K", end="\n" if last else "", flush=True)
    elif last or epoch % max(1, epochs // 10) == 0:
        print(text, flush=True)


def train(head, rows, others, epochs=60, batch=256, rate=1e-3, decay=0.1, seed=0, progress=print_progress,
          tracker=None):
    """Trains, and gives each target the weights of its epoch of lowest loss on the other rows. Epoch 0 is the
    regression alone. Returns [(epoch, {target: loss}, {target: loss on the other rows})]."""
    device = head.x_mean.device
    (x, y), (other_x, other_y) = to_tensors(rows, device), to_tensors(others, device)
    optimizer = torch.optim.AdamW(head.blocks.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, epochs))
    order = torch.Generator().manual_seed(seed)
    best, states, history = {}, {}, []
    for epoch in range(epochs + 1):
        means = dict.fromkeys(TARGETS, 0.0)
        head.train()
        for some in torch.randperm(len(rows), generator=order).to(device).split(batch) if epoch else ():
            losses = head.losses(x[some], {name: values[some] for name, values in y.items()})
            optimizer.zero_grad()
            sum(losses.values()).backward()
            optimizer.step()
            for name, loss in losses.items():
                means[name] += loss.item() * len(some) / len(rows)
        head.eval()
        with torch.no_grad():
            if not epoch:
                means = {name: loss.item() for name, loss in head.losses(x, y).items()}
            val_losses = {name: loss.item() for name, loss in head.losses(other_x, other_y).items()}
        for name, loss in val_losses.items():
            if epoch == 0 or loss < best[name][0]:
                best[name] = loss, epoch
                states[name] = {key: value.clone() for key, value in head.blocks[name].state_dict().items()}
        history.append((epoch, means, val_losses))
        if tracker:
            tracker(epoch, means, val_losses)
        if epoch:
            schedule.step()
            progress(epoch, epochs, f"epoch {epoch}/{epochs}: loss {sum(means.values()):.3f}, validation "
                     f"{sum(val_losses.values()):.3f}, best epochs "
                     + " ".join(str(best[name][1]) for name in TARGETS))
    if not all(np.isfinite(loss) for loss, _ in best.values()):
        sys.exit("the loss is not finite: use a smaller --rate")
    for name, state in states.items():
        head.blocks[name].load_state_dict(state)
    return history


def predict(head, x):
    """{target: [n, numbers]} of NumPy arrays, as Ridge.predict."""
    head.eval()
    with torch.no_grad():
        out = head(torch.from_numpy(np.ascontiguousarray(x)).to(head.x_mean.device))
    return {name: values.cpu().double().numpy() for name, values in out.items()}


def open_tracker(name, folder):
    """A function of (epoch, losses, validation losses) that logs to TensorBoard or Weights & Biases, or None."""
    def flat(means, val_losses):
        return {**{f"train/{key}": value for key, value in means.items()},
                **{f"validation/{key}": value for key, value in val_losses.items()}}
    try:
        if name == "wandb":
            import wandb
            run = wandb.init(project="patina-head", dir=str(folder.parent))
            return lambda epoch, *losses: run.log(flat(*losses), step=epoch)
        if name in ("tensorboard", "auto"):
            from torch.utils.tensorboard import SummaryWriter
            writer = SummaryWriter(str(folder))
            return lambda epoch, *losses: [writer.add_scalar(key, value, epoch) for key, value in flat(*losses).items()]
    except ImportError:
        if name != "auto":
            sys.exit(f"--tracker {name}: the package is not installed")
    return None


# -- evaluation

def auc(score, label):
    """Area under the ROC curve: the probability that a clean row has a higher score than a damaged one."""
    clean, damaged = score[label > 0.5], score[label <= 0.5]
    if not len(clean) or not len(damaged):
        return float("nan")
    order = np.sort(damaged)
    below, upto = (np.searchsorted(order, clean, side) for side in ("left", "right"))
    return float((below + upto).mean() / 2 / len(damaged))


def r_squared(prediction, truth, train_truth):
    """R2 against the mean of the training rows; of several numbers, the mean over them."""
    values = []
    for i in range(truth.shape[1]):
        known = ~np.isnan(truth[:, i])
        trained = train_truth[:, i][~np.isnan(train_truth[:, i])]
        total = ((truth[known, i] - trained.mean()) ** 2).sum() if len(trained) else 0
        if known.sum() > 1 and total > 0:
            values.append(1 - ((prediction[known, i] - truth[known, i]) ** 2).sum() / total)
    return float(np.mean(values)) if values else float("nan")


def evaluate(predictions, rows, train_rows):
    """Metrics of held-out rows: [{name, unit, rows, recordings, error_of_constant, and for each predictor its error
    and r2}]. predictions is {predictor: {target: [n, numbers]}}. "clean or not" has the AUC as its r2."""
    lines = []
    for name, target, numbers, unit in METRICS:
        truth, trained = rows.y[target][:, numbers].astype(np.float64), train_rows.y[target][:, numbers]
        some = ~np.isnan(truth).all(1)
        line = {"name": name, "unit": unit, "rows": int(some.sum()),
                "recordings": len({clip for clip, known in zip(rows.clips, some) if known})}
        if target != "clean":
            enough = ~np.isnan(trained).all(0)
            median = np.nanmedian(np.where(enough, trained, 0), axis=0)
            line["error_of_constant"] = float(np.nanmean(np.abs(truth - median)[:, enough])) if some.any() else np.nan
        for predictor, values in predictions.items():
            values = values[target][:, numbers]
            if target == "clean":
                line[predictor] = {"r2": auc(values[:, 0], truth[:, 0])}
            else:
                line[predictor] = {"error": float(np.nanmean(np.abs(values - truth))) if some.any() else np.nan,
                                   "r2": r_squared(values, truth, trained)}
        lines.append(line)
    return lines


def print_table(lines, predictors):
    print(f"\n{'held-out recordings':20}{'rows':>6}{'error':>9}{'constant':>10}{'':5}"
          + "".join(f"{'R2 ' + name:>13}" for name in predictors))
    for line in lines:
        last = line[predictors[-1]]
        errors = (f"{last['error']:9.3g}{line['error_of_constant']:10.3g}" if "error" in last else " " * 19)
        print(f"{line['name']:20}{line['rows']:6}{errors} {line['unit']:4}"
              + "".join(f"{line[name]['r2']:13.2f}" for name in predictors))


def errors_by_effect(predictions, rows):
    """[{effect, strength, rows, and the mean absolute error of each target}]: of the rows with an effect, and of the
    thirds of these rows by its strength."""
    groups = [("any", "", np.ones(len(rows), bool)), ("none", "", np.array([not chain for chain in rows.chains]))]
    for effect, strength in STRENGTH.items():
        values = np.array([max((strength(fx) for fx in chain if fx["fx"] == effect), default=np.nan)
                           for chain in rows.chains], float)
        on = ~np.isnan(values)
        if on.any():
            groups.append((effect, "any", on))
            low, high = np.nanquantile(values, [1 / 3, 2 / 3])
            groups += [(effect, "light", values < low), (effect, "medium", (values >= low) & (values < high)),
                       (effect, "heavy", values >= high)]
    table = []
    for effect, strength, some in groups:
        line = {"effect": effect, "strength": strength, "rows": int(some.sum())}
        for name, target, numbers, _ in METRICS:
            error = np.abs(predictions[target] - rows.y[target])[some][:, numbers]
            if target != "clean":
                line[name] = None if np.isnan(error).all() else float(np.nanmean(error))
        table.append(line)
    return table


def print_errors(table):
    names = [name for name, target, _, _ in METRICS if target != "clean"]
    print(f"\n{'error by effect':20}{'rows':>6}" + "".join(f"{name:>19}" for name in names))
    for line in table:
        if line["rows"]:
            print(f"{line['effect'] + ' ' + line['strength']:20}{line['rows']:6}"
                  + "".join(f"{'-':>19}" if line[name] is None else f"{line[name]:19.3g}" for name in names))


def write_metrics(path, metrics):
    """JSON with everything, and the table as CSV."""
    path.with_suffix(".json").write_text(json.dumps(metrics, indent=2) + "\n", "utf-8")
    with open(path.with_suffix(".csv"), "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["target", "unit", "rows", "recordings", "predictor", "error", "error_of_constant", "r2_or_auc"])
        for line in metrics["targets"]:
            for predictor in metrics["predictors"]:
                out.writerow([line["name"], line["unit"], line["rows"], line["recordings"], predictor,
                              line[predictor].get("error"), line.get("error_of_constant"), line[predictor]["r2"]])


def plot(path, rows, predictions, metrics, history):
    """Predicted against true values, the error of each band, and the losses."""
    try:
        import matplotlib
        matplotlib.use("Agg")  # draws to files, needs no display
        import matplotlib.pyplot as plt
    except ImportError:
        return print("matplotlib is not installed: no plot")
    figure, axes = plt.subplots(2, 4, figsize=(17, 8), layout="constrained")
    panels = iter(axes.flat)
    last = metrics["predictors"][-1]
    for line, (name, target, numbers, unit) in zip(metrics["targets"], METRICS):
        axis, truth, guess = next(panels), rows.y[target][:, numbers], predictions[target][:, numbers]
        counts = f"{line['rows']} rows of {line['recordings']} recordings"
        title = f"{name}: {'AUC' if target == 'clean' else 'R2'} {line[last]['r2']:.2f}\n{counts}"
        if target == "target_ltas":
            middle_hz = 10 ** (1.175 + 0.05 * np.arange(64))
            known = ~np.isnan(truth).all(0)
            axis.semilogx(middle_hz[known], np.nanmean(np.abs(guess - truth)[:, known], axis=0))
            axis.set(title=title, xlabel="frequency, Hz", ylabel="mean error, dB", ylim=(0, None))
        elif target == "clean":
            for label, some in (("clean", truth > 0.5), ("damaged", truth <= 0.5)):
                if some.any():
                    axis.hist(guess[some], bins=20, density=True, alpha=0.5, label=f"{label}, {some.sum()} rows")
            axis.set(title=title, xlabel="score", ylabel="density")
            axis.legend()
        elif np.isfinite(truth).any():
            ends = [np.nanmin([truth, guess]), np.nanmax([truth, guess])]
            axis.plot(ends, ends, color="grey", linewidth=1)
            axis.plot(truth, guess, ".", alpha=0.3)
            axis.set(title=title, xlabel=f"true, {unit}".rstrip(", "), ylabel="predicted")
    axis = next(panels)
    for i, name in enumerate(TARGETS if history else ()):
        axis.plot([epoch for epoch, _, _ in history], [val[name] for _, _, val in history], color=f"C{i}", label=name)
        axis.plot([epoch for epoch, _, _ in history], [mean[name] for _, mean, _ in history], ":", color=f"C{i}")
    if history:
        axis.set(title="loss: validation, dotted training", xlabel="epoch")
        axis.legend()
    axis = next(panels)
    names = [line["name"] for line in metrics["targets"]]
    for i, predictor in enumerate(metrics["predictors"]):
        axis.barh(np.arange(len(names)) + 0.2 * i, [max(0, line[predictor]["r2"]) for line in metrics["targets"]],
                  0.2, label=predictor)
    axis.set(title="R2 or AUC", xlim=(0, 1), yticks=np.arange(len(names)) + 0.3, yticklabels=names)
    axis.invert_yaxis()
    axis.legend()
    figure.savefig(path)
    print(f"plot: {path}")


def parse_arguments():
    options = argparse.ArgumentParser(
        description="Trains a head on a data set of 'patina generate', and prints its error on held-out recordings.")
    add = options.add_argument
    add("folder", type=Path, metavar="SET", help="a folder that 'patina generate --out' wrote")
    add("--out", type=Path, default=Path("head.pt"), metavar="FILE",
        help="weights; metrics and plot are written beside them (default: %(default)s)")
    add("--held-out", type=float, default=0.15, metavar="SHARE",
        help="share of the recordings for the final error, and for choosing the epoch, if the set was "
             "generated without --split (default: %(default)s)")
    add("--hidden", type=int, default=128, metavar="N", help="width (default: %(default)s)")
    add("--dropout", type=float, default=0.3, metavar="P", help="(default: %(default)s)")
    add("--epochs", type=int, default=60, metavar="N", help="0: ridge regression only (default: %(default)s)")
    add("--batch", type=int, default=256, metavar="N", help="rows (default: %(default)s)")
    add("--rate", type=float, default=1e-3, metavar="R", help="learning rate (default: %(default)s)")
    add("--decay", type=float, default=0.1, metavar="D", help="weight decay (default: %(default)s)")
    add("--seed", type=int, default=0, metavar="N", help="(default: %(default)s)")
    add("--device", default="cpu", help="for example cuda (default: %(default)s)")
    add("--tracker", choices=("auto", "tensorboard", "wandb", "none"), default="auto",
        help="where losses are logged too; auto: TensorBoard if it is installed (default: %(default)s)")
    add("--brief", action="store_true", help="do not print the errors by effect, which are in the metrics")
    return options.parse_args()


def main():
    options = parse_arguments()
    try:
        metadata = json.loads((options.folder / "dataset.json").read_text("utf-8"))
    except FileNotFoundError:
        sys.exit(f"'{options.folder}' is not a finished data set: it has no dataset.json (after a "
                 "run with --shard, 'patina finish' writes it)")
    train_rows, val_rows, test_rows = load_splits(options.folder, metadata, options.held_out)
    n_held_out = len(set(test_rows.clips))
    print(f"{len(train_rows)} rows of {len(set(train_rows.clips))} recordings for training, {len(val_rows)} of "
          f"{len(set(val_rows.clips))} for validation, {len(test_rows)} of {n_held_out} held out")
    if metadata["model"]["untrained"]:
        print("NOTE: the encoder of this set is UNTRAINED; its embeddings have no meaning")
    if n_held_out < FEW:
        print(f"WARNING: only {n_held_out} recordings are held out; the metrics depend on their choice")

    ridges = {name: Ridge(train_rows, columns) for name, columns in INPUTS.items()}
    predictions = {name: ridge.predict(test_rows.x) for name, ridge in ridges.items()}
    history = []
    if torch is None:
        print("PyTorch is not installed: ridge regression only")
    elif options.epochs > 0:
        torch.manual_seed(options.seed)
        head = Head(options.hidden, options.dropout).to(options.device)
        head.start(train_rows, ridges["both"])
        history = train(head, train_rows, val_rows, options.epochs, options.batch, options.rate, options.decay,
                        options.seed, tracker=open_tracker(options.tracker, options.out.with_suffix("")))
        predictions["head"] = predict(head, test_rows.x)

    predictors = list(predictions)
    lines, errors = evaluate(predictions, test_rows, train_rows), errors_by_effect(predictions[predictors[-1]], test_rows)
    print_table(lines, predictors)
    if not options.brief:
        print_errors(errors)
    metrics = {"set": str(options.folder), "model_hash": metadata["model_hash"], "purity_cap_db": purity_cap(metadata),
               "recordings": {"train": len(set(train_rows.clips)), "validation": len(set(val_rows.clips)),
                              "held_out": n_held_out},
               "predictors": predictors, "targets": lines, "errors_by_effect": errors}
    print()
    write_metrics(options.out, metrics)
    print(f"metrics: {options.out.with_suffix('.json')}, {options.out.with_suffix('.csv')}")
    if history:
        losses = options.out.with_name(options.out.stem + "-losses.csv")
        with open(losses, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["epoch", *(f"{part}_{name}" for part in ("train", "validation") for name in TARGETS)])
            out.writerows([epoch, *means.values(), *val_losses.values()] for epoch, means, val_losses in history)
        # A head fits only the encoder of its training data, so its hash is saved with it.
        torch.save({"hidden": options.hidden, "state": head.cpu().state_dict(), "purity_cap_db": purity_cap(metadata),
                    "model_hash": metadata["model_hash"],
                    "weights_sha256": metadata["model"]["weights_sha256"]}, options.out)
        print(f"losses: {losses}\nweights: {options.out}")
    plot(options.out.with_suffix(".png"), test_rows, predictions[predictors[-1]], metrics, history)


if __name__ == "__main__":
    main()
