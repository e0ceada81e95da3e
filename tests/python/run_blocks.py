#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run_blocks.py - runs the code blocks of the documents and checks their links

    run_blocks.py [--patina build/patina] [--with-package] [FILE.md]...

Every code block is fenced and names its language. sh and python blocks are run, page by page, each page
in a folder of its own; json blocks are parsed; text blocks are not code. A block that cannot be run has
a comment in front, which is listed with the results:

    <!-- not run: the reason -->

In sh blocks a "..." at the end of a line means the options that every run needs. Without
--with-package (the module patina is installed for this Python) blocks that import patina are skipped.
Relative links, anchors, and paths in backquotes have to exist. Without FILE all documents are checked.
The last line is "N passed, N failed, N skipped".
"""

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow
import pyarrow.parquet

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("sh", "python", "json", "text", "c", "yaml")
MARKER = re.compile(r"^<!-- not run: (.+) -->$")
MODEL = "laion/clap-htsat-unfused"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
# Where a path in backquotes starts that has to exist, unless it has NAME in it.
TREES = ("bench", "cli", "docs", "examples", "fuzz", "include", "man", "python", "script", "src", "tests", "tools")


def documents():
    """Every document of the tree, without the logs of measurements."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if not name.startswith(("tests/golden/", "examples/demo/"))
            and not name.endswith("/LOG.md")]


def parse(text):
    """(line number, language, code, reason not to run) of each block; raises ValueError."""
    blocks, fence, reason, previous = [], None, None, ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if fence:
            indent, start, language, code, why = fence
            if stripped == "```":
                blocks.append((start, language, "\n".join(code) + "\n", why))
                fence, reason = None, None
            else:
                code.append(line[indent:])
        elif stripped.startswith("```"):
            language = stripped[3:]
            if language not in LANGUAGES:
                raise ValueError(f"line {number}: language '{language}' is not one of {', '.join(LANGUAGES)}")
            fence = (len(line) - len(line.lstrip()), number, language, [], reason)
        elif MARKER.match(stripped):
            reason = MARKER.match(stripped)[1]
        elif stripped:
            if reason:
                raise ValueError(f"line {number}: a 'not run' comment without a block after it")
            if line.startswith("    ") and previous == "":
                raise ValueError(f"line {number}: an indented block; use a fence with a language")
        previous = stripped
    if fence:
        raise ValueError(f"line {fence[1]}: the block is not closed")
    return blocks


def slugs(text):
    """The anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_references(path, text):
    """Links, anchors and paths that do not exist."""
    plain, broken = re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.S | re.M), []
    for target in re.findall(r"\]\(([^)\s]+)\)", plain):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            broken.append(f"link '{target}': no such file")
        elif anchor and anchor not in slugs(file.read_text("utf-8")):
            broken.append(f"link '{target}': no such heading")
    for name in re.findall(r"`([\w.\-]+/[\w./\-]*)`", plain):
        if name.split("/")[0] in TREES and "NAME" not in name and not (ROOT / name).exists():
            broken.append(f"path '{name}' does not exist")
    return broken


class Workspace:
    """The environment of the pages: the program on PATH, a model in the hub's cache, corpora, a data set OUT."""

    def __init__(self, patina):
        self.top = Path(tempfile.mkdtemp(prefix="patina-blocks-"))
        (self.top / "bin").mkdir()
        (self.top / "bin/patina").symlink_to(Path(patina).resolve())
        repository = self.top / "hf/hub" / ("models--" + MODEL.replace("/", "--"))
        (repository / "refs").mkdir(parents=True)
        (repository / "refs/main").write_text(COMMIT)
        shutil.copytree(ROOT / "tests/golden/clap/mini", repository / "snapshots" / COMMIT,
                        ignore=shutil.ignore_patterns("golden"))
        self.environment = dict(os.environ, HF_HOME=str(self.top / "hf"), HF_HUB_OFFLINE="1",
                                PATH=f"{self.top / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}")
        for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
            self.environment.pop(name, None)
        self.clips = sorted((ROOT / "examples/demo/clips").glob("*.flac"))[:2]
        self.out = self.top / "OUT"
        self.run(self.top, ["patina", "generate", "--corpus", str(ROOT / "examples/demo/manifest.jsonl"),
                            "--model", MODEL, "--out", str(self.out), "--quiet"])

    def run(self, folder, command):
        done = subprocess.run(command, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"status {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")

    def page(self, name, code):
        """A folder for the blocks of one page; it contains OUT unless the blocks make it."""
        folder = self.top / re.sub(r"\W", "-", name)
        folder.mkdir()
        for tree in ("examples", "tests", "script", "tools", "include"):
            (folder / tree).symlink_to(ROOT / tree)
        self.write_corpora(folder)
        if not re.search(r'--out OUT\b|out="OUT"', code):
            shutil.copytree(self.out, folder / "OUT")
        return folder

    def write_corpora(self, folder):
        """Corpora of the published layouts, two clips each."""
        def clip(name, which):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(self.clips[which])

        def write(name, content):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

        write("audiocaps/train.csv", "audiocap_id,youtube_id,start_time,caption\n"
              "1,abcdefghijk,30,a crow\n2,lmnopqrstuv,0,a drum\n")
        clip("audiocaps/clips/abcdefghijk_30.flac", 0), clip("audiocaps/clips/Ylmnopqrstuv.flac", 1)
        columns = ",".join(f"caption_{i}" for i in range(1, 6))
        write("clotho_captions_development.csv", f"file_name,{columns}\nx.wav,a,b,c,d,e\n")
        clip("development/x.flac", 0)
        write("json_files/AudioSet_SL/as_final.json", json.dumps({"data": [{"id": "Yx.wav", "caption": "a crow"}]}))
        clip("AudioSet_SL_flac/Yx.flac", 0)
        write("ESC-50-master/meta/esc50.csv", "filename,category\n1-1-A-1.wav,crow\n")
        clip("ESC-50-master/audio/1-1-A-1.wav", 0)
        clip("recordings/deep/x.flac", 0), write("recordings/deep/x.txt", "a crow\n")
        clip("clips/dog.wav", 0), clip("clips/rain.opus", 1)
        write("manifest.jsonl", '{"audio": "clips/dog.wav", "caption": "a crow"}\n')
        clip("laion/x.flac", 0), write("laion/x.json", '{"text": "a crow"}')
        (folder / "laion/train").mkdir()
        subprocess.run(["tar", "-chf", "train/0.tar", "x.flac", "x.json"], cwd=folder / "laion", check=True)
        for i in range(1, 100):
            (folder / f"laion/train/{i}.tar").symlink_to("0.tar")
        (folder / "audiocaps-hub/data").mkdir(parents=True)
        audio = {"bytes": self.clips[0].read_bytes(), "path": "x.flac"}
        pyarrow.parquet.write_table(pyarrow.table({"audio": [audio], "caption": ["a crow"]}),
                                    folder / "audiocaps-hub/data/train-00000-of-00001.parquet")
        clip("in.wav", 0)

    def close(self):
        shutil.rmtree(self.top, ignore_errors=True)


