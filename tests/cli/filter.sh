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
