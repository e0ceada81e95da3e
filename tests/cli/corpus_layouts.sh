# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# corpus_layouts.sh - supported layouts of captioned audio

# A folder with a .txt or .json file beside each audio file: ids are paths, sorted by bytes.
test_folder() {
    py <<'E'
clips = DEMO + "/clips/"
os.makedirs("src/B/deep")
os.makedirs("src/a")
def add_clip(clip, path, caption=None, text=None):
    shutil.copy(clips + clip, "src/" + path)
    stem = "src/" + path.rsplit(".", 1)[0]
    if caption is not None:
        with open(stem + ".json", "w", encoding="utf-8") as out:
            json.dump({"caption": caption}, out)
    if text is not None:
        with open(stem + ".txt", "wb") as out:
            out.write(text)
add_clip("perc_bell.wav", "z.wav", text=b"a bell\n")
add_clip("misc_crow.flac", "a/crow.flac", text="ein Rabe, wütend\n".encode())
add_clip("misc_burp.flac", "B/burp.FLAC", caption="a burp")
add_clip("drum_roll.mp3", "B/deep/roll.mp3", caption=["a roll", "drums"])
add_clip("ambi_choir.flac", "a b 'c'.flac", text=b"a choir")
add_clip("ambi_choir.flac", "no-caption.flac")
add_clip("ambi_choir.flac", "not-utf8.flac", text=b"caf\xe9")
add_clip("ambi_choir.flac", "blank.flac", text=b" \n")
with open("src/broken.ogg", "wb") as out:
    out.write(b"OggS")
with open("src/broken.txt", "w") as out:
    out.write("broken")
with open("src/notes.md", "w") as out:
    out.write("not audio, so no entry")
patina("generate", "--corpus", "src", "--model", MINI, "--out", "set", "--format", "jsonl")
got = [(p["entry"], p["source"], p["caption"]) for p in read_provenance("set")]
expected = [(path, path, caption) for path, caption in [
    ("B/burp.FLAC", "a burp"), ("B/deep/roll.mp3", "a roll"), ("B/deep/roll.mp3", "drums"),
    ("a b 'c'.flac", "a choir"), ("a/crow.flac", "ein Rabe, wütend"), ("z.wav", "a bell")]]
assert got == expected, got
assert [(r["entry"], r["reason"]) for r in read_rejects("set")] == [
    ("blank.flac", "bad_caption"), ("broken.ogg", "undecodable"),
    ("no-caption.flac", "bad_caption"), ("not-utf8.flac", "bad_caption")], read_rejects("set")
E
}

# AudioCaps: every naming scheme of its clips, quoting, CRLF, separated rows of one clip, and a missing
# clip.
test_audiocaps() {
    py <<'E'
os.makedirs("clips/train")
names = {"-hEns0Demo1_30.ogg": "guit_e_slide.ogg", "plain_id.flac": "misc_crow.flac",
         "Yabc-def_gh1.wav": "perc_bell.wav", "train/Y_under_sc0_7.mp3": "drum_roll.mp3",
         "900005.flac": "misc_burp.flac"}
for name, clip in names.items():
    shutil.copy(f"{DEMO}/clips/{clip}", "clips/" + name)
lines = ["audiocap_id,youtube_id,start_time,caption",
         '900001,-hEns0Demo1,30,"A guitar, sliding"',
         "900002,plain_id,0,A crow",
         '900003,abc-def_gh1,120,"They say ""bell"""',
         "900004,_under_sc0,7,A drum roll",
         "900006,gone_for_ev,10,Nothing left",
         "900007,-hEns0Demo1,30,Again a guitar",
         "900005,by_number_x,60,A burp"]
with open("train.csv", "w", newline="", encoding="utf-8") as out:
    out.write("\r\n".join(lines) + "\r\n")
patina("generate", "--corpus", "train.csv", "--audio-root", "clips", "--model", MINI, "--out", "set")
got = [(p["entry"], p["source"], p["caption"], p["caption_index"]) for p in read_provenance("set")]
assert got == [("-hEns0Demo1_30", "-hEns0Demo1_30.ogg", "A guitar, sliding", 0),
               ("-hEns0Demo1_30", "-hEns0Demo1_30.ogg", "Again a guitar", 1),
               ("plain_id_0", "plain_id.flac", "A crow", 0),
               ("abc-def_gh1_120", "Yabc-def_gh1.wav", 'They say "bell"', 0),
               ("_under_sc0_7", "train/Y_under_sc0_7.mp3", "A drum roll", 0),
               ("by_number_x_60", "900005.flac", "A burp", 0)], got
assert [(r["entry"], r["reason"]) for r in read_rejects("set")] == [("gone_for_ev_10", "missing")]
# without --audio-root the clips are beside the CSV
for name in os.listdir("clips"):
    os.rename("clips/" + name, name)
patina("generate", "--corpus", "train.csv", "--model", MINI, "--out", "beside")
assert read_provenance("beside") == read_provenance("set")
E
}

