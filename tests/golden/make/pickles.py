#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/golden/clap/pickles with PyTorch: small files of every form that patina reads or
has to refuse.

    pickles.py [OUT]

Needs torch, numpy and safetensors. The tensors are those of clap/mini that have under 1 000 values
and belong to the first block or layer, so that every file can be checked against
clap/mini/model.safetensors. laion_state and hf_state also serve tests/python/test_pickles.py.
"""

import os
import re
import sys
from collections import OrderedDict

import numpy as np
import torch
from safetensors.torch import load_file

GOLDEN = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
MINI = os.path.join(GOLDEN, "clap", "mini")

# Hugging Face's name to LAION's: the other way round than patina goes, and written on its own.
TO_LAION = [
    (r"^text_model\.", "text_branch."),
    (r"^(text|audio)_projection\.linear1\.", r"\1_projection.0."),
    (r"^(text|audio)_projection\.linear2\.", r"\1_projection.2."),
    (r"^audio_model\.audio_encoder\.batch_norm\.", "audio_branch.bn0."),
    (r"^(audio_model\.audio_encoder\.layers\.\d+\.blocks\.\d+)\.layernorm_before\.", r"\1.norm1."),
    (r"^(audio_model\.audio_encoder\.layers\.\d+\.blocks\.\d+)\.layernorm_after\.", r"\1.norm2."),
    (r"^(audio_model\.audio_encoder\.layers.*)\.attention\.output\.dense\.", r"\1.attn.proj."),
    (r"^(audio_model\.audio_encoder\.layers.*)\.attention\.self\.relative", r"\1.attn.relative"),
    (r"^(audio_model\.audio_encoder\.layers.*)\.intermediate\.dense\.", r"\1.mlp.fc1."),
    (r"^(audio_model\.audio_encoder\.layers.*)\.output\.dense\.", r"\1.mlp.fc2."),
    (r"^audio_model\.audio_encoder\.", "audio_branch."),
]
QUERY = re.compile(r"^(audio_model\.audio_encoder\.layers.*)\.attention\.self\.query\.(weight|bias)$")


def hf_state(folder=MINI):
    """The tensors of a model under Hugging Face's names."""
    return OrderedDict(load_file(os.path.join(folder, "model.safetensors")))


def laion_state(state):
    """The same under LAION's names, with what else LAION's files hold."""
    result = OrderedDict()
    for name, tensor in state.items():
        query = QUERY.match(name)
        if query:
            parts = [state[name.replace("query", part)] for part in ("query", "key", "value")]
            block = query.group(1).replace("audio_model.audio_encoder", "audio_branch")
            result[f"module.{block}.attn.qkv.{query.group(2)}"] = torch.cat(parts, 0)
            continue
        if re.match(r"^audio_model.*\.attention\.self\.(key|value)\.", name):
            continue
        for pattern, by in TO_LAION:
            name = re.sub(pattern, by, name)
        result["module." + name] = tensor
    for name in ("audio_branch.spectrogram_extractor.stft.conv_real.weight",
                 "audio_branch.logmel_extractor.melW", "audio_branch.layers.0.blocks.1.attn_mask",
                 "audio_branch.tscam_conv.weight", "audio_branch.head.weight",
                 "text_transform.sequential.0.weight", "audio_transform.sequential.0.weight"):
        result["module." + name] = torch.full((2, 3), 7.0)
    return result


def laion_checkpoint(state):
    """What LAION's training saves: the state among other things."""
    weights = [torch.nn.Parameter(torch.ones(3, 2)), torch.nn.Parameter(torch.ones(3))]
    optimizer = torch.optim.Adam(weights, lr=1e-4)
    sum(w.sum() for w in weights).backward()
    optimizer.step()
    return {"epoch": np.float64(45), "name": "HTSAT-tiny", "state_dict": state,
            "optimizer": optimizer.state_dict(), "scaler": {"scale": 65536.0, "_growth_tracker": 3}}


def few(state):
    """A part of it that is small."""
    keep = re.compile(r"layers\.[1-9]|blocks\.[1-9]|layer\.[1-9]|downsample.*[1-9]")
    return OrderedDict((name, tensor.clone()) for name, tensor in state.items()
                       if tensor.numel() < 1000 and not keep.search(name))


class Caller:
    """What a hostile file may hold: unpickling it runs a command."""

    def __reduce__(self):
        return os.system, ("touch patina-was-fooled",)


def write_all(out):
    os.makedirs(out, exist_ok=True)

    def save(name, value, **how):
        torch.save(value, os.path.join(out, name), **how)

    state = few(hf_state())
    state._metadata = OrderedDict([("", {"version": 1})])
    save("hf.bin", state)
    save("laion.pt", laion_checkpoint(laion_state(state)))
    flat = torch.arange(24, dtype=torch.float32)
    save("kinds.pt", OrderedDict(
        f32=flat.reshape(2, 3, 4), half=flat.half(), bfloat=flat.bfloat16(), double=flat.double(),
        int64=torch.arange(3), boolean=torch.tensor([True, False]), scalar=torch.tensor(2.5),
        parameter=torch.nn.Parameter(torch.tensor([1.0, -2.0])), empty=torch.zeros(0, 3),
        rows=flat.reshape(6, 4)[2:5], row=flat.reshape(6, 4)[5], uint16=flat.to(torch.uint16),
        transposed=flat.reshape(6, 4).t(), columns=flat.reshape(6, 4)[:, 1:3],
        repeated=flat[:1].expand(5), channels_last=flat.reshape(6, 4, 1, 1).contiguous(
            memory_format=torch.channels_last)), pickle_protocol=4)
    save("legacy.bin", {"a": torch.ones(2)}, _use_new_zipfile_serialization=False)
    save("call.bin", {"a": torch.ones(2), "b": Caller()})
    save("module.bin", torch.nn.Linear(2, 2))
    save("list.bin", [torch.ones(2)])
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), os.path.join(out, "script.pt"))


if __name__ == "__main__":
    write_all(sys.argv[1] if len(sys.argv) > 1 else os.path.join(GOLDEN, "clap", "pickles"))