def without_torch(code):
    """The lines that do not use torch; None if they are not a program."""
    code = "\n".join(line for line in code.split("\n") if "torch" not in line)
    try:
        compile(code, "block", "exec")
    except SyntaxError:
        return None
    return code


def missing_module(code, options):
    """A module that a Python block needs and that is not installed."""
    for name in re.findall(r"^\s*(?:import|from) (\w+)", code, re.M):
        if name == "patina" and not options.with_package:
            return name
        optional = name == "torch" and ("ImportError" in code or without_torch(code))
        if not optional and importlib.util.find_spec(name) is None:
            return name
    return None


def run_block(workspace, folder, language, code, number):
    if language == "json":
        try:
            json.loads(code)
        except ValueError:
            for line in code.splitlines():
                json.loads(line)
    elif language == "sh":
        common = f" --model {MODEL} --out run-{number}"
        code = re.sub(r" \.\.\.$", lambda _: common, code, flags=re.M)
        workspace.run(folder, ["bash", "-eu", "-o", "pipefail", "-c", code])
    elif language == "python":
        if importlib.util.find_spec("torch") is None and "ImportError" not in code:
            code = without_torch(code)
        workspace.run(folder, [sys.executable, "-c", code])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patina", default=ROOT / "build/patina", help="the program")
    parser.add_argument("--with-package", action="store_true", help="the module patina is installed")
    parser.add_argument("files", nargs="*", metavar="FILE.md")
    options = parser.parse_args()
    passed, failed, skipped, not_run = 0, 0, 0, []
    workspace = Workspace(options.patina)
    try:
        for name in options.files or documents():
            path = ROOT / name
            text = path.read_text("utf-8")
            faults = broken_references(path, text)
            try:
                blocks = parse(text)
            except ValueError as fault:
                faults.append(str(fault))
                blocks = []
            for fault in faults:
                print(f"FAIL {name}: {fault}")
            failed += len(faults)
            folder = workspace.page(name, "".join(code for _, _, code, reason in blocks if not reason))
            for number, language, code, reason in blocks:
                title = f"{name}:{number} ({language})"
                if reason:
                    not_run.append(f"not run {title}: {reason}")
                    continue
                if language == "text":
                    continue
                if language == "c":
                    print(f"FAIL {title}: C is not run from documents; give the reason in a comment in front")
                    failed += 1
                    continue
                module = missing_module(code, options) if language == "python" else None
                if module:
                    print(f"skip {title}: the module '{module}' is not installed")
                    skipped += 1
                    continue
                try:
                    run_block(workspace, folder, language, code, number)
                except (RuntimeError, ValueError, subprocess.TimeoutExpired) as fault:
                    print(f"FAIL {title}\n{code}{fault}")
                    failed += 1
                else:
                    print(f"ok   {title}")
                    passed += 1
                sys.stdout.flush()
    finally:
        workspace.close()
    print("\n".join(not_run))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
