#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Time and memory of planning a million rows, for every kind of list: bench/plan_lists.py PATINA MODEL [ROWS [KIND]...]

Each list names clips that do not exist; a folder and a tar hold empty files. A run is ended when it has the plan. Prints seconds of wall time and of CPU time, and the peak of resident memory, of one process each.
AudioCaps has five rows a clip, shuffled. Parquet needs pyarrow.
"""

import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import time


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)


def make_audiocaps(folder, n):
    order = list(range(n))
    random.Random(1).shuffle(order)
    write_lines(f"{folder}/train.csv", ["audiocap_id,youtube_id,start_time,caption"] +
                [f"{i},{i // 5:011d},{i // 5 % 300},A caption number {i} of a clip" for i in order])
    return f"{folder}/train.csv"


def make_table(folder, n):
    write_lines(f"{folder}/table.csv", ["file_name,caption"] + [f"clip{i}.wav,a caption number {i}" for i in range(n)])
    return f"{folder}/table.csv"


def make_jsonl(folder, n):
    write_lines(f"{folder}/list.jsonl",
                (json.dumps({"audio": f"clip{i}.wav", "caption": f"a caption number {i}"}) for i in range(n)))
    return f"{folder}/list.jsonl"


def make_wavcaps(folder, n):
    with open(f"{folder}/list.json", "w", encoding="utf-8") as out:
        out.write('{"num_captions_per_audio": 1, "data": [')
        for i in range(n):
            out.write(("," if i else "") + json.dumps({"id": f"Y{i}.wav", "caption": f"a caption {i}", "duration": 10.0}))
        out.write("]}")
    return f"{folder}/list.json"


def make_parquet(folder, n):
    import pyarrow as pa
    import pyarrow.parquet as pq
    table = pa.table({"audio": [f"clip{i}.wav" for i in range(n)], "caption": [f"a caption number {i}" for i in range(n)]})
    pq.write_table(table, f"{folder}/list.parquet", row_group_size=10000)
    return f"{folder}/list.parquet"


def make_folder(folder, n):
    for i in range(n):
        if i % 1000 == 0:
            os.makedirs(f"{folder}/audio/{i // 1000:04d}")
        open(f"{folder}/audio/{i // 1000:04d}/clip{i}.wav", "wb").close()
    return f"{folder}/audio"


def make_tar(folder, n):
    with tarfile.open(f"{folder}/list.tar", "w") as tar:
        for i in range(n):
            for name, content in (f"clip{i}.flac", b""), (f"clip{i}.txt", b"a caption"):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return f"{folder}/list.tar"


KINDS = {"audiocaps, shuffled": make_audiocaps, "table": make_table, "jsonl": make_jsonl, "wavcaps": make_wavcaps,
         "parquet": make_parquet, "webdataset": make_tar, "folder": make_folder}


def make_corpus(kind, folder, n):
    """Makes a list in another process: the peak of a child includes that of the process that started it."""
    made = subprocess.run([sys.executable, __file__, "--make", kind, folder, str(n)], check=True, stdout=subprocess.PIPE)
    return made.stdout.decode()


def main():
    if sys.argv[1] == "--make":
        print(KINDS[sys.argv[2]](sys.argv[3], int(sys.argv[4])), end="")
        return
    program, model = sys.argv[1:3]
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 1000000
    kinds = sys.argv[4:] or list(KINDS)
    print(f"{'kind':<22}{'rows':>10}{'wall s':>9}{'CPU s':>9}{'MB':>7}")
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            corpus = make_corpus(kind, folder, n)
            empty = f"{folder}/empty"
            os.makedirs(empty)
            started = time.monotonic()
            process = subprocess.Popen([program, "generate", "--corpus", corpus, "--audio-root", empty, "--model", model,
                                        "--out", f"{folder}/out"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            planned = any(b" entries (" in line or b"are rejected as" in line for line in process.stderr)
            took = time.monotonic() - started
            process.terminate()
            _, _, usage = os.wait4(process.pid, 0)
            process.stderr.close()
            if not planned:
                sys.exit(f"{kind}: it ended before the plan was made")
            print(f"{kind:<22}{n:>10}{took:>9.1f}{usage.ru_utime + usage.ru_stime:>9.1f}{usage.ru_maxrss / 1024:>7.0f}",
                  flush=True)


if __name__ == "__main__":
    main()
