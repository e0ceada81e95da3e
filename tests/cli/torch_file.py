# SPDX-License-Identifier: MIT
"""torch_file.py - writes checkpoints as torch.save does, with the standard library

PyTorch is not needed: stub classes have its names. tests/python/test_pickles.py does the same
with PyTorch itself.
"""

import json
import math
import pickle
import re
import struct
import sys
import types
import zipfile
from collections import OrderedDict

# Maps Hugging Face names to LAION names, the inverse of patina's map.
_AUDIO = r"^(audio_model\.audio_encoder\.layers\.\d+\.blocks\.\d+)\."
_TO_LAION = [(re.compile(pattern), by) for pattern, by in [
    (r"^text_model\.", "text_branch."),
    (r"^(text|audio)_projection\.linear1\.", r"\1_projection.0."),
    (r"^(text|audio)_projection\.linear2\.", r"\1_projection.2."),
    (r"^audio_model\.audio_encoder\.batch_norm\.", "audio_branch.bn0."),
    (_AUDIO + r"layernorm_before\.", r"\1.norm1."),
    (_AUDIO + r"layernorm_after\.", r"\1.norm2."),
    (_AUDIO + r"attention\.output\.dense\.", r"\1.attn.proj."),
    (_AUDIO + r"attention\.self\.relative", r"\1.attn.relative"),
    (_AUDIO + r"attention\.self\.(query|key|value)\.", r"\1.attn.qkv."),
    (_AUDIO + r"intermediate\.dense\.", r"\1.mlp.fc1."),
    (_AUDIO + r"output\.dense\.", r"\1.mlp.fc2."),
    (r"^audio_model\.audio_encoder\.", "audio_branch."),
]]

# Additional entries of LAION's state dictionaries.
LAION_ONLY = ["audio_branch.spectrogram_extractor.stft.conv_real.weight",
              "audio_branch.logmel_extractor.melW", "audio_branch.layers.0.blocks.1.attn_mask",
              "audio_branch.tscam_conv.weight", "audio_branch.head.weight",
              "text_transform.sequential.0.weight", "audio_transform.sequential.0.weight"]


def to_laion(name):
    """LAION's name of a tensor; query, key and value share one."""
    for pattern, by in _TO_LAION:
        name = pattern.sub(by, name)
    return name


# ---- classes with PyTorch's names -------------------------------------------------------------

_STORAGES = {"F32": ("FloatStorage", 4), "F16": ("HalfStorage", 2), "BF16": ("BFloat16Storage", 2),
             "I64": ("LongStorage", 8)}


def _stub_module(module, *names):
    made = types.ModuleType(module)
    for name in names:
        setattr(made, name, type(name, (), {"__module__": module}))
    return made


_MODULES = {"torch": _stub_module("torch", *(name for name, _ in _STORAGES.values())),
            "torch._utils": _stub_module("torch._utils", "_rebuild_tensor_v2")}


class Storage:
    def __init__(self, dtype, data):
        self.dtype, self.data = dtype, data


class Tensor:
    """A row-major tensor in a storage, from its element `first` on."""

    def __init__(self, storage, shape, first=0):
        self.storage, self.shape, self.first = storage, tuple(shape), first

    def __reduce__(self):
        strides = tuple(math.prod(self.shape[d + 1:]) for d in range(len(self.shape)))
        return _MODULES["torch._utils"]._rebuild_tensor_v2, (
            self.storage, self.first, self.shape, strides, False, OrderedDict())


class _Pickler(pickle.Pickler):
    def __init__(self, out, storages, protocol):
        super().__init__(out, protocol)
        self.storages = storages

    def persistent_id(self, item):
        if not isinstance(item, Storage):
            return None
        if item not in self.storages:
            self.storages.append(item)
        name, size = _STORAGES[item.dtype]
        return ("storage", getattr(_MODULES["torch"], name), str(self.storages.index(item)), "cpu",
                len(item.data) // size)


def write(path, tree, protocol=2, top="archive"):
    """Writes nested dictionaries of tensors."""
    storages = []
    saved = {name: sys.modules.get(name) for name in _MODULES}
    sys.modules.update(_MODULES)
    try:
        with zipfile.ZipFile(path, "w") as out:
            with out.open(f"{top}/data.pkl", "w") as member:
                _Pickler(member, storages, protocol).dump(tree)
            for i, storage in enumerate(storages):
                out.writestr(f"{top}/data/{i}", storage.data)
            out.writestr(f"{top}/version", "3\n")
    finally:
        for name, module in saved.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


# ---- models -----------------------------------------------------------------------------------

def read_safetensors(path):
    """The tensors of a safetensors file by name."""
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    return OrderedDict(
        (name, Tensor(Storage(about["dtype"], data[slice(*(start + at for at in
                                                           about["data_offsets"]))]),
                      about["shape"]))
        for name, about in header.items() if about["dtype"] in _STORAGES)


def laion_checkpoint(tensors):
    """The checkpoint that LAION's training saves for a model with these tensors."""
    state = OrderedDict()
    for name, tensor in tensors.items():
        name = "module." + to_laion(name)
        if name in state:
            continue
        if ".attn.qkv." in name:
            parts = [tensors[other] for part in ("query", "key", "value") for other in tensors
                     if "module." + to_laion(other) == name and f".{part}." in other]
            data = b"".join(part.storage.data for part in parts)
            shape = (3 * parts[0].shape[0],) + parts[0].shape[1:]
            tensor = Tensor(Storage(parts[0].storage.dtype, data), shape)
        state[name] = tensor
    for name in LAION_ONLY:
        state["module." + name] = Tensor(Storage("F32", bytes(24)), (2, 3))
    moment = Tensor(Storage("F32", bytes(24)), (2, 3))
    return {"epoch": 45, "name": "HTSAT-tiny", "state_dict": state,
            "optimizer": {"state": {0: {"step": 70000, "exp_avg": moment}},
                          "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.98), "params": [0, 300]}]},
            "scaler": {"scale": 65536.0, "_growth_tracker": None, "steps": 1 << 40}}


def published(list_path):
    """A model of the tensors of a published one's list, all views into one storage of float16. The
    values are between 0 and 0.03, so that nothing overflows and no variance is negative."""
    shapes = OrderedDict()
    with open(list_path, encoding="utf-8") as lines:
        for line in lines:
            found = re.match(r"(\S+)\s+F\d*\s+\[(.*)\]", line)
            if found:
                shapes[found[1]] = tuple(int(n) for n in re.findall(r"\d+", found[2]))
    shared = {}
    for name, shape in shapes.items():
        laion = to_laion(name)
        if ".attn.qkv." in laion:
            shape = (3 * shape[0],) + shape[1:]
        shared[laion] = shape
    n = max(math.prod(shape) for shape in shared.values())
    values, state = bytearray(), 1
    for _ in range(4096):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF  # Numerical Recipes' generator
        values += struct.pack("<e", (state >> 8) / 2 ** 24 * 0.03)
    storage = Storage("F16", bytes((values * (n // 4096 + 1))[:2 * n]))
    return {"state_dict": OrderedDict((name, Tensor(storage, shape))
                                      for name, shape in shared.items())}
