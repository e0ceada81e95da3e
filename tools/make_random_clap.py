#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes an UNTRAINED CLAP checkpoint: published shapes, random numbers.

For tests of arithmetic and for benchmarks. Its embeddings mean nothing, and model.safetensors says
so in its metadata ("untrained": "true"). The folder loads in transformers as well as in patina:

    tools/make_random_clap.py --out /tmp/clap --tokenizer-dir DIR
    tools/make_random_clap.py --out /tmp/clap --layout larger --dtype bf16
    tools/make_random_clap.py --config my.json --list

A tensor's values depend on the seed and its own name only (PCG64 seeded with both), so that models
of different depth share what they have in common, and --dtype rounds the same numbers.
Needs Python 3.8 and numpy.
"""

import argparse
import copy
import hashlib
import json
import math
import os
import shutil
import sys
import zlib
from dataclasses import dataclass, field

import numpy as np

# ----------------------------------------------------------------- configuration

# Defaults of ClapTextConfig, ClapAudioConfig and ClapConfig of transformers that affect the model.
DEFAULTS = {
    "architectures": ["ClapModel"],
    "model_type": "clap",
    "projection_dim": 512,
    "projection_hidden_act": "relu",
    "logit_scale_init_value": 1 / 0.07,
    "initializer_factor": 1.0,
    "text_config": {
        "model_type": "clap_text_model",
        "vocab_size": 50265,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "hidden_act": "gelu",
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
    },
    "audio_config": {
        "model_type": "clap_audio_model",
        "patch_embeds_hidden_size": 96,
        "hidden_size": 768,
        "depths": [2, 2, 6, 2],
        "num_attention_heads": [4, 8, 16, 32],
        "window_size": 8,
        "spec_size": 256,
        "num_mel_bins": 64,
        "patch_size": 4,
        "patch_stride": [4, 4],
        "patch_embed_input_channels": 1,
        "mlp_ratio": 4.0,
        "qkv_bias": True,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
        "enable_patch_layer_norm": True,
        "flatten_patch_embeds": True,
        "enable_fusion": False,
        "fusion_type": None,
        "aff_block_r": 4,
    },
}

LAYOUTS = {
    "unfused": {},
    "fused": {"audio_config": {"enable_fusion": True}},
    "larger": {
        "audio_config": {
            "patch_embeds_hidden_size": 128, "hidden_size": 1024, "depths": [2, 2, 12, 2],
        }
    },
}

TORCH_DTYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}


def with_defaults(changes):
    """The defaults, updated with changes."""
    config = copy.deepcopy(DEFAULTS)
    for name, value in changes.items():
        if name in ("text_config", "audio_config"):
            config[name].update(value or {})
        else:
            config[name] = value
    return config


def preprocessor_config(audio):
    return {
        "feature_extractor_type": "ClapFeatureExtractor",
        "processor_class": "ClapProcessor",
        "feature_size": audio["num_mel_bins"],
        "sampling_rate": 48000,
        "fft_window_size": 1024,
        "hop_length": 480,
        "max_length_s": 10,
        "frequency_min": 50,
        "frequency_max": 14000,
        "top_db": None,
        "padding": "repeatpad",
        "padding_value": 0.0,
        "padding_side": "right",
        "return_attention_mask": False,
        "truncation": "fusion" if audio["enable_fusion"] else "rand_trunc",
    }


# ------------------------------------------------------------------------ values

@dataclass
class Normal:
    """mean + std z"""

    std: float
    mean: float = 0.0

    def fill(self, z):
        return z * np.float32(self.std) + np.float32(self.mean)


@dataclass
class ZeroMeanRows:
    """std z minus the mean of each row.

    For the last layer of a projection: what comes out of ReLU has a positive mean, which must not
    become a constant part of all embeddings.
    """

    std: float

    def fill(self, z):
        row_means = z.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
        return (z - row_means) * np.float32(self.std)


@dataclass
class LogNormal:
    """scale exp(sigma z): variances are positive"""

    scale: float
    sigma: float = 0.4

    def fill(self, z):
        return np.float32(self.scale) * np.exp(z * np.float32(self.sigma))


@dataclass
class Tensor:
    name: str
    shape: tuple
    values: object  # one of the above, or an int64 array

    @property
    def is_integer(self):
        return isinstance(self.values, np.ndarray)

    @property
    def n_values(self):
        return math.prod(self.shape)

    def sample(self, seed):
        if self.is_integer:
            return self.values
        rng = np.random.Generator(np.random.PCG64([seed, zlib.crc32(self.name.encode())]))
        z = rng.standard_normal(self.shape, dtype=np.float32)
        return np.asarray(self.values.fill(np.asarray(z)), dtype=np.float32)


def encode_array(array, dtype):
    """Little-endian bytes of an array in the dtype of the checkpoint."""
    if array.dtype == np.int64:
        return array.astype("<i8").tobytes()
    if dtype == "bf16":  # to nearest, ties to even, on the bits of the float32
        bits = array.astype("<f4").view("<u4").astype(np.uint64)
        return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("<u2").tobytes()
    return array.astype({"f32": "<f4", "f16": "<f2"}[dtype]).tobytes()


# ----------------------------------------------------------------------- tensors

@dataclass
class Layout:
    """Collects tensors. Gains keep activations in the range of a trained model."""

    tensors: list = field(default_factory=list)

    def add(self, name, shape, values):
        self.tensors.append(Tensor(name, tuple(shape), values))

    def integers(self, name, array):
        self.add(name, array.shape, np.asarray(array, dtype=np.int64))

    def weight(self, name, shape, gain):
        self.add(name + ".weight", shape, Normal(gain / math.sqrt(math.prod(shape[1:]))))

    def bias(self, name, n):
        self.add(name + ".bias", [n], Normal(0.1))

    def linear(self, name, n_out, n_in, gain, bias=True):
        self.weight(name, [n_out, n_in], gain)
        if bias:
            self.bias(name, n_out)

    def conv(self, name, n_out, n_in, height, width, gain=1.0):
        self.weight(name, [n_out, n_in, height, width], gain)
        self.bias(name, n_out)

    def norm(self, name, n):
        self.add(name + ".weight", [n], Normal(0.2, 1.0))
        self.bias(name, n)

    def batch_norm(self, name, n, mean=Normal(0.5), variance=1.0):
        self.norm(name, n)
        self.add(name + ".running_mean", [n], mean)
        self.add(name + ".running_var", [n], LogNormal(variance))
        self.integers(name + ".num_batches_tracked", np.array(1000))

    def projection(self, name, n_in, n_out, gain):
        self.linear(name + ".linear1", n_out, n_in, gain)
        self.add(name + ".linear2.weight", [n_out, n_out], ZeroMeanRows(1.4 / math.sqrt(n_out)))
        self.bias(name + ".linear2", n_out)


def text_tower(layout, text, n_projection):
    width, inner = text["hidden_size"], text["intermediate_size"]
    positions = text["max_position_embeddings"]
    top = "text_model.embeddings."
    layout.add(top + "word_embeddings.weight", [text["vocab_size"], width], Normal(1.0))
    layout.add(top + "position_embeddings.weight", [positions, width], Normal(0.5))
    layout.add(top + "token_type_embeddings.weight", [text["type_vocab_size"], width], Normal(0.3))
    layout.norm(top + "LayerNorm", width)
    layout.integers(top + "position_ids", np.arange(positions)[None])
    layout.integers(top + "token_type_ids", np.zeros((1, positions)))
    for i in range(text["num_hidden_layers"]):
        layer = f"text_model.encoder.layer.{i}."
        for name, gain in (("query", 1.3), ("key", 1.3), ("value", 1.6)):
            layout.linear(layer + "attention.self." + name, width, width, gain)
        layout.linear(layer + "attention.output.dense", width, width, 1.8)
        layout.norm(layer + "attention.output.LayerNorm", width)
        layout.linear(layer + "intermediate.dense", inner, width, 1.2)
        layout.linear(layer + "output.dense", width, inner, 1.2)
        layout.norm(layer + "output.LayerNorm", width)
    layout.linear("text_model.pooler.dense", width, width, 0.8)
    layout.projection("text_projection", width, n_projection, 1.4)


def relative_positions(window):
    """[w w, w w]: the row of the bias table for each pair of tokens of a window."""
    y, x = np.divmod(np.arange(window * window), window)
    dy = y[:, None] - y[None, :] + window - 1
    dx = x[:, None] - x[None, :] + window - 1
    return dy * (2 * window - 1) + dx


def fusion(layout, prefix, width, audio, patch):
    middle = int(width // audio["aff_block_r"])
    for branch, first in (("local_att", 0), ("global_att", 1)):
        name = f"{prefix}fusion_model.{branch}."
        layout.conv(f"{name}{first}", middle, width, 1, 1)
        layout.batch_norm(f"{name}{first + 1}", middle)
        layout.conv(f"{name}{first + 3}", width, middle, 1, 1, gain=1.4)
        layout.batch_norm(f"{name}{first + 4}", width)
    channels = audio["patch_embed_input_channels"]
    layout.conv(prefix + "mel_conv2d", width, channels, patch[0], 3 * patch[1])


def swin_block(layout, block, width, n_heads, audio):
    window, inner = audio["window_size"], int(audio["mlp_ratio"] * width)
    attention = block + "attention.self."
    layout.norm(block + "layernorm_before", width)
    layout.add(attention + "relative_position_bias_table", [(2 * window - 1) ** 2, n_heads],
               Normal(0.7))
    layout.integers(attention + "relative_position_index", relative_positions(window))
    for name in ("query", "key", "value"):
        layout.linear(attention + name, width, width, 1.3, bias=audio["qkv_bias"])
    layout.linear(block + "attention.output.dense", width, width, 1.3)
    layout.norm(block + "layernorm_after", width)
    layout.linear(block + "intermediate.dense", inner, width, 1.2)
    layout.linear(block + "output.dense", width, inner, 1.2)


def audio_tower(layout, audio, n_projection):
    top = "audio_model.audio_encoder."
    width, depths = audio["patch_embeds_hidden_size"], audio["depths"]
    patch = audio["patch_size"]
    patch = [patch, patch] if isinstance(patch, int) else patch

    # Log-mels of sounds have a mean of about -32 dB and a deviation of 16.
    layout.batch_norm(top + "batch_norm", audio["num_mel_bins"], Normal(6.0, -32.0), 16.0 ** 2)
    layout.conv(top + "patch_embed.proj", width, audio["patch_embed_input_channels"], *patch)
    if audio["enable_patch_layer_norm"]:
        layout.norm(top + "patch_embed.norm", width)
    if audio["enable_fusion"]:
        fusion(layout, top + "patch_embed.", width, audio, patch)
    for stage, depth in enumerate(depths):
        for b in range(depth):
            swin_block(layout, f"{top}layers.{stage}.blocks.{b}.", width,
                       audio["num_attention_heads"][stage], audio)
        if stage + 1 < len(depths):
            down = f"{top}layers.{stage}.downsample."
            layout.norm(down + "norm", 4 * width)
            layout.linear(down + "reduction", 2 * width, 4 * width, 1.0, bias=False)
            width *= 2
    if width != audio["hidden_size"]:
        sys.exit(f"audio_config: hidden_size is {audio['hidden_size']}, but "
                 f"patch_embeds_hidden_size doubled at every stage is {width}")
    layout.norm(top + "norm", width)
    # The mean over all tokens reduces differences between clips; the gain compensates.
    layout.projection("audio_projection", width, n_projection, 2.5)


def build_tensors(config):
    layout = Layout()
    scale = Normal(0.1, math.log(config["logit_scale_init_value"]))
    layout.add("logit_scale_a", [], scale)
    layout.add("logit_scale_t", [], scale)
    text_tower(layout, config["text_config"], config["projection_dim"])
    audio_tower(layout, config["audio_config"], config["projection_dim"])
    return sorted(layout.tensors, key=lambda tensor: tensor.name)


# ------------------------------------------------------------------------- files

def write_safetensors(path, tensors, seed, dtype):
    """Returns the file's size and SHA-256."""
    # Widest types first, so that every tensor is aligned.
    tensors = sorted(tensors, key=lambda tensor: not tensor.is_integer)
    header, at = {"__metadata__": {"format": "pt", "untrained": "true"}}, 0
    for tensor in tensors:
        n_bytes = tensor.n_values * (8 if tensor.is_integer else 4 if dtype == "f32" else 2)
        header[tensor.name] = {
            "dtype": "I64" if tensor.is_integer else dtype.upper(),
            "shape": list(tensor.shape),
            "data_offsets": [at, at + n_bytes],
        }
        at += n_bytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)

    digest, size = hashlib.sha256(), 0
    with open(path, "wb") as file:
        def put(chunk):
            nonlocal size
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)

        put(len(text).to_bytes(8, "little"))
        put(text)
        for tensor in tensors:
            put(encode_array(tensor.sample(seed), dtype))
    assert size == 8 + len(text) + at
    return size, digest.hexdigest()


