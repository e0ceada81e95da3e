#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes clap/shapes.json: outputs of small CLAP towers of unusual shape.

The towers are computed here in float64, step by step as in the paper and the reference's source
(whole images are rolled and divided, not single windows), to test the C code beyond the shapes of
published models: other windows, numbers of stages, patches, mel bins, no biases, a padding id
inside a caption. `--check MODEL` runs the same code on a model with goldens of transformers and
prints the differences.

Weights are not stored: value i of a tensor is a hash of its name and i (function `values`), which
the test computes as well.

    make_clap_shapes.py > ../clap/shapes.json        (numpy)
    make_clap_shapes.py --check ../clap/mini
"""
import json
import math
import os
import struct
import sys

import numpy as np


def fnv1a32(text):
    h = 0x811C9DC5
    for b in text.encode():
        h = (h ^ b) * 0x01000193 & 0xFFFFFFFF
    return h


def uniform(name, n):
    """n numbers in [-0.5, 0.5), by an integer hash of name and index."""
    with np.errstate(over="ignore"):
        x = np.uint32(fnv1a32(name)) + np.arange(n, dtype=np.uint32) * np.uint32(2654435761)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 4294967296.0 - 0.5


def values(name, dims):
    """Values of a tensor: matrices keep the variance of their input, norms are near the identity."""
    v = uniform(name, math.prod(dims))
    if name.endswith("running_var"):
        v = v + 1.0
    elif name.endswith(".weight") and len(dims) == 1:
        v = v * 0.5 + 1.0
    elif name.endswith(".weight") and "embeddings" not in name:
        v = v * math.sqrt(12.0 / math.prod(dims[1:]))
    return v.astype(np.float32).reshape(dims)


class RandomTensors(dict):
    """A model whose values are hashes; records the requested tensors."""

    def want(self, name, *dims):
        if name not in self:
            self[name] = values(name, dims)
        return self[name].astype(np.float64)


class LoadedTensors(dict):
    """A model from a safetensors file (float32)."""

    def __init__(self, path):
        data = open(path, "rb").read()
        n = struct.unpack("<Q", data[:8])[0]
        for name, t in json.loads(data[8:8 + n]).items():
            if name != "__metadata__" and t["dtype"] == "F32":
                a, b = t["data_offsets"]
                self[name] = np.frombuffer(data[8 + n + a:8 + n + b], "<f4").reshape(t["shape"])

    def want(self, name, *dims):
        assert self[name].shape == dims, (name, self[name].shape, dims)
        return self[name].astype(np.float64)


erf = np.vectorize(math.erf)


def gelu(x):
    return 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))


def layer_norm(m, name, x, eps):
    n = x.shape[-1]
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps)
    return scaled * m.want(name + ".weight", n) + m.want(name + ".bias", n)


def linear(m, name, x, n_out, bias=True):
    y = x @ m.want(name + ".weight", n_out, x.shape[-1]).T
    return y + m.want(name + ".bias", n_out) if bias else y


def batch_norm(m, name, x):
    """x [..., n]"""
    n = x.shape[-1]
    y = (x - m.want(name + ".running_mean", n)) / np.sqrt(m.want(name + ".running_var", n) + 1e-5)
    return y * m.want(name + ".weight", n) + m.want(name + ".bias", n)


def attention(m, prefix, x, n_heads, bias, attention_mask):
    """x [B, T, d], one sequence per B; attention_mask [B or 1, heads or 1, T, T]"""
    b, t, d = x.shape
    q, k, v = (linear(m, prefix + part, x, d, bias).reshape(b, t, n_heads, d // n_heads)
               .transpose(0, 2, 1, 3) for part in ("query", "key", "value"))
    s = q @ k.transpose(0, 1, 3, 2) / math.sqrt(d // n_heads) + attention_mask
    e = np.exp(s - s.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return (p @ v).transpose(0, 2, 1, 3).reshape(b, t, d)


def project(m, tower, x):
    y = linear(m, tower + "_projection.linear1", x, 512)
    y = linear(m, tower + "_projection.linear2", np.maximum(y, 0.0), 512)
    return y / np.linalg.norm(y)


# --- audio


def bicubic(x, n_out):
    """x [n_in, ...] along its first axis, corners aligned; positions in float32."""
    def weight(t):
        t = abs(t)
        if t <= 1:
            return 1.25 * t ** 3 - 2.25 * t ** 2 + 1
        return -0.75 * t ** 3 + 3.75 * t ** 2 - 6 * t + 3 if t < 2 else 0.0
    n_in = x.shape[0]
    y = np.zeros((n_out,) + x.shape[1:])
    for i in range(n_out):
        s = np.float32(n_in - 1) / np.float32(n_out - 1) * np.float32(i)
        base = int(np.floor(s))
        t = float(s - np.float32(base))
        for k in range(-1, 3):
            y[i] += weight(t - k) * x[min(max(base + k, 0), n_in - 1)]
    return y


def convolve(m, name, image, n_out, height, width):
    """Convolution with stride equal to the kernel size: [rows, columns, n_out]"""
    rows, columns = image.shape[0] // height, image.shape[1] // width
    patches = image[:rows * height, :columns * width].reshape(rows, height, columns, width)
    kernels = m.want(name + ".weight", n_out, 1, height, width).reshape(n_out, -1)
    y = patches.transpose(0, 2, 1, 3).reshape(rows, columns, -1) @ kernels.T
    return y + m.want(name + ".bias", n_out)


def pointwise(m, name, x, n_out):
    kernel = m.want(name + ".weight", n_out, x.shape[-1], 1, 1)[:, :, 0, 0]
    return x @ kernel.T + m.want(name + ".bias", n_out)


def audio_tower(m, c, features):
    """features [1 or 4, frames, mels] to [512]; 4: is longer"""
    p = "audio_model.audio_encoder."
    spec, patch, width, window = (c[k] for k in ("spec_size", "patch_size",
                                                 "patch_embeds_hidden_size", "window_size"))
    r = spec // c["num_mel_bins"]

    def image(f):
        g = bicubic(batch_norm(m, p + "batch_norm", f.astype(np.float64)), spec * r)
        return np.concatenate([g[spec * k:spec * (k + 1)].T for k in range(r)])

    x = convolve(m, p + "patch_embed.proj", image(features[0]), width, patch, patch)
    if len(features) == 4:
        local = np.concatenate([convolve(m, p + "patch_embed.mel_conv2d", image(f), width, patch,
                                         3 * patch) for f in features[1:]], axis=1)
        local = np.pad(local, ((0, 0), (0, x.shape[1] - local.shape[1]), (0, 0)))

        def branch(y, conv1, norm1, conv2, norm2):
            f = p + "patch_embed.fusion_model."
            y = batch_norm(m, f + norm1, pointwise(m, f + conv1, y, width // c["aff_block_r"]))
            return batch_norm(m, f + norm2, pointwise(m, f + conv2, np.maximum(y, 0.0), width))
        z = x + local
        w = branch(z, "local_att.0", "local_att.1", "local_att.3", "local_att.4") + branch(
            z.mean((0, 1)), "global_att.1", "global_att.2", "global_att.4", "global_att.5")
        w = 1.0 / (1.0 + np.exp(-w))
        x = 2.0 * x * w + 2.0 * local * (1.0 - w)
    if c["enable_patch_layer_norm"]:
        x = layer_norm(m, p + "patch_embed.norm", x, 1e-5)

    for s, depth in enumerate(c["depths"]):
        for b in range(depth):
            x = swin_block(m, c, f"{p}layers.{s}.blocks.{b}.", x, c["num_attention_heads"][s],
                           window // 2 if b % 2 and x.shape[0] > window else 0)
        if s + 1 < len(c["depths"]):
            name = f"{p}layers.{s}.downsample."
            x = np.concatenate([x[0::2, 0::2], x[1::2, 0::2], x[0::2, 1::2], x[1::2, 1::2]], -1)
            x = linear(m, name + "reduction", layer_norm(m, name + "norm", x, 1e-5),
                       x.shape[-1] // 2, False)
    return project(m, "audio", layer_norm(m, p + "norm", x, 1e-5).mean((0, 1)))


def cut(x, w):
    """[R, R, ...] to [windows, w * w, ...]"""
    n = x.shape[0] // w
    rest = x.shape[2:]
    return np.moveaxis(x.reshape((n, w, n, w) + rest), 2, 1).reshape((n * n, w * w) + rest)


def window_reverse(x, w, side):
    n = side // w
    return np.moveaxis(x.reshape(n, n, w, w, -1), 1, 2).reshape(side, side, -1)


def swin_block(m, c, name, x, n_heads, shift):
    side, d, w, eps = x.shape[0], x.shape[2], c["window_size"], c["layer_norm_eps"]
    table = m.want(name + "attention.self.relative_position_bias_table", (2 * w - 1) ** 2, n_heads)
    at = np.stack(np.meshgrid(np.arange(w), np.arange(w), indexing="ij"), -1).reshape(-1, 2)
    apart = at[:, None] - at[None] + w - 1
    added = table[apart[..., 0] * (2 * w - 1) + apart[..., 1]].transpose(2, 0, 1)[None]
    if shift:
        region = np.zeros((side, side))
        for k, part in enumerate((slice(0, -w), slice(-w, -shift), slice(-shift, None))):
            region[part] += 3 * k
            region[:, part] += k
        regions = cut(region, w)
        added = added + np.where(regions[:, :, None] != regions[:, None], -100.0, 0.0)[:, None]

    y = np.roll(layer_norm(m, name + "layernorm_before", x, eps), (-shift, -shift), (0, 1))
    y = attention(m, name + "attention.self.", cut(y, w), n_heads, c["qkv_bias"], added)
    y = window_reverse(linear(m, name + "attention.output.dense", y, d), w, side)
    x = x + np.roll(y, (shift, shift), (0, 1))
    y = layer_norm(m, name + "layernorm_after", x, eps)
    y = linear(m, name + "intermediate.dense", y, int(c["mlp_ratio"] * d))
    return x + linear(m, name + "output.dense", gelu(y), d)


# --- text


def text_tower(m, c, ids):
    p, h, eps, pad = "text_model.", c["hidden_size"], c["layer_norm_eps"], c["pad_token_id"]
    ids = np.array(ids)
    places = np.where(ids != pad, pad + np.cumsum(ids != pad), pad)
    e = p + "embeddings."
    x = (m.want(e + "word_embeddings.weight", c["vocab_size"], h)[ids]
         + m.want(e + "token_type_embeddings.weight", c["type_vocab_size"], h)[0]
         + m.want(e + "position_embeddings.weight", c["max_position_embeddings"], h)[places])
    x = layer_norm(m, e + "LayerNorm", x, eps)
    for i in range(c["num_hidden_layers"]):
        l = f"{p}encoder.layer.{i}."
        y = attention(m, l + "attention.self.", x[None], c["num_attention_heads"], True, 0.0)[0]
        x = layer_norm(m, l + "attention.output.LayerNorm",
                       linear(m, l + "attention.output.dense", y, h) + x, eps)
        y = gelu(linear(m, l + "intermediate.dense", x, c["intermediate_size"]))
        x = layer_norm(m, l + "output.LayerNorm", linear(m, l + "output.dense", y, h) + x, eps)
    return project(m, "text", np.tanh(linear(m, p + "pooler.dense", x[0], h)))


# --- cases

AUDIO = dict(patch_embeds_hidden_size=96, depths=[2, 2, 6, 2], num_attention_heads=[4, 8, 16, 32],
             window_size=8, spec_size=256, num_mel_bins=64, patch_size=4, mlp_ratio=4,
             qkv_bias=True, layer_norm_eps=1e-5, enable_fusion=False, aff_block_r=4,
             enable_patch_layer_norm=True)
TEXT = dict(vocab_size=50265, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
            intermediate_size=3072, max_position_embeddings=514, type_vocab_size=1,
            layer_norm_eps=1e-12, pad_token_id=1)

AUDIO_CASES = {
    "small windows, shifted in the last stage, no biases, no patch norm": (1, dict(
        patch_embeds_hidden_size=12, depths=[1, 2, 3], num_attention_heads=[1, 2, 3],
        window_size=4, mlp_ratio=2, qkv_bias=False, enable_patch_layer_norm=False)),
    "odd windows, one stage, large patches, eps": (1, dict(
        patch_embeds_hidden_size=20, depths=[3], num_attention_heads=[5], window_size=7,
        spec_size=448, num_mel_bins=64, patch_size=16, mlp_ratio=1, layer_norm_eps=0.1)),
    "windows of 12, 6 strips of time": (1, dict(
        patch_embeds_hidden_size=6, depths=[1, 1, 1, 2], num_attention_heads=[1, 2, 2, 3],
        window_size=12, spec_size=384)),
    "windows of one token, down to one token": (1, dict(
        patch_embeds_hidden_size=8, depths=[1, 2, 1, 2], num_attention_heads=[1, 2, 4, 8],
        window_size=1, patch_size=32)),
    "fused, 128 mel bins, patches of 8": (4, dict(
        patch_embeds_hidden_size=14, depths=[2, 1, 1], num_attention_heads=[2, 1, 7],
        spec_size=512, num_mel_bins=128, patch_size=8, enable_fusion=True, aff_block_r=3)),
}
TEXT_CASES = {
    "another padding id inside the caption, two types, eps": dict(
        vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=40, max_position_embeddings=90, type_vocab_size=2, layer_norm_eps=0.01,
        pad_token_id=7),
}
N_FRAMES = 1001


def synthetic_features(n_channels, n_mels):
    """Decibels between -80 and 0."""
    n = n_channels * N_FRAMES * n_mels
    return (uniform("features", n) * 80.0 - 40.0).astype(np.float32).reshape(-1, N_FRAMES, n_mels)


def numbers(x):
    return [float(f"{v:.9g}") for v in x]


def write():
    cases = []
    for name, (n_channels, changes) in AUDIO_CASES.items():
        c, m = AUDIO | changes, RandomTensors()
        y = audio_tower(m, c, synthetic_features(n_channels, c["num_mel_bins"]))
        stages = len(c["depths"])
        config = dict(changes, hidden_size=c["patch_embeds_hidden_size"] << (stages - 1),
                      patch_stride=[c["patch_size"]] * 2, patch_size=[c["patch_size"]] * 2)
        cases.append(dict(name=name, config=dict(audio_config=config), n_channels=n_channels,
                          tensors={k: v.shape for k, v in m.items()}, embedding=numbers(y)))
    for name, changes in TEXT_CASES.items():
        c, m = TEXT | changes, RandomTensors()
        ids = [0, 11, 7, 49, 7, 7, 23, 11, 2]
        y = text_tower(m, c, ids)
        cases.append(dict(name=name, config=dict(text_config=changes), ids=ids,
                          tensors={k: v.shape for k, v in m.items()}, embedding=numbers(y)))
    note = f"tests/golden/make/make_clap_shapes.py, numpy {np.__version__}, float64; tolerance 1e-6"
    head = json.dumps({"generator": note, "n_frames": N_FRAMES})[:-1]
    body = ",\n".join(json.dumps(case) for case in cases)
    print(f'{head}, "cases": [\n{body}\n]}}')


def check(model):
    def array(path):
        return np.load(os.path.join(model, "golden", path))
    config = json.load(open(os.path.join(model, "config.json")))
    index = json.load(open(os.path.join(model, "golden", "index.json")))
    m = LoadedTensors(os.path.join(model, "model.safetensors"))
    audio, text = AUDIO | config["audio_config"], TEXT | config["text_config"]
    for item in index["audio"]:
        for member, n in ("embedding", 1), ("embedding_notlonger", 1), ("embedding_longer", 4):
            if member in item and "features" in item:
                y = audio_tower(m, audio, array(item["features"])[:n])
                print(item["name"], member, abs(y - array(item[member])).max())
    for item in index["text"]:
        print(item["name"], abs(text_tower(m, text, item["ids"]) - array(item["embedding"])).max())


if __name__ == "__main__":
    check(sys.argv[2]) if sys.argv[1:2] == ["--check"] else write()
