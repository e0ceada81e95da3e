#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""extension.py [--program build/patina] [TEST...] - an effect, a corpus reader and a column need one line each

Copies the sources to build/extension, adds a seventh effect (hum.c), a corpus reader (playlist.c) and
an output column (target_peak), each by its file or function and one line in its table, builds the
copy, and generates, inspects, verifies and prints help with it. The last line is "N passed, N failed,
N skipped".
"""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.join(ROOT, "build/patina")
COPY = os.path.join(ROOT, "build/extension/source")
BUILD = os.path.join(ROOT, "build/extension/build")
WORK = os.path.join(ROOT, "build/extension/work")
EXTENDED = os.path.join(BUILD, "patina")
DEMO = os.path.join(ROOT, "examples/demo")
MODEL = os.path.join(ROOT, "tests/golden/clap/mini")
SOURCES = ["src", "include", "cli", "man", "tools", "meson.build", "meson_options.txt", "LICENSE"]


def write_if_changed(path, text):
    """Keeps the time stamp of a file whose text is unchanged, so that ninja does nothing."""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def insert_line(text, after, line):
    """Adds a line after the last line that contains `after`."""
    lines = text.split("\n")
    at = max(i for i, content in enumerate(lines) if after in content)
    return "\n".join(lines[:at + 1] + [line] + lines[at + 1:])


# The tables, and the line of each extension.
TABLES = {
    "src/degrade/effects.def": lambda t: insert_line(t, "PT_EFFECT(pops)", "PT_EFFECT(hum)"),
    "src/corpus/corpus_reader.h":
        lambda t: insert_line(t, "#define PT_CORPUS_READERS(READER)", "    READER(playlist) \\"),
    "src/corpus/meson.build": lambda t: t.replace("files(", "files('playlist.c', ", 1),
    "src/dataset/columns.h": lambda t: insert_line(t, "#define PT_COLUMNS(SCALAR, LIST)", COLUMN),
    "src/dataset/schema.c":
        lambda t: t.replace("static void fill_dyn(", FILL_COLUMN + "static void fill_dyn(", 1),
}
COLUMN = ('    SCALAR(target_floor, "dBFS", "lowest level of target_ltas", fill_floor, '
          '{"lowest level", "dBFS", 1, PATINA_LTAS_FLOOR, INFINITY}) \\')
FILL_COLUMN = """static void fill_floor(const pt_row_source *source, float *values) {
    *values = INFINITY;
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        *values = fminf(*values, (float)source->targets->ltas[b]);
}

