#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sweep.py - fails allocations and system calls of the program, one call stack at a time

    tests/faults/sweep.py --program build/patina --library build/tests/faults/libfaults.so
                          [--sample N] [--part I/N] [--seed S] [--command NAME]... [--jobs N]
                          [--kind alloc|call] [--function NAME]... [--errno NAME]... [--repeat WORDS]... [--list]

Every command runs once with the fault library only recording: this gives its distinct call stacks.
For each stack the first call with it fails, once and from there on; system calls also for a while: longer than
the program tries again, at this place alone. The order of these runs is drawn from the seed, stacks that an
earlier command has, too, last: --sample takes the first N of all commands together, and --part piece I of N, so
that N calls make the whole sweep. A system call fails with an errno that is drawn, too, or with each --errno.
After each run:

  - the status is 0, 1, 2 or 75, or a signal raised by a third-party library
  - what is said of a failed allocation is about memory
  - with status 0, output and files are those of the undisturbed command
  - the same command without faults ends with status 0 and the undisturbed files; once for each
    different content of the folder

Works in $TMPDIR, or in /dev/shm, where flushing costs nothing. Prints each violation, then counts for
fuzz/LOG.md, and closes with "N passed, N failed, N skipped".
"""

import argparse
import concurrent.futures
import errno
import gzip
import hashlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MINI = str(ROOT / "tests/golden/clap/mini")
CLIPS = ROOT / "examples/demo/clips"
FLAC, OGG = "misc_crow.flac", "guit_e_slide.ogg"  # short
ERRNOS = (errno.EIO, errno.ENOSPC, errno.EMFILE, errno.EINTR, errno.ESTALE, errno.EBUSY, errno.EDQUOT,
          0)  # 0: short reads and writes
REPEATS = {"once": "", "a while": "4", "from there on": "always"}  # FAULT_REPEAT; the program tries 3 more times
STATUSES = (0, 1, 2, 75)
TIMEOUT_S = 300

MODEL = ["--model", MINI, "--threads", "1", "--quiet"]
RUN = ["--model", MINI, "--corpus", "{root}/manifest.jsonl", "--threads", "1", "--out", "set", "--quiet"]

# name: (commands that prepare the folder, the command under test)
COMMANDS = {
    "generate": ([], ["generate", *RUN, "--chunk", "1"]),
    "generate-jsonl": ([], ["generate", *RUN, "--chunk", "2", "--format", "jsonl"]),
    "corpora": ([], ["generate", *MODEL, "--corpus", "{root}/folder", "--corpus", "{root}/clips.tar",
                     "--corpus", "{root}/table/metadata/clips.csv", "--corpus", "{root}/json/list.json", "--fingerprint",
                     "--keep-audio", "kept", "--out", "set"]),
    "lists": ([], ["generate", *MODEL, "--corpus", "{root}/lists/packed.jsonl.gz", "--corpus",
                   "{root}/lists/packed.tar.gz", "--corpus", "{root}/lists/wide.jsonl", "--corpus",
                   "{root}/lists/MACS.yaml", "--corpus", "{root}/lists/kaldi", "--corpus",
                   "{root}/lists/train.parquet", "--filter", "caption!~dog,rate>8000", "--require", "codec!~mp3",
                   "--exclude", "{root}/lists/exclude.csv", "--out", "set"]),
    "overwrite": ([["generate", *RUN]], ["generate", *RUN, "--overwrite", "--seed", "9"]),
    "merge": ([["generate", *MODEL, "--corpus", "{root}/folder", "--out", "a"],
               ["generate", *MODEL, "--corpus", "{root}/clips.tar", "--out", "b"]],
              ["merge", "a", "b", "--out", "set"]),
    "resume": ([["generate", *RUN, "--chunk", "1", "--shard", "0/2"]],
               ["generate", *RUN, "--chunk", "1"]),
    "resume-from": ([["generate", *RUN, "--chunk", "1", "--shard", "1/2"], ["move", "set", "old"]],
                    ["generate", *RUN, "--chunk", "1", "--resume-from", "old"]),
    "finish": ([["generate", *RUN, "--chunk", "1", "--shard", "0/1"]], ["finish", "set"]),
    "verify": ([["generate", *RUN]], ["verify", "set"]),
    "inspect": ([["generate", *RUN]], ["inspect", "set", "--json"]),
    "report": ([["generate", *RUN]], ["inspect", "set", "--report", "page.html", "--audio-root", "{root}"]),
    "measure": ([], ["measure", "--json", "{root}/%s" % FLAC]),
    "degrade": ([], ["degrade", "{root}/%s" % FLAC, "out.wav", "--seed", "3"]),
    "embed": ([], ["embed", "--model", MINI, "--audio", "{root}/%s" % FLAC, "--out", "out.npy"]),
    "effects": ([], ["effects"]),
}


def tree(folder):
    """Paths and hashes of all files, without modification times."""
    return {str(path.relative_to(folder)):
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            for path in sorted(Path(folder).rglob("*"))}


def without_work_folders(files):
    """A work folder that could not be removed is ignored if there is a dataset.json."""
    return {path: content for path, content in files.items()
            if "/.patina" not in path or str(Path(path).parts[0]) + "/dataset.json" not in files}


class Sweep:
    def __init__(self, options):
        self.program = str(Path(options.program).resolve())
        self.library = str(Path(options.library).resolve())
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) and "TMPDIR" not in os.environ else None
        self.root = Path(tempfile.mkdtemp(prefix="patina-faults-", dir=memory))
        self.thread, self.servers = threading.local(), []
        shutil.copy(CLIPS / FLAC, self.root)
        shutil.copy(CLIPS / OGG, self.root)
        (self.root / "manifest.jsonl").write_text(
            f'{{"audio": "{FLAC}", "caption": "A crow"}}\n'
            f'{{"audio": "{OGG}", "caption": ["A slide on a guitar", "Somebody slides on a guitar"]}}\n')

        self.make_corpora()

    def make_corpora(self):
        """Folder with captions beside its clips and a link, tar, table with a folder of its own, JSON list."""
        folder, linked, audio = self.root / "folder", self.root / "linked", self.root / "table/audio/fold1"
        for path in folder, linked, audio, self.root / "table/metadata":
            path.mkdir(parents=True)
        for path, clip in ((folder / "a", FLAC), (linked / "b", OGG)):
            shutil.copy(CLIPS / clip, path.with_suffix(Path(clip).suffix))
            path.with_suffix(".txt").write_text(f"Sound {path.name}\n")
        (folder / "more").symlink_to("../linked")
        with tarfile.open(self.root / "clips.tar", "w") as tar:
            tar.add(CLIPS / FLAC, "t.flac")
            tar.add(folder / "a.txt", "t.txt")
        shutil.copy(CLIPS / FLAC, audio / "c.flac")
        (self.root / "table/metadata/clips.csv").write_text("slice_file_name,fold,class\nc.flac,1,crow\n")
        # In a folder of its own: its clips are looked for in the folders below, and other runs' come and go.
        (self.root / "json").mkdir()
        (self.root / "json/list.json").write_text(json.dumps({"d.flac": {"caption": "A crow"}}))
        shutil.copy(CLIPS / FLAC, self.root / "json/d.flac")
        self.make_lists(self.root / "lists")

    def make_lists(self, folder):
        """A list and a tar compressed, lists in UTF-16 and as YAML, Kaldi's folder, a Parquet file of paths."""
        clips = ["packed.flac", "wide.flac", "macs.flac", "kaldi/kaldi.flac", "clips/a.wav", "clips/b.wav"]
        for clip in clips:
            (folder / clip).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CLIPS / FLAC, folder / clip)
        line = '{"audio": "%s", "caption": "A crow"}\n'
        (folder / "packed.jsonl.gz").write_bytes(gzip.compress((line % clips[0]).encode()))
        with tarfile.open(folder / "packed.tar.gz", "w:gz") as tar:
            tar.add(CLIPS / FLAC, "t.flac")
            tar.add(self.root / "folder/a.txt", "t.txt")
        (folder / "wide.jsonl").write_bytes((line % clips[1]).encode("utf-16"))
        (folder / "MACS.yaml").write_text(
            f"files:\n- filename: {clips[2]}\n  annotations:\n  - annotator_id: 1\n    sentence: A crow\n")
        (folder / "kaldi/wav.scp").write_text("one kaldi.flac\n")
        (folder / "kaldi/text").write_text("one A crow\n")
        (folder / "exclude.csv").write_text("# Segments\n# YTID, start\nb.wav, 0\n")
        shutil.copy(ROOT / "tests/data/corpora/hub_paths/train.parquet", folder)

    def server(self):
        """The process of this thread that forks the program for each command."""
        server = getattr(self.thread, "server", None)
        if not server or server.poll() is not None:
            server = self.thread.server = subprocess.Popen(
                [self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                bufsize=0,
                env=dict(os.environ, LD_PRELOAD=self.library, FAULT_SERVER="1"))
            self.servers.append(server)
        return server

    def close(self):
        for server in self.servers:
            server.stdin.close()
            server.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, folder, command, log="", stack="", frame="", repeat="", error=""):
        if command[0] == "move":
            os.rename(folder / command[1], folder / command[2])
            return None
        server, out, errors = self.server(), Path(f"{folder}.out"), Path(f"{folder}.err")
        fields = [folder, out, errors, log, stack, frame, repeat, error,
                  *(word.replace("{root}", str(self.root)) for word in command)]
        server.stdin.write("\x1f".join(map(str, fields)).encode() + b"\n")
        server.stdin.flush()
        child = int(server.stdout.readline())
        if not select.select([server.stdout], [], [], TIMEOUT_S)[0]:
            os.kill(child, signal.SIGKILL)
            server.stdout.readline()
            raise subprocess.TimeoutExpired(command, TIMEOUT_S)
        status = os.waitstatus_to_exitcode(int(server.stdout.readline()))
        done = subprocess.CompletedProcess(command, status, out.read_bytes(), errors.read_bytes())
        out.unlink()
        errors.unlink()
        return done

    def prepare(self, name, folder):
        folder.mkdir()
        for command in COMMANDS[name][0]:
            done = self.run(folder, command)
            if done and done.returncode not in (0, 75):
                sys.exit(f"{name}: {command}: {done.stderr.decode()}")

    def record(self, name):
        """Folder, output and call stacks of a command without faults."""
        before, after, log = self.root / f"{name}.before", self.root / f"{name}.after", \
            self.root / f"{name}.log"
        self.prepare(name, before)
        shutil.copytree(before, after, symlinks=True)
        done = self.run(after, COMMANDS[name][1], log=log)
        if done.returncode != 0:
            sys.exit(f"{name}: status {done.returncode} without a fault: {done.stderr.decode()}")
        stacks = [line.split() for line in log.read_text().splitlines()
                  if line.startswith(("alloc ", "call "))]
        # "recovered": contents of the folder from which the next run reached the undisturbed files
        return {"before": before, "tree": tree(after), "stdout": done.stdout, "stacks": stacks,
                "recovered": [tree(before), tree(after)]}

    def locate(self, log):
        """The program's frames of the call that failed, innermost first."""
        frames = next((line.split()[2:] for line in log.read_text().splitlines()
                       if line.startswith("failed ")), [])
        frames = [frame for frame in frames if frame != "0"]
        if not frames or not shutil.which("addr2line"):
            return ""
        done = subprocess.run(["addr2line", "-fs", "-e", self.program, *frames[:8]],
                              stdout=subprocess.PIPE, text=True)
        return " < ".join(done.stdout.splitlines()[::2])

    def point(self, name, known, stack, repeat, number, error):
        """Makes one call fail; returns None or the problem, and whether a third-party library raised a signal."""
        kind, key, function, module, frame = stack
        folder, log = self.root / f"{name}.{number}", self.root / f"{name}.{number}.log"
        shutil.copytree(known["before"], folder, symlinks=True)
        faults = {"stack": key, "frame": frame, "error": error, "log": log, "repeat": REPEATS[repeat]}
        what = f"{name}: {function} in {module}, stack {key}, errno {error}, {repeat}"
        third_party = False
        try:
            wrong, third_party = self.check(name, known, folder, log, faults, what, kind == "alloc")
            return (f"{wrong}\n    at {self.locate(log)}" if wrong else None), third_party
        except subprocess.TimeoutExpired:
            return f"{what}: no end after {TIMEOUT_S} s", False
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            log.unlink(missing_ok=True)

    def check(self, name, known, folder, log, faults, what, is_alloc):
        third_party = False
        done = self.run(folder, COMMANDS[name][1], **faults)
        said = (done.stderr + done.stdout[-1000:]).decode("utf-8", "replace").strip()
        if done.returncode < 0:
            lines = [line for line in log.read_text().splitlines() if line.startswith("signal")]
            raised = lines[0].split() if lines else ["signal", "?", "?"]
            third_party = raised[2] not in ("program", "?")
            if third_party:
                print(f"third-party signal {raised[1]} in {raised[2]}: {what}\n    at {self.locate(log)}", flush=True)
            else:
                return f"{what}: signal {-done.returncode} {lines}: {said[-300:]}", False
        elif done.returncode not in STATUSES:
            return f"{what}: status {done.returncode}: {said[-300:]}", False
        elif done.returncode == 0 and done.stdout != known["stdout"]:
            return f"{what}: status 0 with another output: {said[-300:]}", False
        left = tree(folder)
        if done.returncode == 0 and without_work_folders(left) != known["tree"]:
            return f"{what}: status 0 with other files: {said[-300:]}", False
        # What is said of an allocation that fails once is about memory and not about the data; pthread_create
        # returns EAGAIN.
        if (is_alloc and not faults["repeat"] and done.returncode > 0 and "memory" not in said
                and "Resource temporarily unavailable" not in said):
            return f"{what}: status {done.returncode}: {said[-300:]}", third_party
        if left in known["recovered"]:
            return None, third_party
        again = self.run(folder, COMMANDS[name][1])
        if again.returncode != 0:
            return (f"{what}: status {done.returncode} ({said[-300:]}), then {again.returncode}: "
                    f"{again.stderr.decode('utf-8', 'replace').strip()[-300:]}"), third_party
        if tree(folder) != known["tree"]:
            changed = sorted(set(tree(folder).items()) ^ set(known["tree"].items()))
            return f"{what}: other files after the next run: {changed[:6]}", third_party
        known["recovered"].append(left)
        return None, third_party


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(ROOT / "build/patina"))
    parser.add_argument("--library", default=str(ROOT / "build/tests/faults/libfaults.so"))
    parser.add_argument("--sample", type=int)
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--kind", choices=("alloc", "call"))
    parser.add_argument("--function", action="append")
    parser.add_argument("--errno", action="append")
    parser.add_argument("--repeat", action="append", choices=REPEATS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--command", action="append", choices=COMMANDS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="only print the stacks")
    options = parser.parse_args()

    sweep = Sweep(options)
    draw = random.Random(options.seed)
    points, counts, failed, seen = [], {}, 0, set()
    try:
        for name in options.command or COMMANDS:
            known = sweep.record(name)
            counts[name] = {"stacks": len(known["stacks"]), "points": 0, "third_party": 0, "failed": 0}
            for stack in known["stacks"]:
                if options.kind not in (None, stack[0]) or stack[2] not in (options.function or [stack[2]]):
                    continue
                if options.list:
                    print(name, *stack)
                for repeat in options.repeat or REPEATS:
                    if stack[0] == "alloc" and repeat == "a while":
                        continue  # an allocation is tried once
                    for error in options.errno or [None]:
                        number = getattr(errno, error) if error else draw.choice(ERRNOS)
                        points.append((name, known, stack, repeat, len(points), number, stack[1] in seen))
            seen.update(stack[1] for stack in known["stacks"])
        if options.list:
            return
        part, n_parts = map(int, options.part.split("/"))
        draw.shuffle(points)
        points.sort(key=lambda point: point[-1])
        points = points[len(points) * part // n_parts:len(points) * (part + 1) // n_parts][:options.sample]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for point, (wrong, third_party) in zip(points, pool.map(lambda p: sweep.point(*p[:-1]), points)):
                count = counts[point[0]]
                count["points"] += 1
                count["third_party"] += third_party
                if wrong:
                    count["failed"] += 1
                    failed += 1
                    print(wrong, flush=True)
    finally:
        sweep.close()
    print("\n| command | call stacks | runs | signals of third-party libraries | violations |\n|---|---|---|---|---|")
    for name, count in counts.items():
        print(f"| {name} | {count['stacks']} | {count['points']} | {count['third_party']} | {count['failed']} |")
    print(f"{len(points) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
