# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# corpus_formats.sh - one corpus as a folder, a manifest, a tar and a Parquet file gives the same rows

# Four clips with names without folders; in every format the ids are these names.
make_corpus_formats() {
    py <<'E'
import io, tarfile
clips = ["perc_bell.wav", "misc_burp.flac", "ambi_glass_hum.ogg", "drum_roll.mp3"]
os.makedirs("folder")
items = []
with tarfile.open("clips.tar", "w") as tar:
    for name in sorted(clips):
        with open(f"{DEMO}/clips/{name}", "rb") as file:
            data = file.read()
        caption = "the sound of " + name.split(".")[0].replace("_", " ")
        with open(f"folder/{name}", "wb") as file:
            file.write(data)
        with open(f"folder/{name.split('.')[0]}.txt", "w") as file:
            file.write(caption + "\n")
        items.append({"id": name, "audio": f"folder/{name}", "caption": caption})
        text = json.dumps({"id": name, "text": [caption]}).encode()
        for member, content in ((name, data), (name.split(".")[0] + ".json", text)):
            info = tarfile.TarInfo("some/folder/" + member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
write_jsonl("manifest.jsonl", items)
E
}

print_columns() {
    py "$1" <<'E'
rows = read_rows(sys.argv[1])
lines = read_provenance(sys.argv[1])
for line in lines:
    del line["source"]
assert len(rows) == len(lines) == 8, len(rows)
print(hashlib.sha256(json.dumps([rows, lines]).encode()).hexdigest())
E
}

test_same_rows() {
    make_corpus_formats
    local set=(--format jsonl --variants 2 --seed 3)
    generate "${set[@]}" --corpus folder --out from-folder
    generate "${set[@]}" --corpus manifest.jsonl --out from-manifest
    generate "${set[@]}" --corpus clips.tar --out from-tar
    gzip -k clips.tar
    generate "${set[@]}" --corpus clips.tar.gz --out from-gz
    local expected shape
    expected=$(print_columns from-folder)
    for shape in manifest tar gz; do
        [ "$(print_columns from-$shape)" = "$expected" ] || fail "$shape gives other rows"
    done
}

# Parquet needs pyarrow, from the environment of the reader tests.
test_same_rows_from_parquet() {
    local python=$PATINA_ROOT/build/venv/bin/python
    [ -x "$python" ] || skip "no Python environment for the reader tests"
    make_corpus_formats
    "$python" - <<'E'
import json, pyarrow as pa, pyarrow.parquet as pq
items = [json.loads(line) for line in open("manifest.jsonl")]
audio = [{"bytes": open(i["audio"], "rb").read(), "path": i["id"]} for i in items]
table = pa.table({"id": [i["id"] for i in items], "caption": [i["caption"] for i in items],
                  "audio": pa.array(audio, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))})
pq.write_table(table, "clips.parquet", row_group_size=3)
E
    generate --format jsonl --variants 2 --seed 3 --corpus folder --out from-folder
    generate --format jsonl --variants 2 --seed 3 --corpus clips.parquet --out from-parquet
    [ "$(print_columns from-parquet)" = "$(print_columns from-folder)" ] || fail "Parquet gives other rows"
}

# A clip is in one split whatever its name, and every row is in exactly one.
test_split() {
    make_corpus_formats
    py <<'E'
items = read_jsonl("manifest.jsonl")
for item in items[:]:
    items.append(dict(item, id="again " + item["id"]))
write_jsonl("twice.jsonl", items)
E
    generate --format jsonl --corpus twice.jsonl --split a=0.5,b=0.3,c=0.2 --out set
    assert_stdout ', split="' # of a split that there is
    if grep -q 'split="train"' "$WORK/stdout"; then fail "there is a split train"; fi
    py <<'E'
split_of, n = {}, 0
for path in parts("set", "provenance"):
    split = os.path.basename(path).split("-")[0]
    rows = len(read_jsonl(path.replace("provenance", "data")))
    lines = read_jsonl(path)
    assert rows == len(lines)
    for line in lines:
        n += 1
        clip = line["source"]
        assert split_of.setdefault(clip, split) == split, clip
        with open(clip, "rb") as file:
            place = int.from_bytes(hashlib.sha256(file.read()).digest()[:8], "big") / 2 ** 64
        assert split == ("a" if place < 0.5 else "b" if place < 0.8 else "c"), (clip, place, split)
assert n == 8 and len(set(split_of.values())) > 1, (n, split_of)
E
    run verify set
    assert_status 0
}
