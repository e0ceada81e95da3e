#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains the small CLAP model of the demo, examples/demo/model.

    pip install . torch transformers
    OMP_NUM_THREADS=1 python tools/train_demo_clap.py --out examples/demo/model

1. Sounds: demo_sounds.py makes them, with captions from their parameters; the CC0 clips of examples/demo are
   added at random speeds. Patina measures each, and degrades copies with the default configuration.
2. Training: a ClapModel of transformers, from random weights. A contrastive loss on pairs of caption and
   degraded audio, and a linear layer on the audio embedding that predicts the targets of the pristine sound,
   purity, and statistics of the log-mel features. The layer is not part of the model. Adding a constant to
   log-mel features is a change of level, so every step draws one and moves the targets with it. Then the audio
   projection alone is trained further, on stored outputs of the tower.
3. The folder in Hugging Face layout. The tokenizer is the one of tests/golden/clap/mini, made from this project's own text.

Features stay in --work (1 MB for 4 rows) and are reused. The same seed gives the same sounds everywhere, and
the same weights on the same machine and versions. training.csv beside the features has the losses.
"""

import argparse
import csv
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch are imported
import numpy as np  # noqa: E402

from demo_sounds import make_sound  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
SHARD = 200       # sounds in a file of features
N_VARIANTS = 2    # degraded copies of a sound
WINDOW = 480000   # samples of the encoder's input
PURITY_CAP = 50.0

WORDS = {"comb": ("hollow", "echoing", "metallic"), "mud": ("muffled", "boomy", "dull"),
         "sibilance": ("harsh", "piercing", "sharp"), "noise": ("noisy", "hissing"),
         "clip": ("distorted", "clipped", "overdriven"), "pops": ("clicking", "with pops", "crackling")}

CONFIG = {
    "text_config": {"vocab_size": 2401, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                    "intermediate_size": 256, "max_position_embeddings": 514, "pad_token_id": 1,
                    "bos_token_id": 0, "eos_token_id": 2},
    # Patches of 16 mel bins by 16 frames, and two merges: a token of the last stage covers all 64 bins, so that the
    # network finds absolute frequencies without learning positions. That, and the few tokens, make it fast to train.
    "audio_config": {"patch_embeds_hidden_size": 64, "depths": [1, 1, 1], "num_attention_heads": [2, 4, 8],
                     "num_hidden_layers": 3, "hidden_size": 256, "patch_size": 16, "patch_stride": [16, 16],
                     "window_size": 4, "enable_fusion": False, "drop_path_rate": 0.0},
    "projection_dim": 512,
}


# -- features

def mel_bank():
    """[513, 64], Slaney scale and area, 50 to 14000 Hz (docs/MODEL.md)."""
    def to_mel(hz):
        return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1) / 1000) / np.log(6.4))
    mels = np.linspace(to_mel(np.float64(50)), to_mel(np.float64(14000)), 66)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(np.log(6.4) * (mels - 15) / 27))
    hz = np.arange(513)[:, None] * 24000 / 512
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0, np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle))) * 2 / (high - low)


BANK = mel_bank()


def log_mel(samples):
    """float16 [1001, 64]: the input of the audio tower, in dB."""
    x = np.zeros(WINDOW)
    samples = samples[:WINDOW]
    copies = WINDOW // len(samples)
    x[:copies * len(samples)] = np.tile(samples, copies)
    x = np.pad(x, 512, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(x, 1024)[::480]
    power = np.abs(np.fft.rfft(frames * np.hanning(1025)[:-1])) ** 2
    return (10 * np.log10(np.maximum(power @ BANK, 1e-10))).astype(np.float16)


def demo_clips():
    """The clips of examples/demo, decoded: [(samples, caption)]."""
    import patina
    folder, clips = ROOT / "examples/demo", []
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        captions = entry["caption"] if isinstance(entry["caption"], list) else [entry["caption"]]
        clean = patina.degrade(str(folder / entry["audio"]), suite={"clean": 1})
        clips.append((clean.samples, captions[0]))
    return clips


def pick_sound(seed, index, clips):
    """Every eighth sound is a clip of examples/demo at another speed, or a mixture of two."""
    if index % 8 != 7:
        return make_sound(seed, index)
    rng = np.random.default_rng([seed, index, 1])
    x, caption = clips[rng.integers(len(clips))]
    speed = np.exp(rng.uniform(-0.5, 0.5))
    x = np.interp(np.arange(0, len(x) - 1, speed), np.arange(len(x)), x)[:WINDOW]
    if rng.random() < 0.3:
        other, more = clips[rng.integers(len(clips))]
        n = max(len(x), min(len(other), WINDOW))
        x = np.pad(x, (0, n - len(x))) + np.pad(other[:n], (0, n - len(other[:n]))) * rng.uniform(0.1, 1)
        caption = f"{caption} and {more[0].lower()}{more[1:]}"
    x = np.pad(x, (0, max(0, 24000 - len(x))))
    return (x / np.abs(x).max() * 10 ** (-rng.exponential(8) / 20)).astype(np.float32), caption


def make_shard(path, seed, first, clips):
    import patina
    rows = {name: [] for name in ("mel", "ltas", "lufs", "crest", "zcr", "purity", "sound")}
    captions = []
    for index in range(first, first + SHARD):
        samples, caption = pick_sound(seed, index, clips)
        try:
            targets = patina.measure(samples, 48000)
        except patina.Error:
            continue  # silent
        for variant in range(N_VARIANTS):
            copy = patina.degrade(samples, 48000, seed=seed, entry=f"{index}", variant=variant)
            rows["mel"].append(log_mel(copy.samples))
            for name, value in (("ltas", targets.ltas), ("lufs", targets.lufs), ("crest", targets.crest_db),
                                ("zcr", targets.zcr), ("purity", copy.purity_db), ("sound", index)):
                rows[name].append(value)
            rng = np.random.default_rng([seed, index, 2, variant])
            damage = [rng.choice(WORDS[stage["fx"]]) for stage in copy.recipe["chain"]]
            captions.append([caption, f"{caption}, {', '.join(damage) or 'clean'}"])
    rows = {name: np.array(values, np.float16 if name == "mel" else np.float32) for name, values in rows.items()}
    temporary = path.with_suffix(".tmp.npz")
    np.savez(temporary, captions=np.array(captions), **rows)
    temporary.rename(path)


def make_features(options):
    options.work.mkdir(parents=True, exist_ok=True)
    clips = None
    for first in range(0, options.sounds, SHARD):
        path = options.work / f"features-{options.seed}-{first:06}.npz"
        if not path.exists():
            clips = clips or demo_clips()
            start = time.time()
            make_shard(path, options.seed, first, clips)
            print(f"{path.name}: {time.time() - start:.0f} s", flush=True)


def load_features(options):
    paths = [options.work / f"features-{options.seed}-{first:06}.npz" for first in range(0, options.sounds, SHARD)]
    pieces = [np.load(path) for path in paths]
    rows = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0].files}
    rows["mean"] = np.stack([mel.astype(np.float32).mean(0) for mel in rows["mel"]])
    rows["std"] = np.stack([mel.astype(np.float32).std(0) for mel in rows["mel"]])
    rows["low"] = np.stack([np.partition(mel, 100, axis=0)[100].astype(np.float32) for mel in rows["mel"]])
    return rows


# -- tokenizer and folder

def tokenizer_files():
    return ROOT / "tests/golden/clap/mini"


def write_folder(model, folder):
    import shutil
    model.half().save_pretrained(folder)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
                 "preprocessor_config.json"):
        shutil.copyfile(tokenizer_files() / name, folder / name)
    model.float()
    print(f"{folder}: {(folder / 'model.safetensors').stat().st_size} bytes", flush=True)


def tokenize(captions):
    """int64 [n, length], padded with 1."""
    from tokenizers import ByteLevelBPETokenizer
    folder = tokenizer_files()
    tokenizer = ByteLevelBPETokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    ids = [[0, *encoded.ids[:30], 2] for encoded in tokenizer.encode_batch(list(captions))]
    width = max(map(len, ids))
    return np.array([row + [1] * (width - len(row)) for row in ids])


# -- training

# name: (numbers, moves with the level, weight of its loss)
AUXILIARY = {"lufs": (1, True, 1.0), "ltas": (64, True, 1.5), "crest": (1, False, 0.7), "zcr": (1, False, 0.7),
             "purity": (1, False, 1.0), "mean": (64, True, 0.5), "std": (64, False, 0.5), "low": (64, True, 0.5)}


class Goals:
    """Truth of the auxiliary predictions in deviations, and the loss of a batch."""

    def __init__(self, rows):
        n_rows = len(rows["lufs"])
        self.clean = (rows["purity"] >= PURITY_CAP).astype(np.float32)
        self.truth, self.known, self.mean, self.std = {}, {}, {}, {}
        for name, (width, _, _) in AUXILIARY.items():
            values = rows[name].reshape(n_rows, width).astype(np.float32)
            known = values > -119.5 if name == "ltas" else np.ones_like(values, bool)
            if name == "purity":
                known &= self.clean[:, None] == 0
            counts = np.maximum(known.sum(0), 1)
            mean = np.where(known, values, 0).sum(0) / counts
            std = np.sqrt(np.square(np.where(known, values - mean, 0), dtype=np.float64).sum(0) / counts)
            self.truth[name], self.known[name] = values, known
            self.mean[name], self.std[name] = mean, np.where(std > 0.01, std, 1)

    def losses(self, some, level_db, out):
        """A list of the losses of AUXILIARY and of clean-or-not. out: [n, numbers]"""
        import torch
        from torch.nn import functional as F
        losses, at = [], 0
        for name, (width, moves, _) in AUXILIARY.items():
            goal = (self.truth[name][some] + (level_db[:, None] if moves else 0) - self.mean[name]) / self.std[name]
            mask = torch.from_numpy(self.known[name][some])
            error = F.huber_loss(out[:, at:at + width], torch.from_numpy(goal.astype(np.float32)), reduction="none",
                                 delta=2.0)
            losses.append((error * mask).sum() / mask.sum().clamp(min=1))
            at += width
        return [*losses, F.binary_cross_entropy_with_logits(out[:, at], torch.from_numpy(self.clean[some]))]


def contrastive_loss(audio, text, ids, scale):
    """Cross entropy of both directions; rows of the same caption are not negatives of each other."""
    import torch
    from torch.nn import functional as F
    same = (ids[:, None] == ids[None]).all(2) & ~torch.eye(len(ids), dtype=torch.bool)
    logits = (audio @ text.T * scale.exp().clamp(max=50)).masked_fill(same, -1e4)
    label = torch.arange(len(ids))
    return (F.cross_entropy(logits, label) + F.cross_entropy(logits.T, label)) / 2


def draw_batch(rng, rows, some):
    """(log-mel features at drawn levels [n, 1, 1001, 64], the levels in dB [n])"""
    import torch
    level_db = np.where(rng.random(len(some)) < 0.7, rng.normal(0, 6, len(some)), 0).astype(np.float32)
    mel = np.maximum(rows["mel"][some].astype(np.float32) + level_db[:, None, None], -100)
    return torch.from_numpy(np.roll(mel, int(rng.integers(1001)), axis=1))[:, None], level_db


class Batches:
    """Shuffled batches of row numbers without end."""

    def __init__(self, rng, numbers, size):
        self.rng, self.numbers, self.size, self.order = rng, numbers, size, numbers[:0]

    def next(self):
        if len(self.order) < self.size:
            self.order = self.rng.permutation(self.numbers)
        some, self.order = self.order[:self.size], self.order[self.size:]
        return some


class Log:
    """Means of the losses since the last line, to the screen and to a CSV."""

    def __init__(self, path, stage):
        self.stage, self.start, self.sums = stage, time.time(), []
        new = not path.exists()
        self.file = open(path, "a", newline="")
        self.out = csv.writer(self.file)
        if new:
            self.out.writerow(["stage", "step", "seconds", "contrastive", *AUXILIARY, "clean"])

    def add(self, step, n_steps, losses, every=50):
        self.sums.append([value.item() for value in losses])
        if step % every and step != n_steps:
            return
        means, seconds, self.sums = np.mean(self.sums, axis=0), time.time() - self.start, []
        self.out.writerow([self.stage, step, round(seconds), *(f"{mean:.4f}" for mean in means)])
        self.file.flush()
        print(f"{self.stage} {step}/{n_steps}, {seconds:.0f} s: contrastive {means[0]:.2f}, " +
              ", ".join(f"{name} {mean:.2f}" for name, mean in zip([*AUXILIARY, "clean"], means[1:])), flush=True)


def weighted(options, losses):
    weights = [options.contrastive, *(weight for _, _, weight in AUXILIARY.values()), 1.0]
    return sum(weight * value for weight, value in zip(weights, losses))


def step_of(optimizer, schedule, loss, parameters):
    import torch
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    schedule.step()


def train_all(options, model, readout, rows, goals, tokens, numbers):
    """Trains the whole model."""
    import torch
    rng = np.random.default_rng(options.seed)
    parameters = [*model.parameters(), *readout.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=options.rate, weight_decay=0.02, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, total_steps=options.steps, pct_start=0.08)
    batches, log = Batches(rng, numbers, options.batch), Log(options.work / "training.csv", "all")
    for step in range(1, options.steps + 1):
        model.train()
        model.audio_model.audio_encoder.batch_norm.eval()  # its statistics are those of the data
        some = batches.next()
        mel, level_db = draw_batch(rng, rows, some)
        ids = tokens[int(rng.random() < 0.5)][some]
        ids = torch.from_numpy(ids[:, :int((ids != 1).sum(1).max())])
        audio = model.get_audio_features(input_features=mel).pooler_output
        text = model.get_text_features(input_ids=ids, attention_mask=(ids != 1).long()).pooler_output
        losses = [contrastive_loss(audio, text, ids, model.logit_scale_a),
                  *goals.losses(some, level_db, readout(audio * 512 ** 0.5))]
        step_of(optimizer, schedule, weighted(options, losses), parameters)
        log.add(step, options.steps, losses)
        if step % options.save_every == 0 or step == options.steps:
            save(options, model, readout)


def refine(options, model, readout, rows, goals, tokens, numbers):
    """Trains the audio projection alone, on the pooled output of the tower at several levels: a step costs a
    twentieth of one of the whole model."""
    import torch
    rng = np.random.default_rng(options.seed + 1)
    model.eval()
    pooled, levels, owners = [], [], []
    with torch.no_grad():
        for _ in range(options.copies):
            for some in np.array_split(np.arange(len(rows["lufs"])), max(1, len(rows["lufs"]) // 64)):
                mel, level_db = draw_batch(rng, rows, some)
                pooled.append(model.audio_model(input_features=mel).pooler_output)
                levels.append(level_db)
                owners.append(some)
        texts = [torch.cat([model.get_text_features(input_ids=part, attention_mask=(part != 1).long()).pooler_output
                            for part in torch.from_numpy(ids).split(256)]) for ids in tokens]
    pooled, levels, owners = torch.cat(pooled), np.concatenate(levels), np.concatenate(owners)
    parameters = [*model.audio_projection.parameters(), *readout.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.refine)
    batches = Batches(rng, np.flatnonzero(np.isin(owners, numbers)), 128)
    others = np.flatnonzero(~np.isin(owners, numbers))
    log = Log(options.work / "training.csv", "projection")

    def losses_of(some):
        kind = int(rng.random() < 0.5)
        audio = torch.nn.functional.normalize(model.audio_projection(pooled[some]), dim=1)
        ids = torch.from_numpy(tokens[kind][owners[some]])
        return [contrastive_loss(audio, texts[kind][owners[some]], ids, model.logit_scale_a.detach()),
                *goals.losses(owners[some], levels[some], readout(audio * 512 ** 0.5))]

    for step in range(1, options.refine + 1):
        losses = losses_of(batches.next())
        step_of(optimizer, schedule, weighted(options, losses), parameters)
        log.add(step, options.refine, losses, 200)
        if len(others) and (step % 200 == 0 or step == options.refine):
            with torch.no_grad():
                values = losses_of(others)
            print("    validation: " + ", ".join(f"{name} {value.item():.2f}" for name, value in
                                                zip(["contrastive", *AUXILIARY, "clean"], values)), flush=True)
    save(options, model, readout)


def save(options, model, readout):
    import torch
    torch.save({"model": model.state_dict(), "readout": readout.state_dict()}, options.work / "state.pt")
    write_folder(model, options.out)


def train(options):
    import torch
    from transformers import ClapConfig, ClapModel
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    rows = load_features(options)
    goals = Goals(rows)
    tokens = [tokenize(rows["captions"][:, kind]) for kind in (0, 1)]
    numbers = np.flatnonzero(rows["sound"] % 20 != 0)  # the other sounds show the error on unseen ones
    model = ClapModel(ClapConfig(text_config=dict(CONFIG["text_config"]), audio_config=dict(CONFIG["audio_config"]),
                                 projection_dim=CONFIG["projection_dim"]))
    norm = model.audio_model.audio_encoder.batch_norm
    norm.running_mean.copy_(torch.from_numpy(rows["mean"].mean(0)))
    norm.running_var.copy_(torch.from_numpy(rows["mean"].var(0) + (rows["std"] ** 2).mean(0)))
    readout = torch.nn.Linear(512, sum(width for width, _, _ in AUXILIARY.values()) + 1)
    print(f"{len(rows['lufs'])} rows, {sum(p.numel() for p in model.parameters())} parameters", flush=True)
    if options.start:
        saved = torch.load(options.start, weights_only=True)
        model.load_state_dict(saved["model"])
        readout.load_state_dict(saved["readout"])
    if options.steps:
        train_all(options, model, readout, rows, goals, tokens, numbers)
    if options.refine:
        refine(options, model, readout, rows, goals, tokens, numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model's folder")
    parser.add_argument("--work", type=Path, default=Path("demo-model-work"), metavar="DIR",
                        help="features, state and log (default: %(default)s)")
    parser.add_argument("--sounds", type=int, default=4000, help="rounded up to 200 (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=3000, help="of the whole model (default: %(default)s)")
    parser.add_argument("--refine", type=int, default=1500, metavar="STEPS",
                        help="of the audio projection alone, afterwards (default: %(default)s)")
    parser.add_argument("--copies", type=int, default=3, help="levels of each row for --refine (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=32, help="rows in a step (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate (default: %(default)s)")
    parser.add_argument("--contrastive", type=float, default=0.3, help="weight of that loss (default: %(default)s)")
    parser.add_argument("--save-every", type=int, default=500, metavar="STEPS", help="(default: %(default)s)")
    parser.add_argument("--start", type=Path, metavar="FILE", help="begin with the weights of a state.pt")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--features-only", action="store_true", help="make the features and stop")
    options = parser.parse_args()
    make_features(options)
    if not options.features_only:
        train(options)


if __name__ == "__main__":
    sys.exit(main())