"""
FILES = {"src/degrade/hum.c": "hum.c", "src/corpus/playlist.c": "playlist.c"}


def copy_sources():
    wanted = set(FILES)
    for name in SOURCES:
        path = os.path.join(ROOT, name)
        folders = os.walk(path) if os.path.isdir(path) else [(ROOT, [], [name])]
        for folder, _, files in folders:
            for file in files:
                source = os.path.join(folder, file)
                relative = os.path.relpath(source, ROOT)
                wanted.add(relative)
                with open(source, encoding="utf-8") as text:
                    content = text.read()
                write_if_changed(os.path.join(COPY, relative),
                                 TABLES.get(relative, lambda t: t)(content))
    for target, source in FILES.items():
        with open(os.path.join(HERE, source), encoding="utf-8") as text:
            write_if_changed(os.path.join(COPY, target), text.read())
    for folder, _, files in os.walk(COPY):
        for file in files:
            path = os.path.join(folder, file)
            if os.path.relpath(path, COPY) not in wanted:
                os.remove(path)


def build():
    environment = dict(os.environ)
    if shutil.which("ccache") and "CC" not in environment:
        environment["CC"] = "ccache cc"
    options = ["-Doptimization=0", "-Ddebug=false", "-Dtests=false", "-Dpython=false"]
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["meson", "setup", BUILD, COPY, *options], check=True, env=environment,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "--quiet", "patina"], check=True, env=environment)


def run(*args, program=None):
    done = subprocess.run([program or EXTENDED, *args], stdin=subprocess.DEVNULL, cwd=WORK,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, f"{args}: status {done.returncode}: {done.stderr}"
    return done.stdout


def read_jsonl(*path):
    with open(os.path.join(WORK, *path), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def provenance(out):
    folder = os.path.join(WORK, out, "provenance")
    return [line for name in sorted(os.listdir(folder)) for line in read_jsonl(folder, name)]


def rows(out):
    folder = os.path.join(WORK, out, "data")
    return [line for name in sorted(os.listdir(folder)) for line in read_jsonl(folder, name)]


def generate(out, *args, program=None, corpus=DEMO + "/manifest.jsonl", output_format="jsonl"):
    run("generate", "--corpus", corpus, "--audio-root", DEMO, "--model", MODEL, "--out", out, "--seed",
        "5", "--format", output_format, "--limit", "10", "--quiet", *args, program=program)


# ---- tests ------------------------------------------------------------------------------------

def test_existing_rows_do_not_change():
    """Without a probability the effect is never drawn, also in random order."""
    for order in "physical", "random":
        args = "--order", order, "--variants", "2"
        generate("before-" + order, *args, program=PROGRAM)
        generate("after-" + order, *args)
        before, after = provenance("before-" + order), provenance("after-" + order)
        assert before == after and len(before) > 15, (len(before), len(after))
        for a, b in zip(rows("before-" + order), rows("after-" + order)):
            assert a.items() <= b.items()


def test_effect_is_drawn():
    """A configuration enables it; it is part of a random order."""
    with open(os.path.join(WORK, "suite.json"), "w", encoding="utf-8") as file:
        json.dump({"hum": {"probability": 1, "snr_db": [12, 18]}}, file)
    generate("hum", "--suite", "suite.json", "--order", "random", "--variants", "2")
    chains = [line["chain"] for line in provenance("hum") if line["chain"]]
    places = [[stage["fx"] for stage in chain].index("hum") for chain in chains]
    assert len(chains) > 15 and len(set(places)) > 2, places
    values = [stage for chain in chains for stage in chain if stage["fx"] == "hum"]
    assert {stage["freq"] for stage in values} == {"50", "60"}
    assert all(12 <= stage["snr_db"] <= 18 for stage in values)
    run("verify", "hum")


def test_effect_is_shown():
    n_rows = len([line for line in provenance("hum") if line["chain"]])
    inspected = json.loads(run("inspect", "hum", "--json"))
    assert inspected["effects"]["hum"] == n_rows and len(inspected["together"]) == 7
    assert "hum" in run("inspect", "hum")
    run("inspect", "hum", "--report", "hum.html", "--audio-root", DEMO)
    with open(os.path.join(WORK, "hum.html"), encoding="utf-8") as file:
        assert "<h3>hum</h3>signal-to-hum ratio" in file.read()
    assert "hum: mains hum; in 0 % of degraded rows" in run("effects")
    assert json.loads(run("generate", "--print-suite"))["hum"]["probability"] == 0


def test_effect_by_name():
    clip = os.path.join(DEMO, "clips", sorted(os.listdir(DEMO + "/clips"))[0])
    recipe = json.loads(run("degrade", "--effects", "hum,noise", "--severity", "heavy", clip, "hum.wav"))
    assert [stage["fx"] for stage in recipe["chain"]] == ["hum", "noise"]
    assert abs(recipe["chain"][0]["snr_db"] - 14.5) < 1e-9


def test_reader():
    """A playlist gives the rows of the same clips in a manifest, and its kind is listed."""
    clips = [clip["audio"] for clip in read_jsonl(DEMO, "manifest.jsonl")[:4]]
    with open(os.path.join(WORK, "list.m3u"), "w", encoding="utf-8") as file:
        file.write("#EXTM3U\n" + "".join(f"#EXTINF:0,caption {i}\n{clip}\n"
                                         for i, clip in enumerate(clips)))
    with open(os.path.join(WORK, "list.jsonl"), "w", encoding="utf-8") as file:
        file.write("".join(json.dumps({"audio": clip, "caption": f"caption {i}"}) + "\n"
                           for i, clip in enumerate(clips)))
    generate("playlist", corpus="list.m3u")
    generate("manifest", corpus="list.jsonl")
    assert rows("playlist") == rows("manifest") and len(rows("playlist")) == 4
    assert "playlist" in run("generate", "--list-kinds")


def test_column():
    """The column is in both formats, checked, described and counted."""
    generate("column", output_format="parquet")
    run("verify", "column")
    generate("lines")
    assert all(row["target_floor"] == min(row["target_ltas"]) for row in rows("lines"))
    inspected = json.loads(run("inspect", "column", "--json"))
    assert {"name": "target_floor", "type": "float32", "length": 1, "unit": "dBFS"} in \
        inspected["columns"]
    lowest = min(row["target_floor"] for row in rows("lines"))
    assert inspected["targets"]["target_floor"]["quantiles"]["min"] == lowest
    assert "lowest level" in run("inspect", "lines")
    with open(os.path.join(WORK, "column/README.md"), encoding="utf-8") as file:
        assert "| `target_floor` | float32 | dBFS | lowest level of target_ltas |" in file.read()


def test_help():
    for command in "generate", "degrade", "effects", "inspect", "verify":
        assert "usage" in run(command, "--help").lower()


def main():
    global PROGRAM
    names = sys.argv[1:]
    if names[:1] == ["--program"]:
        PROGRAM = os.path.abspath(names[1])
        del names[:2]
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    copy_sources()
    build()
    counts = [0, 0]
    for name, test in [item for item in globals().items() if item[0].startswith("test_")]:
        if names and name[5:] not in names:
            continue
        try:
            test()
            counts[0] += 1
            print("ok extension." + name[5:])
        except Exception as error:  # the other tests still run
            counts[1] += 1
            print(f"FAIL extension.{name[5:]}: {type(error).__name__}: {error}")
    print(f"{counts[0]} passed, {counts[1]} failed, 0 skipped")
    return 1 if counts[1] else 0


sys.exit(main())
