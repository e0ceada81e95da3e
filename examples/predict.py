#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Predicts the targets of a caption and an audio file with a head of train_head.py.

    python examples/predict.py head.pt "a dog barks" dog.wav --model MODEL

Needs torch and the package patina (pip install .). MODEL is the encoder of the set that the head was trained on.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch

import patina
from train_head import Head, predict


def model_matches(folder, model_hash):
    """Whether weights of this folder made the set; None if the folder does not show it."""
    path = Path(folder) / "model.safetensors"
    if not path.exists() or not model_hash:
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest() == model_hash


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = options.add_argument
    add("head", type=Path, metavar="HEAD.pt", help="weights that train_head.py wrote")
    add("caption", help="description of the sound")
    add("audio", help="audio file; its first 10 s are used")
    add("--model", required=True, help="folder or name of the CLAP model of the training set")
    add("--json", action="store_true", help="print one JSON object, with all 64 bands")
    options = options.parse_args()

    saved = torch.load(options.head, weights_only=True)
    if model_matches(options.model, saved.get("weights_sha256")) is False:
        sys.exit(f"'{options.model}' is not the model of the head's training set: its embeddings have another meaning")
    head = Head(saved["hidden"])
    head.load_state_dict(saved["state"])
    model = patina.Model(options.model)
    state = np.concatenate([model.embed_text(options.caption), model.embed_audio(options.audio)])
    out = {name: values[0] for name, values in predict(head, state[None]).items()}

    p_clean = float(1 / (1 + np.exp(-out["clean"][0])))
    result = {"loudness_lufs": float(out["target_lufs"][0]), "crest_factor_db": float(out["target_dyn"][0]),
              "zero_crossing_rate": float(out["target_dyn"][1]), "p_clean": p_clean,
              "purity_if_damaged_db": float(out["purity"][0]),
              "purity_db": p_clean * saved["purity_cap_db"] + (1 - p_clean) * float(out["purity"][0]),
              "ltas_db": out["target_ltas"].tolist()}
    if options.json:
        return print(json.dumps(result))
    print(f"of the undamaged sound: loudness {result['loudness_lufs']:.1f} LUFS, crest factor "
          f"{result['crest_factor_db']:.1f} dB, zero-crossing rate {result['zero_crossing_rate']:.3f}")
    print(f"of this copy: undamaged with probability {p_clean:.2f}; purity {result['purity_if_damaged_db']:.1f} dB if not")
    print("spectrum, dBFS by octave:")
    for first in range(4, 64, 6):  # six bands an octave; their powers add
        level = 10 * np.log10(np.sum(10 ** (out["target_ltas"][first:first + 6] / 10)))
        print(f"{10 ** (1.175 + 0.05 * (first + 2.5)):8.0f} Hz {level:7.1f}  {'#' * max(0, int((level + 100) / 2))}")


if __name__ == "__main__":
    main()