def write_json(folder, name, content):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2, sort_keys=True)
        file.write("\n")


def write_tokenizer(folder, source):
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(os.path.join(source, name), os.path.join(folder, name))
    special = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>",
               "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    write_json(folder, "special_tokens_map.json", special)
    write_json(folder, "tokenizer_config.json",
               {**special, "tokenizer_class": "RobertaTokenizer", "add_prefix_space": False,
                "errors": "replace", "model_max_length": 512, "trim_offsets": True,
                "processor_class": "ClapProcessor"})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", help="the folder to write")
    parser.add_argument("--layout", choices=sorted(LAYOUTS), default="unfused",
                        help="shapes of clap-htsat-unfused (the default), clap-htsat-fused or "
                             "the larger_clap models")
    parser.add_argument("--config", metavar="FILE",
                        help="a config.json instead, which may leave defaults out")
    parser.add_argument("--dtype", choices=sorted(TORCH_DTYPES), default="f32")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokenizer-dir", metavar="DIR",
                        help="where to copy vocab.json and merges.txt from")
    parser.add_argument("--list", action="store_true", help="print names and shapes only")
    options = parser.parse_args()

    changes = LAYOUTS[options.layout]
    if options.config:
        with open(options.config, encoding="utf-8") as file:
            changes = json.load(file)
    config = with_defaults(changes)
    tensors = build_tensors(config)
    n_values = sum(tensor.n_values for tensor in tensors if not tensor.is_integer)
    summary = f"{len(tensors)} tensors, {n_values} floating values"

    if options.list:
        for tensor in tensors:
            kind = "I64" if tensor.is_integer else "F"
            print(f"{tensor.name} {kind} {list(tensor.shape)}")
        print(summary)
        return
    if not options.out:
        parser.error("one of --out and --list is needed")
    os.makedirs(options.out, exist_ok=True)
    config["dtype"] = TORCH_DTYPES[options.dtype]
    write_json(options.out, "config.json", config)
    write_json(options.out, "preprocessor_config.json",
               preprocessor_config(config["audio_config"]))
    if options.tokenizer_dir:
        write_tokenizer(options.out, options.tokenizer_dir)
    path = os.path.join(options.out, "model.safetensors")
    size, sha256 = write_safetensors(path, tensors, options.seed, options.dtype)
    print(f"{path}: UNTRAINED, {summary}, {size} bytes, sha256 {sha256}")


if __name__ == "__main__":
    main()
