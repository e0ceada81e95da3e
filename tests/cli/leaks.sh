# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# leaks.sh - clips with the same sound in different splits: --split-key, --fingerprint, inspect

# Clips of 8 s and of 60 s, each also in MP3, Opus and Vorbis.
make_codings() {
    [ -n "$(command -v ffmpeg)" ] || skip "no ffmpeg"
    py <<'E'
os.makedirs("src")
clips = ["loop_tabla.flac", "misc_crow.flac"]
codecs = {"wav": [], "mp3": ["-c:a", "libmp3lame", "-b:a", "96k"],
          "opus": ["-c:a", "libopus", "-b:a", "64k"], "ogg": ["-c:a", "libvorbis", "-q:a", "3"]}
for clip in clips:
    for seconds in 8, 60:
        name = f"{clip.split('.')[0]}-{seconds}"
        subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", f"{DEMO}/clips/{clip}", "-t", str(seconds),
                        "source.wav", "-y"], check=True)
        for extension, options in codecs.items():
            subprocess.run(["ffmpeg", "-v", "error", "-i", "source.wav", *options, f"src/{name}-{extension}.{extension}"],
                           check=True)
            with open(f"src/{name}-{extension}.txt", "w") as out:
                out.write(name)
E
}

test_every_coding_is_found() {
    skip_with_sanitizer
    make_codings
    generate --corpus src --out plain --split train=0.5,test=0.5 --format jsonl
    generate --corpus src --out fingerprint --split train=0.5,test=0.5 --format jsonl --fingerprint
    generate --corpus src --out sound --split train=0.5,test=0.5 --format jsonl --split-key sound
    py <<'E'
def pairs(out):
    captions, splits = {}, {}
    for path in parts(out, "provenance"):
        for line in read_jsonl(path):
            captions[line["entry"]] = line["caption"]
            splits[line["entry"]] = os.path.basename(path).split("-")[0]
    found = json.loads(patina("inspect", "--json", out))["same_sound"]
    listed = [tuple(sorted(p["entries"])) for p in found["pairs"]]
    assert len(set(listed)) == len(listed) == found["pairs_between_splits"] + found["pairs_in_a_split"]
    for p in found["pairs"]:
        assert [splits[e] for e in p["entries"]] == p["splits"]
    assert found["pairs_between_splits"] == sum(splits[a] != splits[b] for a, b in listed)
    for a, b in listed:
        assert captions[a] == captions[b], (a, b)
    return captions, set(listed), found["pairs_between_splits"]
for out, seconds in ("plain", {"8"}), ("fingerprint", {"8", "60"}), ("sound", {"8", "60"}):
    captions, found, between = pairs(out)
    expected = {(a, b) for a in captions for b in captions
                if a < b and captions[a] == captions[b] and captions[a].split("-")[1] in seconds}
    assert len(expected) == 12 * len(seconds) and expected <= found, (out, expected - found)
    assert (between == 0) == (out == "sound"), (out, between)
# the rows are those of a run without fingerprints
def members(out):
    return {(p["entry"], p["variant"]): (p["chain"], p["window"], p["lufs_source"]) for p in read_provenance(out)}
assert members("plain") == members("fingerprint") == members("sound")
fingerprint = read_provenance("fingerprint")[0]["fingerprint"]
assert len(fingerprint["levels_db"]) == 48 and fingerprint["length_s"] in (8, 60)
assert "fingerprint" not in read_provenance("plain")[0]
E
    run inspect fingerprint
    assert_stdout "pairs of clips with the same sound: "
    # a shard makes the same splits
    for i in 0 1; do
        generate --corpus src --out shards --split train=0.5,test=0.5 --format jsonl --split-key sound --chunk 8 --shard $i/2
    done
    run finish shards
    assert_status 0
    py <<'E'
def splits(out):
    return {p["entry"]: os.path.basename(path)[:5] for path in parts(out, "provenance") for p in read_jsonl(path)}
assert splits("shards") == splits("sound")
E
}

