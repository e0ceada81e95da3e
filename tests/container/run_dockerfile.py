#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the Dockerfile in folders made with debootstrap, without Docker.

    run_dockerfile.py WORK    as root, with debootstrap and Debian's packages in reach

Understands what the Dockerfile uses: FROM debian, COPY, RUN, WORKDIR, USER, ENTRYPOINT and CMD. Then
runs the image's program as its user. The last line is "N passed, N failed, N skipped".
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE = "bookworm"  # Debian 12


def instructions(text):
    """(instruction, arguments) of every instruction, with continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


class BuildStage:
    def __init__(self, root):
        self.root, self.user, self.folder = root, "root", "/"

    def run(self, words, **more):
        inside = ["chroot", "--userspec", self.user, str(self.root), "/usr/bin/env", "-i",
                  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp",
                  "sh", "-c", f'cd {shlex.quote(self.folder)} && exec "$@"', "sh", *words]
        return subprocess.run(inside, **more)

    def copy(self, source, patterns, target):
        """COPY: a file or the content of a folder, except the names in .dockerignore."""
        for pattern in patterns:
            path = source / pattern.lstrip("/")
            place = self.root / target.lstrip("/")
            if path.is_dir():
                ignored = ((ROOT / ".dockerignore").read_text("utf-8").split()
                           if source == ROOT else [])

                def dockerignore_filter(folder, names, top=path):
                    if Path(folder) != top:
                        return []
                    return [name for name in names
                            if any(fnmatch.fnmatch(name, pattern) for pattern in ignored)]
                shutil.copytree(path, place, symlinks=True, ignore=dockerignore_filter, dirs_exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)


def make_debian_base(work):
    """A fresh Debian 12; made once, then copied."""
    base = work / "base"
    if not (base / "done").exists():
        shutil.rmtree(base, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, str(base)], check=True,
                       stdout=subprocess.DEVNULL)
        # The archive that debootstrap used, from its sources.list: "deb URL SUITE main".
        listed = base / "etc/apt/sources.list"
        archive = listed.read_text("utf-8").split()[1].rstrip("/")
        listed.write_text(f"deb {archive} {SUITE} main\n"
                          f"deb {archive} {SUITE}-updates main\n"
                          f"deb {archive}-security {SUITE}-security main\n", "utf-8")
        # apt uses the proxy settings of this machine.
        for name in ("etc/resolv.conf", "etc/hosts"):
            if os.path.exists("/" + name):
                shutil.copy2("/" + name, base / name)
        for name in Path("/etc/apt/apt.conf.d").glob("*"):
            shutil.copy2(name, base / "etc/apt/apt.conf.d" / name.name)
        (base / "done").touch()
    return base


def build(work):
    """The last stage and its default command."""
    stages, names, entry, default = [], {}, [], []
    for word, rest in instructions((ROOT / "Dockerfile").read_text("utf-8")):
        print(f"{word} {rest[:100]}", flush=True)
        if word == "FROM":
            image, *alias = rest.split()
            assert image == "debian:12-slim", image
            root = work / f"stage{len(stages)}"
            shutil.rmtree(root, ignore_errors=True)
            subprocess.run(["cp", "-a", str(make_debian_base(work)), str(root)], check=True)
            stages.append(BuildStage(root))
            if alias:
                names[alias[1]] = stages[-1]
        elif word == "COPY":
            words, source = rest.split(), ROOT
            if words[0].startswith("--from="):
                source = names[words.pop(0).partition("=")[2]].root
            stages[-1].copy(source, words[:-1], words[-1])
        elif word == "RUN":
            done = stages[-1].run(["sh", "-c", rest], capture_output=True, text=True)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        elif word == "WORKDIR":
            stages[-1].folder = rest
            (stages[-1].root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "USER":
            stages[-1].user = rest
        elif word == "ENTRYPOINT":
            entry = json.loads(rest)
        elif word == "CMD":
            default = json.loads(rest)
        else:
            raise AssertionError(f"unknown instruction {word}")
    return stages[-1], entry, default


def use(image, entry, default):
    """The container runs as its user, in the mounted folder."""
    assert image.user != "root" and entry == ["patina"]
    done = image.run([*entry, *default], capture_output=True, text=True)
    assert done.returncode == 0 and "commands:" in done.stdout, done
    assert image.run(["id", "-u"], capture_output=True, text=True).stdout == "1000\n"
    data = image.root / "data"
    for name, source in (("demo", "examples/demo"), ("mini", "tests/golden/clap/mini")):
        shutil.copytree(ROOT / source, data / name)
    done = image.run([*entry, "generate", "--corpus", "demo", "--model", "mini", "--out", "out"],
                     capture_output=True, text=True)
    # A folder of audio without captions: every clip is a reject, and there are no rows.
    assert done.returncode == 1 and (data / "out/rejects.jsonl").exists(), done
    done = image.run([*entry, "generate", "--corpus", "demo/manifest.jsonl", "--model", "mini",
                      "--out", "rows", "--quiet"], capture_output=True, text=True)
    assert done.returncode == 0, done
    assert (data / "rows/dataset.json").stat().st_uid == 1000
    tools = [name for name in ("cc", "meson", "ninja", "python3") if image.run(
        ["sh", "-c", f"command -v {name}"], capture_output=True).returncode == 0]
    assert not tools, tools


def main():
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        print("skip dockerfile: needs root and debootstrap\n0 passed, 0 failed, 1 skipped")
        return 0
    work = Path(sys.argv[1]).resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        use(*build(work))
    except AssertionError as fault:
        print(f"FAIL dockerfile: {fault}\n0 passed, 1 failed, 0 skipped")
        return 1
    finally:
        for stage in work.glob("stage*"):
            shutil.rmtree(stage, ignore_errors=True)
    print("1 passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
