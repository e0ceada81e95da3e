# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# filter.sh - --filter and --require: entries by their columns, captions, audio and quality

# Rows of a clip are judged one by one, and its other captions keep their numbers.
test_columns_and_captions() {
    py <<'E'
samples = noise(48000)
for name in "a.wav", "b.wav", "c.wav":
    write_wav(name, samples)
rows = [("a.wav", "a dog barks", "CC0", 4), ("b.wav", "rain", "CC-BY", 2), ("a.wav", "a man, speaking", "CC0", 1),
        ("c.wav", "a very long caption of a car", "CC0", 3), ("a.wav", "dogs", "BY", 9)]
with open("t.csv", "w") as file:
    file.write("file_name,caption,license,stars\n")
    for name, caption, licence, stars in rows:
        file.write(f'{name},"{caption}",{licence},{stars}\n')
write_jsonl("m.jsonl", [{"audio": n, "caption": c, "license": l, "stars": s} for n, c, l, s in rows])
def run(corpus, *args):
    shutil.rmtree("set", ignore_errors=True)
    patina("generate", "-q", "--corpus", corpus, "--model", MINI, "--out", "set", "--keep-going", *args)
    return ([(p["entry"], p["caption"], p["caption_index"]) for p in read_provenance("set")],
            [(r["entry"], r["reason"]) for r in read_rejects("set")])
dog, man, long = ("a.wav", "a dog barks", 0), ("a.wav", "a man, speaking", 1), ("c.wav", rows[3][1], 0)
for corpus in "t.csv", "m.jsonl":
    kept, rejects = run(corpus, "--filter", "licence=CC0,caption!~'man, '")
    assert kept == [dog, long], kept
    assert rejects == [("a.wav", "filtered")] * 2 + [("b.wav", "filtered")], rejects
    kept, _ = run(corpus, "--filter", "caption_length<20,stars<=4")
    assert kept == [dog, man, ("b.wav", "rain", 0)], kept
    kept, rejects = run(corpus, "--filter", "caption~speak", "--captions", "first")
    assert kept == [man], kept
    assert len(rejects) == 2, rejects
    settings = json.load(open("set/dataset.json"))["settings"]
    assert settings["filter"] == "caption~speak" and "require" not in settings
    failed = subprocess.run([PATINA, "generate", "--corpus", corpus, "--model", MINI, "--out", "none", "--filter",
                             "foo=1"], stderr=subprocess.PIPE)
    assert failed.returncode == 2, failed
    assert all(word in failed.stderr for word in (b"'foo' is not a field", b"duration", b"'stars'")), failed
    assert not os.path.exists("none")
E
}

# The .json beside a clip, in a folder and in a tar: a clip without it has empty fields.
test_sidecars() {
    py <<'E'
import glob, tarfile
os.makedirs("d")
for name, fields in {"a": {"text": "a dog", "similarity": 0.5, "license": "CC0"},
                     "b": {"text": "rain", "similarity": 0.2, "license": "CC0"},
                     "c": {"text": ["a car", "cars"], "similarity": 0.9, "license": "BY"}, "d": None}.items():
    write_wav(f"d/{name}.wav", noise(48000))
    with open(f"d/{name}." + ("json" if fields else "txt"), "w") as file:
        file.write(json.dumps(fields) if fields else "a bird")
with tarfile.open("t.tar", "w") as tar:
    for name in sorted(os.listdir("d")):
        tar.add(f"d/{name}", name)
def run(corpus, *args):
    shutil.rmtree("set", ignore_errors=True)
    patina("generate", "-q", "--corpus", corpus, "--model", MINI, "--out", "set", "--keep-going", *args)
    return ([p["caption"] for p in read_provenance("set")], sorted({r["reason"] for r in read_rejects("set")}))
for corpus in "d", "t.tar":
    assert run(corpus, "--filter", "similarity>=0.3") == (["a dog", "a car", "cars"], ["filtered"]), corpus
    assert run(corpus, "--filter", "licence=CC0,similarity<0.3") == (["rain"], ["filtered"]), corpus
    failed = subprocess.run([PATINA, "generate", "--corpus", corpus, "--model", MINI, "--out", "none", "--filter",
                             "foo=1"], stderr=subprocess.PIPE)
    assert failed.returncode == 2 and b"'similarity'" in failed.stderr, failed
    patina("generate", "-q", "--corpus", corpus, "--model", MINI, "--out", "split", "--split", "left=0.5,right=0.5",
           "--split-key", "license")
    splits = {}
    for path in glob.glob("split/provenance/*"):
        for line in open(path):
            splits[json.loads(line)["caption"]] = os.path.basename(path)[0]
    assert len(splits) == 5 and splits["a dog"] == splits["rain"], splits
    shutil.rmtree("split")
shutil.rmtree("d")
os.makedirs("d")
write_wav("d/a.wav", noise(48000))
open("d/a.txt", "w").write("a dog")
failed = subprocess.run([PATINA, "generate", "--corpus", "d", "--model", MINI, "--out", "none", "--filter", "foo=1"],
                        stderr=subprocess.PIPE)
assert failed.returncode == 2 and b"'foo' is not a field" in failed.stderr, failed
E
}

# Conditions on the audio, and on the quality of the source.
test_audio_and_quality() {
    py <<'E'
write_wav("short.wav", noise(48000))
write_wav("long.wav", noise(96000))
write_wav("slow.wav", noise(32000), rate=16000)
write_wav("clipped.wav", [max(-0.05, min(0.05, v)) for v in noise(48000)])
names = ["short.wav", "long.wav", "slow.wav", "clipped.wav"]
write_jsonl("m.jsonl", [{"audio": n, "caption": "noise"} for n in names])
def run(*args):
    shutil.rmtree("set", ignore_errors=True)
    patina("generate", "-q", "--corpus", "m.jsonl", "--model", MINI, "--out", "set", *args)
    return [p["entry"] for p in read_provenance("set")], [(r["entry"], r["reason"]) for r in read_rejects("set")]
assert run("--filter", "duration>=2")[0] == ["long.wav", "slow.wav"]
assert run("--filter", "rate>=48000,channels=1")[0] == ["short.wav", "long.wav", "clipped.wav"]
kept, rejects = run("--require", "bandwidth_hz>=16000,flat_run<=3,codec!=mp3,lossy=false,bits>=16")
assert kept == ["short.wav", "long.wav"], kept
assert rejects == [("slow.wav", "low_quality"), ("clipped.wav", "low_quality")], rejects
patina("generate", "--corpus", "m.jsonl", "--model", MINI, "--out", "none", "--require", "loudness>1", status=2)
E
}