# All clips of the shared corpus are readable.
test_shared_manifest() {
    [ -r "$PATINA_SHARED/corpus/manifest.jsonl" ] || skip "no shared corpus"
    generate --corpus "$PATINA_SHARED/corpus/manifest.jsonl" --out set --format jsonl
    py <<'E'
manifest = read_jsonl(SHARED + "/corpus/manifest.jsonl")
assert read_rejects("set") == []
assert [(p["entry"], p["caption"]) for p in read_provenance("set")] == \
    [(item["audio"], item["caption"]) for item in manifest]
for p, item in zip(read_provenance("set"), manifest):
    window = p["window"]
    assert (window["rate_hz"], window["channels"]) == (item["sample_rate"], item["channels"]), p
    assert window["frames"] <= 10 * window["rate_hz"]
    assert_near(window["frames"] / window["rate_hz"], min(10, item["duration"]), 0.06, p["entry"])
assert len(read_rows("set")) == len(manifest)
E
}

test_shared_audiocaps() {
    [ -r "$PATINA_SHARED/corpus/audiocaps.csv" ] || skip "no shared corpus"
    generate --corpus "$PATINA_SHARED/corpus/audiocaps.csv" \
        --audio-root "$PATINA_SHARED/corpus/clips" --out set
    generate --corpus "$PATINA_SHARED/corpus/audiocaps_yt/train.csv" \
        --audio-root "$PATINA_SHARED/corpus/audiocaps_yt/clips" --out yt
    py <<'E'
import csv
for out, name in ("set", "audiocaps.csv"), ("yt", "audiocaps_yt/train.csv"):
    with open(f"{SHARED}/corpus/{name}", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    clips = {}
    for row in rows:
        clips.setdefault(row["youtube_id"] + "_" + row["start_time"], []).append(row["caption"])
    rejected = {r["entry"]: r["reason"] for r in read_rejects(out)}
    assert set(rejected.values()) == (set() if out == "set" else {"missing"}), rejected
    expected = [(entry, caption, i) for entry, captions in clips.items() if entry not in rejected
                for i, caption in enumerate(captions)]
    got = [(p["entry"], p["caption"], p["caption_index"]) for p in read_provenance(out)]
    assert got == expected, [pair for pair in zip(got, expected) if pair[0] != pair[1]][:3]
    assert len(rejected) == (0 if out == "set" else 1)
E
}

# The .cls of a tar is a label, unless it is the number of a class or a caption exists.
test_cls_in_tars() {
    py <<'E'
import tarfile
write_wav("a.wav", tone(24000), rate=48000)
samples = [("s0", {"cls": b"dog_bark\n"}), ("s1", {"cls": "réveil".encode("utf-16"), "json": b'{"fold": 3}'}),
           ("s2", {"cls": b"7"}), ("s3", {"cls": b"7", "txt": b"a caption"})]
with tarfile.open("c.tar", "w") as tar:
    for key, parts in samples:
        tar.add("a.wav", arcname=key + ".wav")
        for ext, content in parts.items():
            with open("member", "wb") as out:
                out.write(content)
            tar.add("member", arcname=f"{key}.{ext}")
E
    generate --corpus c.tar --out set --format jsonl
    generate --corpus c.tar --out template --format jsonl --caption-template 'class {label}'
    py <<'E'
assert [p["caption"] for p in read_provenance("set")] == ["The sound of dog bark", "The sound of réveil", "a caption"]
[reject] = read_rejects("set")
assert reject["reason"] == "bad_caption" and "only a class number" in reject["sentence"], reject
assert [p["caption"] for p in read_provenance("template")] == [
    "class dog bark", "class réveil", "class 7", "class 7"], read_provenance("template")
E
}
