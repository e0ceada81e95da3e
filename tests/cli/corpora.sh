# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# corpora.sh - one set from several corpora: --corpus several times, and --corpora

# Three corpora: a table with clips elsewhere, a folder, and a manifest.
make_corpora() {
    py <<'E'
for folder in "clips", "folder", "list":
    os.makedirs(folder)
for i in range(40):
    write_wav(f"clips/c{i}.wav", tone(24000 + i), rate=48000)
    write_wav(f"list/c{i}.wav", tone(30000 + i), rate=48000)
with open("table.csv", "w") as out:
    out.write("file,text\n" + "".join(f"c{i}.wav,table {i}\n" for i in range(40)))
write_jsonl("list/all.jsonl", [{"audio": f"c{i}.wav", "caption": f"list {i}"} for i in range(40)])
for i in range(3):
    write_wav(f"folder/f{i}.wav", tone(36000 + i), rate=48000)
    with open(f"folder/f{i}.txt", "w") as out:
        out.write(f"folder {i}")
E
}

test_one_set() {
    make_corpora
    generate --corpus 'table.csv,audio-root=clips,prefix=tab,caption-column=text' --corpus folder \
        --corpus 'list/all.jsonl,prefix=l,weight=0.5,name=the list' --out set --format jsonl --seed 5 --chunk 7
    py <<'E'
rows = read_provenance("set")
assert [p["entry"] for p in rows[:40]] == [f"tab/c{i}.wav" for i in range(40)]
assert [p["caption"] for p in rows[:43]] == [f"table {i}" for i in range(40)] + [f"folder {i}" for i in range(3)]
assert [p["corpus"] for p in rows[:43]] == ["tab"] * 40 + ["folder"] * 3
SELECT = 10
kept = [i for i in range(40) if philox_uniforms(5, f"l/c{i}.wav", 0, SELECT, 1)[0] < 0.5]
assert [p["entry"] for p in rows[43:]] == [f"l/c{i}.wav" for i in kept] and 5 < len(kept) < 35
assert {p["corpus"] for p in rows[43:]} == {"the list"}
with open("set/dataset.json", encoding="utf-8") as file:
    dataset = json.load(file)
assert dataset["settings"]["corpora"] == [
    {"name": "tab", "prefix": "tab", "caption_column": "text"}, {"name": "folder"},
    {"name": "the list", "prefix": "l", "weight": 0.5}], dataset["settings"]["corpora"]
with open("set/README.md", encoding="utf-8") as file:
    card = file.read()
assert "the list" in card and "`tab`" in card
table = [row for path in parts("set", "provenance_table") for row in read_jsonl(path)]
assert [row["corpus"] for row in table] == [p["corpus"] for p in rows] and "corpus" not in table[0]["other"]
E
    # statistics of each corpus, against the rows
    run inspect set --json
    assert_status 0
    py <<'E'
with open("stdout", encoding="utf-8") as file:
    got = json.load(file)["corpora"]
rows, names = read_rows("set"), [p["corpus"] for p in read_provenance("set")]
assert [c["name"] for c in got] == ["tab", "folder", "the list"], got
for corpus in got:
    mine = [row for row, name in zip(rows, names) if name == corpus["name"]]
    assert corpus["rows"] == len(mine), corpus
    for column, values in (("target_lufs", [row["target_lufs"] for row in mine]),
                           ("target_dyn[0]", [row["target_dyn"][0] for row in mine]),
                           ("input_purity", [row["input_purity"] for row in mine])):
        quantiles = corpus["targets"][column]
        assert quantiles["n"] == len(mine), (corpus["name"], column)
        for name, value in (("min", min(values)), ("max", max(values)), ("mean", sum(values) / len(values))):
            assert abs(quantiles[name] - value) < 1e-4, (corpus["name"], column, name)
assert len({c["targets"]["input_purity"]["mean"] for c in got}) == 3
E
    run inspect set
    assert_stdout "corpus, medians"
    assert_stdout "the list "
    run inspect set --report set.html
    grep -q 'Targets by corpus' set.html || fail "no table of corpora"
    grep -q '<th scope="row">the list</th>' set.html || fail "a corpus is not in the table"
    # the same from a file, and from a shard at a time
    cat >all.yaml <<'E'
corpora:
  - corpus: table.csv
    audio-root: clips
    prefix: tab
    caption_column: text
  - folder
  - {corpus: list/all.jsonl, prefix: l, weight: 0.5, name: the list}
E
    py <<'E'
with open("all.json", "w") as out:
    json.dump([{"corpus": "table.csv", "audio_root": "clips", "prefix": "tab", "caption-column": "text"},
               {"corpus": "folder"},
               {"corpus": "list/all.jsonl", "prefix": "l", "weight": 0.5, "name": "the list"}], out)
E
    generate --corpora all.yaml --out yaml --format jsonl --seed 5 --chunk 7
    for i in 0 1; do
        generate --corpora all.json --out json --format jsonl --seed 5 --chunk 7 --shard $i/2
    done
    run finish json
    assert_status 0
    for other in yaml json; do
        cat set/data/* | cmp - <(cat $other/data/*)
        cat set/provenance/* | cmp - <(cat $other/provenance/*)
    done
    # rows do not depend on the other corpora
    generate --corpus 'list/all.jsonl,prefix=l' --out alone --format jsonl --seed 5
    py <<'E'
alone = {p["entry"]: (p["chain"], p["window"]) for p in read_provenance("alone")}
for p in read_provenance("set"):
    if p["corpus"] == "the list":
        assert alone[p["entry"]] == (p["chain"], p["window"])
E
}

test_limit_exclude_and_dry_run() {
    make_corpora
    echo c1.wav >exclude.txt
    generate --corpus 'table.csv,audio-root=clips,prefix=tab,caption-column=text,limit=3,exclude=exclude.txt' \
        --corpus folder --out set --format jsonl --limit 5
    py <<'E'
assert [p["entry"] for p in read_provenance("set")] == ["tab/c0.wav", "tab/c2.wav", "f0.wav", "f1.wav"]
assert [(r["entry"], r["reason"]) for r in read_rejects("set")] == [("tab/c1.wav", "excluded")]
E
    run generate --corpus folder --corpus list/all.jsonl --model "$MINI" --out dry --dry-run
    assert_status 0
    assert_stdout "43 entries (folder, jsonl)"
}

test_refused() {
    make_corpora
    run generate --corpus 'table.csv,audio-root=clips,caption-column=text' --corpus list/all.jsonl --model "$MINI" --out no
    assert_status 2
    assert_stderr "corpus 'list/all.jsonl': an earlier corpus also has the id 'c0.wav'"
    run generate --corpus folder,prefix=a --corpus list/all.jsonl,prefix=a --model "$MINI" --out no
    assert_status 2
    assert_stderr "have the same prefix 'a'"
    run generate --corpus folder,weight=-1 --model "$MINI" --out no
    assert_stderr "weight '-1' is not a number above 0"
    run generate --corpus folder --corpus 'table.csv,prefix=x,caption-column=text,audio-root=folder' --model "$MINI" --out no
    assert_status 1
    assert_stderr "corpus 'table.csv': all entries (40) are rejected as missing"
    run generate --corpora none.yaml --model "$MINI" --out no
    assert_stderr "corpora file 'none.yaml' cannot be opened"
    printf -- '- corpus: folder\n  audioroot: x\n' >bad.yaml
    run generate --corpora bad.yaml --model "$MINI" --out no
    assert_stderr "line 2: 'audioroot' is not an option of a corpus; did you mean 'audio-root'?"
    run generate --corpora bad.yaml --corpus folder --model "$MINI" --out no
    assert_status 2
    run generate --model "$MINI" --out no
    assert_status 2
    [ ! -e no ] || fail "a refused run leaves a folder"
}

# A value that exists is a path; options begin at a known key outside braces.
test_values() {
    make_corpora
    mkdir 'a,prefix=b'
    cp folder/f0.wav folder/f0.txt 'a,prefix=b/'
    generate --corpus 'a,prefix=b' --out path --format jsonl
    mv 'a,prefix=b' 'a,c'
    generate --corpus 'a\,c,prefix=b' --out escaped --format jsonl
    printf 'f0.wav,a caption\n' >folder/bare.csv
    printf 'f1.wav,another\n' >folder/more.csv
    generate --corpus 'folder/{bare,more}.csv,header=file,caption,prefix=b' --out braces --format jsonl
    py <<'E'
assert [p["entry"] for p in read_provenance("path")] == ["f0.wav"]
assert [p["entry"] for p in read_provenance("escaped")] == ["b/f0.wav"]
assert [(p["entry"], p["caption"]) for p in read_provenance("braces")] == [
    ("b/f0.wav", "a caption"), ("b/f1.wav", "another")]
E
}

# --with-id: a sixth column with the id of the entry, in both formats, through shards, finish, merge and verify.
test_with_id() {
    make_corpora
    head -n 4 list/all.jsonl >list/few.jsonl
    local format
    for format in jsonl parquet; do
        generate --corpus list/few.jsonl --out plain-$format --format $format --seed 5
        for i in 0 1; do
            generate --corpus list/few.jsonl --out id-$format --format $format --seed 5 \
                --chunk 2 --shard $i/2 --with-id
        done
        run finish id-$format
        assert_status 0
        run verify id-$format
        assert_status 0
        run inspect id-$format
        assert_status 0
        generate --corpus folder --out more-$format --format $format --seed 5 --chunk 2 --with-id
        run merge id-$format more-$format --out merged-$format
        assert_status 0
        run verify merged-$format
        assert_status 0
    done
    generate --corpus list/few.jsonl --out other --format jsonl --seed 5 --chunk 2
    run merge other more-jsonl --out no
    assert_failure 2
    assert_stderr "with_id"
    py <<'E'
plain, rows = read_jsonl(*parts("plain-jsonl", "data")), [r for p in parts("id-jsonl", "data") for r in read_jsonl(p)]
ids = [row.pop("id") for row in rows]
assert ids == [p["entry"] for p in read_provenance("id-jsonl")] and len(set(ids)) == 4
assert list(plain[0]) == COLUMNS and rows == plain
for out, has_id in ("plain-jsonl", False), ("plain-parquet", False), ("id-jsonl", True), ("merged-parquet", True):
    with open(out + "/README.md", encoding="utf-8") as file:
        card = file.read()
    assert ("  - name: id\n    dtype: string\n" in card) == has_id == ("| `id` | text |" in card), out
    with open(out + "/croissant.json", encoding="utf-8") as file:
        fields = json.load(file)["recordSet"][0]["field"]
    assert any(f["@id"] == "default/id" for f in fields) == has_id, out
    with open(out + "/dataset.json", encoding="utf-8") as file:
        assert json.load(file)["settings"].get("with_id", False) == has_id, out
# a wrong id is a fault
path = parts("id-jsonl", "data")[0]
with open(path, encoding="utf-8") as file:
    text = file.read()
with open(path, "w", encoding="utf-8") as file:
    file.write(text.replace('"id": "c0.wav"', '"id": "c9.wav"'))
said = subprocess.run([PATINA, "verify", "id-jsonl"], capture_output=True, text=True)
assert said.returncode == 1 and "id of the row is 'c9.wav'" in said.stdout + said.stderr, said
E
}
