# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# generate.sh - generate on the demo corpus

# Files of a finished data set, and the summary.
test_output_folder() {
    generate --corpus "$DEMO/manifest.jsonl" --out set
    assert_stdout "17 rows of 14 entries in 1 part file in set/data"
    assert_stdout "0 rejects"
    assert_stdout 'load_dataset("set", split="train")'
    py <<'E'
files = sorted(hash_tree("set"))
assert files == ["README.md", "croissant.json", "data/train-00000-of-00001.parquet", "dataset.json",
                 "provenance/train-00000-of-00001.jsonl",
                 "provenance_table/train-00000-of-00001.parquet", "rejects.jsonl"], files
with open("set/data/train-00000-of-00001.parquet", "rb") as file:
    data = file.read()
assert data[:4] == data[-4:] == b"PAR1"
assert os.path.getsize("set/rejects.jsonl") == 0
assert len(read_provenance("set")) == 17
with open("set/README.md", encoding="utf-8") as file:
    card = file.read()
assert card.startswith("---\n") and "data/train-" in card, card[:200]
with open("set/dataset.json", encoding="utf-8") as file:
    facts = json.load(file)
text = json.dumps(facts)
for member in "settings", "corpus", "model", "version":
    assert member in text, member
E
}

# Five columns of the right lengths; embeddings of norm 1; all values finite.
test_columns() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --format jsonl --variants 2
    py <<'E'
rows = read_rows("set")
assert len(rows) == 34
for row in rows:
    assert list(row) == COLUMNS, list(row)
    assert [len(row["fused_state"]), len(row["target_ltas"]), len(row["target_dyn"])] == \
        [1024, 64, 2]
    text, audio = row["fused_state"][:512], row["fused_state"][512:]
    assert_near(math.fsum(x * x for x in text), 1, 1e-5, "text")
    assert_near(math.fsum(x * x for x in audio), 1, 1e-5, "audio")
    assert -30 <= row["input_purity"] <= 60
    assert all(-120 <= x <= 3.02 for x in row["target_ltas"])
    assert -70 <= row["target_lufs"] <= 0 and row["target_dyn"][0] >= 0
    assert 0 <= row["target_dyn"][1] <= 1
    values = row["fused_state"] + row["target_ltas"] + row["target_dyn"] + \
        [row["target_lufs"], row["input_purity"]]
    assert all(math.isfinite(x) and to_float32(x) == x for x in map(to_float32, values))
E
}

# Provenance and rows correspond, in the order of the corpus, then caption, then variant.
test_provenance() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --format jsonl --variants 2 --seed 5
    py <<'E'
manifest = read_jsonl(DEMO + "/manifest.jsonl")
lines, rows = read_provenance("set"), read_rows("set")
expected = []
for item in manifest:
    captions = item["caption"] if isinstance(item["caption"], list) else [item["caption"]]
    for index, caption in enumerate(captions):
        for k in range(2):
            expected.append((item.get("id", item["audio"]), item["audio"], caption, index, 5,
                             2 * index + k))
assert [tuple(line[m] for m in PROVENANCE_MEMBERS[:6]) for line in lines] == expected
assert len(rows) == len(lines)
windows = {}
for line, row in zip(lines, rows):
    assert list(line) == PROVENANCE_MEMBERS, list(line)
    assert list(line["window"]) == ["start", "frames", "rate_hz", "channels"]
    assert row["input_purity"] == to_float32(line["purity_db"])
    assert row["target_lufs"] == to_float32(line["lufs_source"])
    assert windows.setdefault(line["entry"], line["window"]) == line["window"]  # one an entry
tabla = windows["clips/loop_tabla.flac"]  # 470723 frames at 44.1 kHz: longer than 10 s
u = philox_uniforms(5, "clips/loop_tabla.flac", 0, WINDOW, 1)[0]
assert tabla == {"start": math.floor(u * (470723 - 441000 + 1)), "frames": 441000,
                 "rate_hz": 44100, "channels": 2}, tabla
E
}

# The columns equal the output of measure and embed for the same segment and caption. measure reads in
# blocks, so sums have another order and the last bit of a float may differ.
test_columns_are_measure_and_embed() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --format jsonl
    py <<'E'
lines, rows = read_provenance("set"), read_rows("set")
patina("embed", "--model", MINI, "--out", "text.npy", *["--text=" + p["caption"] for p in lines])
_, text = read_npy("text.npy")
for i, (line, row) in enumerate(zip(lines, rows)):
    window = line["window"]
    [m] = measure(f"--start-frame={window['start']}", f"--frames={window['frames']}",
                  f"{DEMO}/{line['source']}")
    assert (m["rate_hz"], m["channels"]) == (window["rate_hz"], window["channels"])
    for name in "target_ltas", "target_dyn":
        assert_all_near(row[name], m[name], 1e-5, f"{line['source']} {name}")
    assert_near(row["target_lufs"], m["target_lufs"], 1e-5, line["source"])
    assert_near(line["lufs_mono"], m["lufs_mono"], 1e-5, line["source"])
    assert [to_float32(x) for x in row["fused_state"][:512]] == text[512 * i:512 * i + 512], line["source"]