# No pair among different clips.
test_different_clips() {
    skip_with_sanitizer
    generate --corpus "$DEMO/manifest.jsonl" --out demo --fingerprint
    generate --corpus "$DEMO/manifest.jsonl" --out plain
    corpora="demo plain"
    if [ -r "$PATINA_SHARED/corpus/manifest.jsonl" ]; then
        generate --corpus "$PATINA_SHARED/corpus/manifest.jsonl" --out shared --fingerprint
        generate --corpus "$PATINA_SHARED/corpus/manifest.jsonl" --out shared-plain
        corpora="$corpora shared shared-plain"
    fi
    for out in $corpora; do
        py "$out" <<'E'
found = json.loads(patina("inspect", "--json", sys.argv[1]))["same_sound"]
assert found == {"pairs_between_splits": 0, "pairs_in_a_split": 0, "pairs": []}, found
E
    done
}

test_keys() {
    py <<'E'
os.makedirs("clips")
lines = ["file,caption,speaker"]
for i in range(24):
    os.makedirs(f"clips/{i % 8}", exist_ok=True)
    name = f"{i % 8}/{'abcdefgh'[i % 8]}bcdefghijk_{i}.wav"
    write_wav(f"clips/{name}", tone(24000 + i), rate=48000)
    lines.append(f"{name},sound {i},s{i % 6}")
with open("table.csv", "w") as out:
    out.write("\n".join(lines) + "\n")
write_jsonl("list.jsonl", [dict(zip(["audio", "caption", "speaker"], line.split(","))) for line in lines[1:]])
def splits(out):
    return {p["caption"]: os.path.basename(path).split("-")[0] for path in parts(out, "provenance") for p in read_jsonl(path)}
def share_of_sha256(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11
for corpus, key, of in (("table.csv", "youtube_id", lambda i: "abcdefgh"[i % 8] + "bcdefghijk"),
                        ("table.csv", "parent", lambda i: str(i % 8)), ("table.csv", "speaker", lambda i: f"s{i % 6}"),
                        ("list.jsonl", "speaker", lambda i: f"s{i % 6}")):
    out = f"{corpus}-{key}"
    patina("generate", "--corpus", corpus, "--audio-root", "clips", "--model", MINI, "--out", out, "--format", "jsonl",
           "--split", "train=0.5,test=0.5", "--split-key", key)
    got = splits(out)
    assert len(got) == 24 and set(got.values()) == {"train", "test"}, got
    for i in range(24):
        expected = "train" if share_of_sha256(of(i)) * 2.0 ** -53 < 0.5 else "test"
        assert got[f"sound {i}"] == expected, (key, i)
E
    run generate --corpus table.csv --audio-root clips --model "$MINI" --out no --split train=0.5,test=0.5 --split-key nobody
    assert_status 2
    assert_stderr "option '--split-key': 'nobody' is not a column"
    run generate --corpus table.csv --audio-root clips --model "$MINI" --out no --split-key parent
    assert_status 2
    assert_stderr "option '--split-key': needs splits"
}

# Of a recording, the first 24 hours are searched: those of a small FLAC file could exceed the memory.
test_longer_than_a_day() {
    skip_with_sanitizer
    py <<'E'
RATE = 4000
quiet, loud = (array.array("h", [round(2**15 * x) for x in tone(10 * RATE, RATE, amplitude=a)]).tobytes() for a in (0.1, 0.5))
os.mkdir("src")
for name, hours in ("day", 24), ("longer", 25):
    n_bytes = 2 * hours * 3600 * RATE
    header = wav_header(RATE, 1, 16, False, n_bytes)
    with open(f"src/{name}.wav", "wb") as out:  # the rest is a hole in the file
        out.write(header + quiet)
        out.seek(len(header) + n_bytes - len(loud))
        out.write(loud)
    with open(f"src/{name}.txt", "w") as out:
        out.write("a tone")
# seconds that a list names, behind those that are searched
write_jsonl("named.jsonl", [{"audio": "src/longer.wav", "caption": "a tone", "id": "named", "offset": 25 * 3600 - 11, "duration": 11}])
E
    generate --corpus src --corpus named.jsonl --out set --format jsonl --fingerprint --window loudest
    py <<'E'
found = {p["entry"]: (p["window"]["start"], p["fingerprint"]["length_s"]) for p in read_provenance("set")}
assert found == {"day.wav": ((24 * 3600 - 10) * 4000, 86400), "longer.wav": (0, 86400),
                 "named": ((25 * 3600 - 11) * 4000, 86400)}, found
E
}
