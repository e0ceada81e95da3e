#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch saves the small model in each of its formats; compares what patina reads.

    test_pickles.py [--patina build/patina]

Needs torch and numpy, of any version from 1.6 on; without them it skips. The same values have to
give the same bits as from model.safetensors. The last line is "N passed, N failed, N skipped".
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

from checks import skip_all

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "tests", "golden", "make"), os.path.join(ROOT, "tests", "cli")]

try:
    import torch
except ImportError as missing:
    skip_all("pickles", missing)
import make_pickles as pickles  # noqa: E402

MINI = pickles.MINI
OTHERS = ["config.json", "preprocessor_config.json", "vocab.json", "merges.txt"]
SOUND = os.path.join(ROOT, "examples", "demo", "clips", "misc_crow.flac")


class TestContext:
    def __init__(self, patina, scratch):
        self.patina, self.scratch = patina, scratch

    def folder(self, name):
        """A folder with the files of the small model except its weights."""
        path = os.path.join(self.scratch, name)
        os.makedirs(path)
        for other in OTHERS:
            shutil.copy(os.path.join(MINI, other), path)
        return path

    def run(self, *args):
        return subprocess.run([self.patina, *args], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.scratch)

    def embed(self, model):
        out = os.path.join(self.scratch, "e.npy")
        done = self.run("embed", "--model", model, "--out", out, "--text", "a crow", "--audio", SOUND)
        assert done.returncode == 0, done.stderr
        with open(out, "rb") as file:
            return file.read()

    def refused(self, model, *words):
        done = self.run("embed", "--model", model, "--out", "none.npy", "--text", "a")
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done
        assert all(word in done.stderr for word in words), (words, done.stderr)
        assert not os.path.exists(os.path.join(self.scratch, "none.npy"))


def check_hugging_face(context):
    expected, state = context.embed(MINI), pickles.hf_state()
    for protocol in 2, 3, 4, 5:
        folder = context.folder(f"hf{protocol}")
        torch.save(state, os.path.join(folder, "pytorch_model.bin"), pickle_protocol=protocol)
        assert context.embed(folder) == expected, protocol


def check_laion(context):
    expected, state = context.embed(MINI), pickles.hf_state()
    folder = context.folder("laion")
    torch.save(pickles.laion_checkpoint(pickles.laion_state(state)), folder + "/best.pt")
    assert context.embed(folder) == expected
    assert context.embed(folder + "/best.pt") == expected
    with open(folder + "/stream.pt", "wb") as out: # another name for the archive's folder
        torch.save(pickles.laion_state(state), out)
    assert context.embed(folder + "/stream.pt") == expected


def check_views(context):
    """Tensors that share a storage, parameters, and memory in the order of the channels."""
    expected, state = context.embed(MINI), pickles.hf_state()
    shared = torch.cat([tensor.flatten() for tensor in state.values() if tensor.is_floating_point()])
    at = 0
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        state[name] = shared[at:at + tensor.numel()].view(tensor.shape)
        at += tensor.numel()
    name = "audio_model.audio_encoder.patch_embed.proj.weight"
    state[name] = torch.nn.Parameter(state[name].clone(memory_format=torch.channels_last))
    folder = context.folder("views")
    torch.save(state, folder + "/pytorch_model.bin")
    assert context.embed(folder) == expected

    name = "text_model.pooler.dense.weight"
    state[name] = state[name].t().contiguous().t()
    torch.save(state, folder + "/pytorch_model.bin")
    context.refused(folder, name, "contiguous()")


def check_types(context):
    """16-bit values, which float32 represents exactly, so that both files are the same model."""
    for name, dtype in ("half", torch.float16), ("bfloat", torch.bfloat16):
        rounded = {key: tensor.to(dtype) if tensor.is_floating_point() else tensor
                   for key, tensor in pickles.hf_state().items()}
        narrow, wide = context.folder(name), context.folder(name + "32")
        torch.save(rounded, narrow + "/pytorch_model.bin")
        torch.save({key: tensor.float() if tensor.is_floating_point() else tensor
                    for key, tensor in rounded.items()}, wide + "/pytorch_model.bin")
        assert context.embed(narrow) == context.embed(wide) != context.embed(MINI), name
    state = {key: tensor.double() if tensor.is_floating_point() else tensor
             for key, tensor in pickles.hf_state().items()}
    folder = context.folder("double")
    torch.save(state, folder + "/pytorch_model.bin")
    context.refused(folder, "dtype F64")


def check_refused(context):
    made = os.path.join(context.scratch, "made")
    pickles.write_all(made)
    folder = context.folder("refused")
    for name, words in (("legacy.bin", ["PyTorch before 1.6"]), ("script.pt", ["TorchScript"]),
                        ("call.bin", [".system'", "nothing was executed"]),
                        ("module.bin", ["'torch.nn.modules.linear.Linear'"]),
                        ("list.bin", ["contains a list"])):
        shutil.copy(os.path.join(made, name), folder + "/pytorch_model.bin")
        context.refused(folder, "pytorch_model.bin", *words)
    assert not os.path.exists(os.path.join(context.scratch, "patina-was-fooled"))
    shutil.copy(os.path.join(made, "legacy.bin"), folder + "/x.bin")  # as the sentence advises
    torch.save(torch.load(folder + "/x.bin"), folder + "/pytorch_model.bin")
    context.refused(folder, "is missing; expected shape")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--patina", default=os.path.join(ROOT, "build", "patina"))
    patina = os.path.abspath(parser.parse_args().patina)
    checks = [check_hugging_face, check_laion, check_views, check_types, check_refused]
    n_failed = 0
    for check in checks:
        name = check.__name__.replace("check_", "")
        with tempfile.TemporaryDirectory(prefix="patina-pickles-") as scratch:
            try:
                check(TestContext(patina, scratch))
                print(f"ok pickles.{name} (torch {torch.__version__})")
            except Exception:  # a check that fails, in any way
                traceback.print_exc(file=sys.stdout)
                print(f"FAIL pickles.{name}")
                n_failed += 1
    print(f"{len(checks) - n_failed} passed, {n_failed} failed, 0 skipped")
    return n_failed > 0


if __name__ == "__main__":
    sys.exit(main())
