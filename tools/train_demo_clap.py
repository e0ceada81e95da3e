#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains the small CLAP model of the demo, examples/demo/model.

    pip install . torch transformers
    OMP_NUM_THREADS=1 python tools/train_demo_clap.py --out examples/demo/model

1. Sounds: demo_sounds.py makes them, with captions from their parameters; parts of the CC0 clips of examples/demo are
   added at random speeds. Patina measures each, and degrades four copies: two with the default configuration, one
   with damage that lowers purity, one without.
2. Training: a ClapModel of transformers, from random weights. A contrastive loss on pairs of caption and
   degraded audio, and a linear layer on the audio embedding that predicts the targets of the pristine sound,
   purity, the effects, and statistics of the log-mel features. The layer is not part of the model. A gain or a filter
   after the damage adds its dB to log-mel features, so every step draws some and moves the targets with them. Then the
   audio projection alone is trained further, on stored outputs of the tower.
3. The folder in Hugging Face layout. The tokenizer is the one of tests/golden/clap/mini, made from this project's own
   text.

Features stay in --work (1 MB for 4 rows) and are reused. training.csv beside them has the losses. The state there is
saved every --save-every steps: after an interruption, --resume continues with the same result.

The same seed gives the same bytes of model.safetensors on the same kind of CPU with the same versions of patina, NumPy
and PyTorch, resumed or not, for any --jobs: training uses one thread. Other CPUs and versions round differently, and
training amplifies that.
"""

import argparse
import csv
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch are imported
import numpy as np  # noqa: E402

from demo_sounds import make_sound, random_equaliser, shape_spectrum  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
SHARD = 50        # sounds in a file of features
WINDOW = 480000   # samples of the encoder's input
PURITY_CAP = 50.0

WORDS = {"comb": ("hollow", "echoing", "metallic"), "mud": ("muffled", "boomy", "dull"),
         "sibilance": ("harsh", "piercing", "sharp"), "noise": ("noisy", "hissing"),
         "clip": ("distorted", "clipped", "overdriven"), "pops": ("clicking", "with pops", "crackling")}

EFFECTS = tuple(WORDS)

# Configurations of the copies of a sound. The first two are what 'patina generate' draws. The others differ from each
# other in damage alone: one or two effects that lower purity, and none.
COPIES = (None, None,
          {"count": {"1": 0.7, "2": 0.3}, "comb": {"probability": 0.05}, "mud": {"probability": 0.05},
           "sibilance": {"probability": 0.05}},
          {"clean": 0.3, "noise": {"probability": 0}, "clip": {"probability": 0}, "pops": {"probability": 0}})

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
    """Every fourth sound is a part of a clip of examples/demo at another speed and with another spectrum, or a
    mixture of two."""
    if index % 4 != 3:
        return make_sound(seed, index)
    rng = np.random.default_rng([seed, index, 1])
    x, caption = clips[rng.integers(len(clips))]
    speed = np.exp(rng.uniform(-0.7, 0.7))
    x = np.interp(np.arange(0, len(x) - 1, speed), np.arange(len(x)), x)[:WINDOW]
    if rng.random() < 0.5:
        length = min(len(x), int(np.exp(rng.uniform(np.log(0.4), np.log(8))) * 48000))
        first = rng.integers(len(x) - length + 1)
        x = x[first:first + length]
    if rng.random() < 0.3:
        other, more = clips[rng.integers(len(clips))]
        n = max(len(x), min(len(other), WINDOW))
        x = np.pad(x, (0, n - len(x))) + np.pad(other[:n], (0, n - len(other[:n]))) * rng.uniform(0.1, 1)
        caption = f"{caption} and {more[0].lower()}{more[1:]}"
    if rng.random() < 0.6:
        x = shape_spectrum(x, random_equaliser(rng))
    x = np.pad(x, (0, max(0, 19200 - len(x))))
    return (x / max(np.abs(x).max(), 1e-9) * 10 ** (-rng.exponential(8) / 20)).astype(np.float32), caption


def make_shard(path, seed, first, clips):
    import patina
    rows = {name: [] for name in ("mel", "ltas", "lufs", "crest", "zcr", "purity", "snr", "sdr", "effects", "sound")}
    captions = []
    for index in range(first, first + SHARD):
        samples, caption = pick_sound(seed, index, clips)
        try:
            targets = patina.measure(samples, 48000)
        except patina.Error:
            continue  # silent
        for variant, suite in enumerate(COPIES):
            copy = patina.degrade(samples, 48000, seed=seed, entry=f"{index}", variant=variant, suite=suite)
            chain = [stage["fx"] for stage in copy.recipe["chain"]]
            rows["mel"].append(log_mel(copy.samples))
            for name, value in (("ltas", targets.ltas), ("lufs", targets.lufs), ("crest", targets.crest_db),
                                ("zcr", targets.zcr), ("purity", copy.purity_db), ("snr", copy.recipe["snr_db"]),
                                ("sdr", copy.recipe["sdr_db"]), ("effects", [name in chain for name in EFFECTS]),
                                ("sound", index)):
                rows[name].append(value)
            rng = np.random.default_rng([seed, index, 2, variant])
            damage = [rng.choice(WORDS[effect]) for effect in chain]
            captions.append([caption, f"{caption}, {', '.join(damage) or 'clean'}"])
    rows = {name: np.array(values, np.float16 if name == "mel" else np.float32) for name, values in rows.items()}
    temporary = path.with_suffix(".tmp.npz")
    np.savez(temporary, captions=np.array(captions), **rows)
    temporary.rename(path)


def feature_path(options, first):
    return options.work / f"features-{options.seed}-{first:06}.npz"


def make_features(options):
    options.work.mkdir(parents=True, exist_ok=True)
    missing = [first for first in range(0, options.sounds, SHARD) if not feature_path(options, first).exists()]
    if missing:
        clips, start = demo_clips(), time.time()
        with ProcessPoolExecutor(options.jobs) as pool:
            made = [pool.submit(make_shard, feature_path(options, first), options.seed, first, clips)
                    for first in missing]
            for n, one in enumerate(made, 1):
                one.result()
                print(f"features: {n} of {len(made)} files, {time.time() - start:.0f} s", flush=True)


def load_features(options):
    pieces = [np.load(feature_path(options, first)) for first in range(0, options.sounds, SHARD)]
    rows = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0].files}
    rows["mean"] = np.stack([mel.astype(np.float32).mean(0) for mel in rows["mel"]])
    rows["std"] = np.stack([mel.astype(np.float32).std(0) for mel in rows["mel"]])
    rows["low"] = np.stack([np.partition(mel, 100, axis=0)[100].astype(np.float32) for mel in rows["mel"]])
    return rows


# -- tokenizer and folder

def tokenizer_files():
    return ROOT / "tests/golden/clap/mini"


def write_folder(model, folder):
    import copy
    import shutil
    copy.deepcopy(model).half().save_pretrained(folder)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
                 "preprocessor_config.json"):
        shutil.copyfile(tokenizer_files() / name, folder / name)
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

# name: (numbers, what of the augmentation moves them, weight of the loss). "unknown": undefined after equalising.
AUXILIARY = {"lufs": (1, "level", 1.0), "ltas": (64, "bands", 2.0), "crest": (1, "unknown", 0.7),
             "zcr": (1, "unknown", 0.7), "purity": (1, None, 1.5), "snr": (1, None, 0.5), "sdr": (1, None, 0.5),
             "mean": (64, "mel", 0.4), "std": (64, None, 0.3), "low": (64, "mel", 0.4)}
YES_OR_NO = {"clean": (1, 1.5), "effects": (len(EFFECTS), 1.0)}  # name: (numbers, weight of the cross entropy)
NAMES = [*AUXILIARY, *YES_OR_NO]
N_OUTPUTS = sum(entry[0] for entry in (*AUXILIARY.values(), *YES_OR_NO.values()))

KNOTS_HZ = np.geomspace(30, 18000, 8)  # of the equaliser
BAND_HZ = 10 ** (1.175 + 0.05 * np.arange(64))
MEL_HZ = (BANK * np.arange(513)[:, None] * 24000 / 512).sum(0) / BANK.sum(0)


class Goals:
    """Truth of the auxiliary predictions in deviations, and the loss of a batch."""

    def __init__(self, rows):
        n_rows = len(rows["lufs"])
        self.yes = {"clean": (rows["purity"] >= PURITY_CAP).astype(np.float32)[:, None], "effects": rows["effects"]}
        self.truth, self.known, self.mean, self.std = {}, {}, {}, {}
        for name, (width, _, _) in AUXILIARY.items():
            values = rows[name].reshape(n_rows, width).astype(np.float32)
            known = np.ones_like(values, bool)
            if name == "ltas":
                known = values > -119.5
            elif name == "purity":
                known &= self.yes["clean"] == 0
            elif name in ("snr", "sdr"):  # 60: no such damage
                known = values < 59.5
            counts = np.maximum(known.sum(0), 1)
            mean = np.where(known, values, 0).sum(0) / counts
            std = np.sqrt(np.square(np.where(known, values - mean, 0), dtype=np.float64).sum(0) / counts)
            self.truth[name], self.known[name] = values, known
            self.mean[name], self.std[name] = mean, np.where(std > 0.01, std, 1)

    def losses(self, some, moves, out):
        """A list of the losses of NAMES. out: [n, N_OUTPUTS]"""
        import torch
        from torch.nn import functional as F
        losses, at = [], 0
        for name, (width, kind, _) in AUXILIARY.items():
            goal = (self.truth[name][some] + moves.get(kind, 0) - self.mean[name]) / self.std[name]
            mask = self.known[name][some]
            if kind == "unknown" or name == "lufs":
                mask = mask & ~moves["equalised"][:, None]
            mask = torch.from_numpy(mask)
            error = F.huber_loss(out[:, at:at + width], torch.from_numpy(goal.astype(np.float32)), reduction="none",
                                 delta=2.0)
            losses.append((error * mask).sum() / mask.sum().clamp(min=1))
            at += width
        for name, (width, _) in YES_OR_NO.items():
            losses.append(F.binary_cross_entropy_with_logits(out[:, at:at + width],
                                                             torch.from_numpy(self.yes[name][some])))
            at += width
        return losses


def contrastive_loss(audio, text, ids, scale):
    """Cross entropy of both directions; rows of the same caption are not negatives of each other."""
    import torch
    from torch.nn import functional as F
    same = (ids[:, None] == ids[None]).all(2) & ~torch.eye(len(ids), dtype=torch.bool)
    logits = (audio @ text.T * scale.exp().clamp(max=50)).masked_fill(same, -1e4)
    label = torch.arange(len(ids))
    return (F.cross_entropy(logits, label) + F.cross_entropy(logits.T, label)) / 2


def draw_batch(rng, rows, some):
    """(log-mel features at drawn levels and with drawn equalisers [n, 1, 1001, 64], what moves the truth). A filter
    after the damage adds its gain in dB to the features and the spectrum, and leaves the damage as it is."""
    import torch
    n = len(some)
    level_db = np.where(rng.random((n, 1)) < 0.7, rng.normal(0, 6, (n, 1)), 0)
    equalised = rng.random(n) < 0.4
    gains_db = rng.normal(0, 4, (n, 8)) + rng.normal(0, 1, (n, 1)) * np.arange(-3.5, 4) * 2
    gains_db = np.where(equalised[:, None], gains_db, 0)
    curves = [np.stack([np.interp(np.log(hz), np.log(KNOTS_HZ), row) for row in gains_db]) + level_db
              for hz in (MEL_HZ, BAND_HZ)]
    mel = np.maximum(rows["mel"][some].astype(np.float32) + curves[0][:, None].astype(np.float32), -100)
    moves = {"level": level_db, "mel": curves[0], "bands": curves[1], "equalised": equalised}
    return torch.from_numpy(np.roll(mel, int(rng.integers(1001)), axis=1))[:, None], moves


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
            self.out.writerow(["stage", "step", "seconds", "contrastive", *NAMES])

    def add(self, step, n_steps, losses, every=50):
        self.sums.append([value.item() for value in losses])
        if step % every == 0 or step == n_steps:
            self.write(self.stage, f"{step}/{n_steps}", step, np.mean(self.sums, axis=0))
            self.sums = []

    def write(self, stage, at, step, means):
        seconds = time.time() - self.start
        self.out.writerow([stage, step, round(seconds), *(f"{mean:.4f}" for mean in means)])
        self.file.flush()
        print(f"{stage} {at}, {seconds:.0f} s: " +
              ", ".join(f"{name} {mean:.2f}" for name, mean in zip(["contrastive", *NAMES], means)), flush=True)


def weighted(options, losses):
    weights = [options.contrastive, *(entry[-1] for entry in (*AUXILIARY.values(), *YES_OR_NO.values()))]
    return sum(weight * value for weight, value in zip(weights, losses))


def step_of(optimizer, loss, parameters):
    import torch
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


def rate_at(options, step):
    """Rises for 100 steps, is constant for 60 % of the steps, and falls to 0 as a cosine."""
    from_step = 0.6 * options.steps
    fall = (1 + np.cos(np.pi * (step - from_step) / (options.steps - from_step))) / 2 if step > from_step else 1.0
    return options.rate * min(1.0, step / 100) * fall


def losses_of(options, model, readout, rows, goals, tokens, rng, some):
    """Losses of the whole model in a batch of rows."""
    import torch
    mel, moves = draw_batch(rng, rows, some)
    ids = tokens[int(rng.random() < 0.5)][some]
    ids = torch.from_numpy(ids[:, :int((ids != 1).sum(1).max())])
    audio = model.get_audio_features(input_features=mel).pooler_output
    text = model.get_text_features(input_ids=ids, attention_mask=(ids != 1).long()).pooler_output
    return [contrastive_loss(audio, text, ids, model.logit_scale_a),
            *goals.losses(some, moves, readout(audio * 512 ** 0.5))]


def train_all(options, model, readout, rows, goals, tokens, numbers):
    """Trains the whole model. With --resume from the state of the last call, with the bits of one call. The rate is
    constant at first, so --steps may then differ from that of the last call."""
    import torch
    rng = np.random.default_rng(options.seed)
    parameters = [value for value in (*model.parameters(), *readout.parameters()) if value.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=options.rate, weight_decay=0.02, betas=(0.9, 0.98))
    batches, log = Batches(rng, numbers, options.batch), Log(options.work / "training.csv", "all")
    others = np.setdiff1d(np.arange(len(rows["lufs"])), numbers)[:320]
    first = 0
    if options.resume:
        saved = torch.load(options.work / "state.pt", weights_only=False)
        model.load_state_dict(saved["model"])
        readout.load_state_dict(saved["readout"])
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["torch_random"])
        rng.bit_generator.state = saved["random"]
        batches.order, first = saved["order"], saved["step"]
    last = min(options.steps, options.stop_after or options.steps)
    for step in range(first + 1, last + 1):
        model.train()
        model.audio_model.audio_encoder.batch_norm.eval()  # its statistics are those of the data
        losses = losses_of(options, model, readout, rows, goals, tokens, rng, batches.next())
        for group in optimizer.param_groups:
            group["lr"] = rate_at(options, step)
        step_of(optimizer, weighted(options, losses), parameters)
        log.add(step, options.steps, losses)
        if step % options.save_every == 0 or step == last:
            save(options, model, readout, {"optimizer": optimizer.state_dict(), "torch_random": torch.get_rng_state(),
                                           "random": rng.bit_generator.state, "order": batches.order, "step": step})
            if len(others):
                validate(options, model, readout, rows, goals, tokens, others, log, step)


def validate(options, model, readout, rows, goals, tokens, others, log, step):
    """Logs the losses of sounds that are not trained on, always with the same augmentation."""
    import torch
    model.eval()
    rng = np.random.default_rng(0)
    with torch.no_grad():
        values = [[value.item() for value in losses_of(options, model, readout, rows, goals, tokens, rng, some)]
                  for some in np.array_split(others, max(1, len(others) // 32))]
    log.write("validation", step, step, np.mean(values, axis=0))


def refine(options, model, readout, rows, goals, tokens, numbers):
    """Trains the audio projection alone, on the pooled output of the tower at several levels: a step costs a
    twentieth of one of the whole model."""
    import torch
    rng = np.random.default_rng(options.seed + 1)
    model.eval()
    pooled, moves, owners = [], [], []
    with torch.no_grad():
        for _ in range(options.copies):
            for some in np.array_split(np.arange(len(rows["lufs"])), max(1, len(rows["lufs"]) // 64)):
                mel, moved = draw_batch(rng, rows, some)
                pooled.append(model.audio_model(input_features=mel).pooler_output)
                moves.append(moved)
                owners.append(some)
        texts = [torch.cat([model.get_text_features(input_ids=part, attention_mask=(part != 1).long()).pooler_output
                            for part in torch.from_numpy(ids).split(256)]) for ids in tokens]
    pooled, owners = torch.cat(pooled), np.concatenate(owners)
    moves = {name: np.concatenate([moved[name] for moved in moves]) for name in moves[0]}
    parameters = [*model.audio_projection.parameters(), *readout.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.refine)
    batches = Batches(rng, np.flatnonzero(np.isin(owners, numbers)), 128)
    others = np.flatnonzero(~np.isin(owners, numbers))
    log = Log(options.work / "training.csv", "projection")

    def losses_of_stored(some):
        kind = int(rng.random() < 0.5)
        audio = torch.nn.functional.normalize(model.audio_projection(pooled[some]), dim=1)
        ids = torch.from_numpy(tokens[kind][owners[some]])
        return [contrastive_loss(audio, texts[kind][owners[some]], ids, model.logit_scale_a.detach()),
                *goals.losses(owners[some], {name: moved[some] for name, moved in moves.items()},
                              readout(audio * 512 ** 0.5))]

    for step in range(1, options.refine + 1):
        losses = losses_of_stored(batches.next())
        step_of(optimizer, weighted(options, losses), parameters)
        schedule.step()
        log.add(step, options.refine, losses, 200)
        if len(others) and (step % 200 == 0 or step == options.refine):
            with torch.no_grad():
                log.write("validation", step, step, [value.item() for value in losses_of_stored(others)])
    write_folder(model, options.out)


def save(options, model, readout, more):
    """The state for --resume and the folder, so that an interrupted training leaves a model."""
    import torch
    temporary = options.work / "state.tmp"
    torch.save({"model": model.state_dict(), "readout": readout.state_dict(), **more}, temporary)
    temporary.replace(options.work / "state.pt")
    write_folder(model, options.out)


def train(options):
    import torch
    from transformers import ClapConfig, ClapModel
    from transformers.utils import logging
    logging.disable_progress_bar()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    rows = load_features(options)
    goals = Goals(rows)
    tokens = [tokenize(rows["captions"][:, kind]) for kind in (0, 1)]
    numbers = np.flatnonzero(rows["sound"] % 20 != 0)  # the other sounds show the error on unseen ones
    model = ClapModel(ClapConfig(text_config=dict(CONFIG["text_config"]), audio_config=dict(CONFIG["audio_config"]),
                                 projection_dim=CONFIG["projection_dim"]))
    norm = model.audio_model.audio_encoder.batch_norm
    norm.running_mean.copy_(torch.from_numpy(rows["mean"].mean(0)))
    norm.running_var.copy_(torch.from_numpy(rows["mean"].var(0) + (rows["std"] ** 2).mean(0)))
    # Without a gradient of the input a step takes 0.6 of the time: the interpolation before it has none to propagate.
    norm.requires_grad_(False)
    readout = torch.nn.Linear(512, N_OUTPUTS)
    print(f"{len(rows['lufs'])} rows, {sum(p.numel() for p in model.parameters())} parameters", flush=True)
    train_all(options, model, readout, rows, goals, tokens, numbers)
    if options.refine and not options.stop_after:
        refine(options, model, readout, rows, goals, tokens, numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model's folder")
    parser.add_argument("--work", type=Path, default=Path("demo-model-work"), metavar="DIR",
                        help="features, state and log (default: %(default)s)")
    parser.add_argument("--sounds", type=int, default=8000, help="rounded up to 50 (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=8000, help="of the whole model (default: %(default)s)")
    parser.add_argument("--refine", type=int, default=1500, metavar="STEPS",
                        help="of the audio projection alone, afterwards (default: %(default)s)")
    parser.add_argument("--copies", type=int, default=3, help="levels of each row for --refine (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=32, help="rows in a step (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate (default: %(default)s)")
    parser.add_argument("--contrastive", type=float, default=0.3, help="weight of that loss (default: %(default)s)")
    parser.add_argument("--save-every", type=int, default=500, metavar="STEPS", help="(default: %(default)s)")
    parser.add_argument("--stop-after", type=int, metavar="STEP", help="stop there, to be continued with --resume")
    parser.add_argument("--resume", action="store_true", help="continue from the state in --work")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes that make features (default: %(default)s)")
    parser.add_argument("--features-only", action="store_true", help="make the features and stop")
    options = parser.parse_args()
    make_features(options)
    if not options.features_only:
        train(options)


if __name__ == "__main__":
    sys.exit(main())