E
}

# degrade --recipe with a row's provenance, then embed, gives its audio embedding and its purity, bit
# for bit.
test_replay() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --format jsonl --variants 3 --seed 11 \
        --order random
    py <<'E'
lines, rows = read_provenance("set"), read_rows("set")
args = []
for i, line in enumerate(lines):
    write_jsonl("recipe.json", [line])
    again = json.loads(patina("degrade", "--recipe", "recipe.json", f"{DEMO}/{line['source']}",
                              f"{i}.wav"))
    for name in ("entry", "seed", "variant", "window", "chain", "stages", "output_gain",
                 "purity_db", "snr_db", "sdr_db"):
        assert again[name] == line[name], (i, name, again[name], line[name])
    args += ["--audio", f"{i}.wav"]
patina("embed", "--model", MINI, "--out", "audio.npy", *args)
_, audio = read_npy("audio.npy")
for i, row in enumerate(rows):
    assert [to_float32(x) for x in row["fused_state"][512:]] == audio[512 * i:512 * i + 512], i
orders = {tuple(stage["fx"] for stage in line["chain"]) for line in lines}
assert len(orders) > 10, orders  # the rows are not all alike
E
}

# degrade draws the same effects as generate for the same seed, entry and variant.
test_degrade_draws_the_same() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --variants 2 --seed 4
    py <<'E'
for line in read_provenance("set"):
    got = json.loads(patina("degrade", "--seed=4", f"--entry={line['entry']}",
                            f"--variant={line['variant']}", f"{DEMO}/{line['source']}", "x.wav"))
    for name in got:
        assert got[name] == line[name], (line["entry"], name)
E
}

# Both formats have the same provenance and rejects.
test_formats() {
    generate --corpus "$DEMO/manifest.jsonl" --out a --format parquet
    generate --corpus "$DEMO/manifest.jsonl" --out b --format jsonl
    assert_same_dirs a/provenance b/provenance
    assert_same_dirs a/rejects.jsonl b/rejects.jsonl
    [ "$(find b/data -name '*.jsonl' | wc -l)" -eq 1 ] || fail "not one jsonl part"
}

test_rerun_of_complete_dataset() {
    generate --corpus "$DEMO/manifest.jsonl" --out set
    py <<'E'
with open("before", "w") as out:
    json.dump(hash_tree("set"), out)
E
    generate --corpus "$DEMO/manifest.jsonl" --out set --threads 1
    assert_stdout "complete"
    py <<'E'
with open("before") as file:
    assert {k: tuple(v) for k, v in json.load(file).items()} == hash_tree("set")
E
    # a run with other settings is an error and changes nothing
    for change in "--seed 1" "--variants 2" "--format jsonl" "--limit 3" "--order random" \
        "--loudness mix" "--captions first"; do
        # shellcheck disable=SC2086 # words
        run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set $change
        assert_failure 2
        assert_stderr "set"
    done
    py <<'E'
with open("before") as file:
    assert {k: tuple(v) for k, v in json.load(file).items()} == hash_tree("set")
E
}

test_foreign_output_folder() {
    mkdir full
    echo precious >full/notes.txt
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out full
    assert_failure 2
    assert_stderr full
    [ "$(cat full/notes.txt)" = precious ] || fail "the folder was touched"
    [ "$(find full -mindepth 1 | wc -l)" -eq 1 ] || fail "something was added"
    mkdir empty
    generate --corpus "$DEMO/manifest.jsonl" --out empty --limit 1
    generate --corpus "$DEMO/manifest.jsonl" --out made/with/parents --limit 1
}

