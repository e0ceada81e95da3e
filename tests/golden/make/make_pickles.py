#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/golden/clap/pickles with PyTorch: small files of every form that patina reads or
has to refuse.

    make_pickles.py [OUT]

Needs torch and numpy. The tensors are those of clap/mini that have under 1 000 values
and belong to the first block or layer, so that every file can be checked against
clap/mini/model.safetensors. hf_state and the like also serve tests/python/test_pickles.py.
"""

import os
import re
import sys
from collections import OrderedDict

import numpy as np
import torch

GOLDEN = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
MINI = os.path.join(GOLDEN, "clap", "mini")
sys.path.append(os.path.join(GOLDEN, "..", "cli"))

import torch_file  # noqa: E402

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


def hf_state(folder=MINI):
    """The tensors of a model under their Hugging Face names."""
    tensors = torch_file.read_safetensors(os.path.join(folder, "model.safetensors"))
    return OrderedDict(
        (name, torch.frombuffer(bytearray(tensor.storage.data), dtype=DTYPES[tensor.storage.dtype])
         .reshape(tensor.shape).clone()) for name, tensor in tensors.items())


def laion_state(state):
    """The same under LAION names, with the other entries of LAION files."""
    joint = {}
    for name, tensor in state.items():
        joint.setdefault("module." + torch_file.to_laion(name), {})[name] = tensor
    result = OrderedDict()
    for name, parts in joint.items():
        order = [parts[own] for word in (".query.", ".key.", ".value.") for own in parts if word in own]
        result[name] = torch.cat(order, 0) if len(parts) == 3 else next(iter(parts.values()))
    for name in torch_file.LAION_ONLY:
        result["module." + name] = torch.full((2, 3), 7.0)
    return result


def laion_checkpoint(state):
    """A checkpoint of LAION's training: the state and other entries."""
    weights = [torch.nn.Parameter(torch.ones(3, 2)), torch.nn.Parameter(torch.ones(3))]
    optimizer = torch.optim.Adam(weights, lr=1e-4)
    sum(w.sum() for w in weights).backward()
    optimizer.step()
    return {"epoch": np.float64(45), "name": "HTSAT-tiny", "state_dict": state,
            "optimizer": optimizer.state_dict(), "scaler": {"scale": 65536.0, "_growth_tracker": 3}}


def few(state):
    """A small part of it."""
    keep = re.compile(r"layers\.[1-9]|blocks\.[1-9]|layer\.[1-9]|downsample.*[1-9]")
    return OrderedDict((name, tensor.clone()) for name, tensor in state.items()
                       if tensor.numel() < 1000 and not keep.search(name))


class Caller:
    """A hostile pickle: unpickling it runs a command."""

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