# Paths, host and date are not in the output.
test_no_host_details_in_output() {
    local trace text_only
    mkdir here there
    cp -r "$DEMO" there/corpus
    generate --corpus "$DEMO/manifest.jsonl" --out here/set --threads 2
    (cd there && generate --corpus corpus/manifest.jsonl --out "$PWD/set" --threads 1 --quiet)
    assert_same_dirs here/set there/set
    for trace in "$PATINA_ROOT" "$WORK" "$(uname -n)" "$(date +%Y-%m-%d)"; do
        text_only=() # a short host name occurs by chance among the numbers of a Parquet file
        [ ${#trace} -ge 6 ] || text_only=(-I)
        if grep -r -F -l "${text_only[@]}" -e "$trace" here/set; then fail "the output contains '$trace'"; fi
    done
}

test_captions() {
    for which in first random; do
        generate --corpus "$DEMO/manifest.jsonl" --out $which --captions $which --seed 21 \
            --variants 2
    done
    py <<'E'
manifest = read_jsonl(DEMO + "/manifest.jsonl")
captions = [c if isinstance(c, list) else [c] for c in (item["caption"] for item in manifest)]
ids = [item.get("id", item["audio"]) for item in manifest]
first, drawn = read_provenance("first"), read_provenance("random")
assert len(first) == len(drawn) == 28
for i in range(28):
    assert first[i]["caption"] == captions[i // 2][0] and first[i]["variant"] == i % 2
    index = math.floor(philox_uniforms(21, ids[i // 2], 0, CAPTION, 1)[0] * len(captions[i // 2]))
    assert drawn[i]["caption_index"] == index and drawn[i]["caption"] == captions[i // 2][index]
    assert drawn[i]["variant"] == 2 * index + i % 2  # of its place in the full list
E
}

# An entry's rows do not depend on other entries nor on the size of chunks.
test_limit_and_chunk() {
    generate --corpus "$DEMO/manifest.jsonl" --out all --format jsonl
    generate --corpus "$DEMO/manifest.jsonl" --out five --format jsonl --limit 5
    assert_stdout "of 5 entries"
    generate --corpus "$DEMO/manifest.jsonl" --out cut --format jsonl --chunk 4
    assert_stdout "17 rows of 14 entries in 4 part files"
    tac "$DEMO/manifest.jsonl" | sed "s|\"clips|\"$DEMO/clips|; s|{\"audio\": \"$DEMO/\([^\"]*\)\"|{\"id\": \"\1\", \"audio\": \"$DEMO/\1\"|" >back.jsonl
    generate --corpus back.jsonl --out back --format jsonl
    py <<'E'
everything = read_rows("all")
assert read_rows("five") == everything[:6]
assert read_rows("cut") == everything and read_provenance("cut") == read_provenance("all")
assert [os.path.basename(p) for p in parts("cut", "data")] == \
    [f"train-0000{i}-of-00004.jsonl" for i in range(4)]
assert [len(read_jsonl(p)) for p in parts("cut", "data")] == [5, 6, 4, 2]
assert [len(read_jsonl(p)) for p in parts("cut", "provenance")] == [5, 6, 4, 2]
by_name = {(p["entry"], p["variant"]): row
           for p, row in zip(read_provenance("all"), everything)}
for p, row in zip(read_provenance("back"), read_rows("back")):
    assert by_name[p["entry"], p["variant"]] == row, p["entry"]
E
}

test_loudness() {
    generate --corpus "$DEMO/manifest.jsonl" --out mix --format jsonl --loudness mix
    py <<'E'
differ = 0
for line, row in zip(read_provenance("mix"), read_rows("mix")):
    assert row["target_lufs"] == to_float32(line["lufs_mono"])
    differ += abs(line["lufs_mono"] - line["lufs_source"]) > 0.5
assert differ >= 3  # stereo clips
E
}

# Every variant has a gain of its own, drawn from stream LEVEL, which moves all targets and is replayed.
test_level_jitter() {
    generate --corpus "$DEMO/manifest.jsonl" --out flat --format jsonl --variants 2 --captions first --limit 4
    generate --corpus "$DEMO/manifest.jsonl" --out set --format jsonl --variants 2 --captions first --limit 4 \
        --level-jitter 12 --purity-cap 40
    "$PATINA" verify set >/dev/null || fail "verify"
    py <<'E'
LEVEL = 9
with open("set/dataset.json", encoding="utf-8") as file:
    assert json.load(file)["settings"]["level_jitter_db"] == 12
with open("flat/dataset.json", encoding="utf-8") as file:
    assert "level_jitter_db" not in json.load(file)["settings"]
lines, rows = read_provenance("set"), read_rows("set")
for flat, line, flat_row, row in zip(read_provenance("flat"), lines, read_rows("flat"), rows):
    gain = line["level_gain_db"]
    u = philox_uniforms(0, line["entry"], line["variant"], LEVEL, 1)[0]
    assert_near(gain, 24 * u - 12, 1e-9, line["entry"])
    assert "level_gain_db" not in flat and flat["chain"] == line["chain"]
    assert_near(row["target_lufs"] - flat_row["target_lufs"], gain, 0.02, line["entry"])
    assert_near(line["lufs_mono"] - flat["lufs_mono"], gain, 0.02, line["entry"])
    for a, b in zip(row["target_ltas"], flat_row["target_ltas"]):
        assert min(a, b) < -100 or abs(a - b - gain) < 0.01, (line["entry"], a, b, gain)
    assert_near(row["target_dyn"][0], flat_row["target_dyn"][0], 1e-4, line["entry"])
    assert row["fused_state"][512:] != flat_row["fused_state"][512:]
assert len({line["level_gain_db"] for line in lines}) == 8
for line in lines[:3]:
    with open("line.json", "w", encoding="utf-8") as file:
        json.dump(line, file)
    again = json.loads(patina("degrade", "--recipe", "line.json", f"{DEMO}/{line['source']}", "out.wav"))
    for name in "level_gain_db", "purity_db", "purity_cap", "chain", "output_gain", "snr_db":
        assert again[name] == line[name], (name, again[name], line[name])
    assert again["purity_cap"] == 40
E
    # A sound that the lowest level would make silent has no rows.
    python3 - <<'E'
import wave
with wave.open("faint.wav", "wb") as out:
    out.setparams((1, 2, 48000, 0, "NONE", ""))
    out.writeframes(b"".join((3 * (-1) ** (i // 40)).to_bytes(2, "little", signed=True) for i in range(48000)))
E
    echo '{"audio": "faint.wav", "caption": "a hum"}' >faint.jsonl
    run generate --model "$MINI" --corpus faint.jsonl --out faint --level-jitter 30 --quiet --keep-going
    assert_failure 1
    grep -q '"silent"' faint/rejects.jsonl || fail "a row of silence"
    generate --corpus faint.jsonl --out faint-too --quiet --keep-going
    [ "$(wc -l <faint-too/rejects.jsonl)" = 0 ] || fail "rejected without jitter"
    run generate --model "$MINI" --corpus faint.jsonl --out never --level-jitter 41
    assert_failure 2
}

test_quiet() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --limit 2 --quiet
    [ ! -s "$WORK/stdout" ] || fail "standard output is not empty"
    [ ! -s "$WORK/stderr" ] || fail "standard error is not empty"
}

test_inputs_refused() {
    run generate --model "$MINI" --corpus no-corpus --out set
    assert_failure 1
    assert_stderr no-corpus
    run generate --model no-model --corpus "$DEMO/manifest.jsonl" --out set
    assert_failure 1
    assert_stderr no-model
    echo "some text" >notes.md
    run generate --model "$MINI" --corpus notes.md --out set
    assert_failure 1
    assert_stderr notes.md
    [ ! -d set ] || [ -z "$(ls -A set)" ] || fail "a failed run left files"
}

test_isa() {
    generate --corpus "$DEMO/manifest.jsonl" --out c --isa c --format jsonl --limit 3
    generate --corpus "$DEMO/manifest.jsonl" --out auto --format jsonl --limit 3
    py <<'E'
for plain, fast in zip(read_rows("c"), read_rows("auto")):
    assert_all_near(fast["fused_state"], plain["fused_state"], 5e-6, "fused_state")
    for name in COLUMNS[1:]:
        assert fast[name] == plain[name], name
E
}

# A folder whose captions are in a manifest: the error points to it.
test_manifest_is_suggested() {
    run generate --model "$MINI" --corpus "$DEMO" --out set
    assert_status 1
    assert_stderr "all entries (14) are rejected as bad_caption"
    assert_stderr "the corpus folder contains 'manifest.jsonl'"
    assert_stderr "use '--corpus $DEMO/manifest.jsonl'"
    run generate --model "$MINI" --corpus "$DEMO" --out set --keep-going
    assert_status 1
    assert_stderr "the data set has no rows; see 'set/rejects.jsonl'"
    assert_stderr "use '--corpus $DEMO/manifest.jsonl'"
}

# A model whose projection is zero gives embeddings of length 0, which `verify` refuses: the run ends
# before such a row is written, and names the tower.
test_zero_embeddings() {
    py <<'E'
for tower in ("text", "audio"):
    shutil.copytree(MINI, tower)
    with open(f"{tower}/model.safetensors", "rb") as file:
        data = bytearray(file.read())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = json.loads(data[8:start])
    for name in ("weight", "bias"):
        begin, end = tensors[f"{tower}_projection.linear2.{name}"]["data_offsets"]
        data[start + begin:start + end] = bytes(end - begin)
    with open(f"{tower}/model.safetensors", "wb") as file:
        file.write(data)
    done = subprocess.run([PATINA, "generate", "--model", tower, "--corpus", f"{DEMO}/manifest.jsonl",
                           "--limit", "2", "--out", f"set-{tower}", "--quiet"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1, done.stderr
    assert f"the embedding of the {tower} tower has length" in done.stderr, done.stderr
    assert "entry '" in done.stderr, done.stderr
    assert not os.path.exists(f"set-{tower}/dataset.json")
E
}
