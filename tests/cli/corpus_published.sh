# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# corpus_published.sh - layouts of published corpora as they are downloaded: tests/data/published

P=$PATINA_ROOT/tests/data/published

# captions ARGUMENT...: the captions of the rows, and rejects, of a corpus in tests/data/published.
captions() {
    rm -rf set
    generate --out set --format jsonl --corpus "$@"
    py <<'E'
print(" | ".join(sorted(p["caption"] for p in read_provenance("set"))))
for reject in read_rejects("set"):
    print("reject", reject["reason"], reject["source"])
E
}

assert_captions() {
    local expected=$1 got
    shift
    got=$(captions "$@")
    [ "$got" = "$expected" ] || fail "$*: captions '$got', expected '$expected'"
}

test_rows_of_one_clip() {
    captions "$P/rows_not_adjacent/test.parquet" >out
    [ "$(wc -l <set/data/train-00000-of-00001.jsonl)" -eq 4 ] || fail "not four rows"
    assert_stderr "2 entries (parquet)"
    captions "$P/rows_not_adjacent/path_per_row.parquet" >out
    assert_stderr "1 entry (parquet)"
    [ "$(wc -l <set/data/train-00000-of-00001.jsonl)" -eq 2 ] || fail "not two rows"
    assert_captions "one | two" "$P/file_named_twice/metadata.csv"
    assert_captions "one | two" "$P/file_named_twice/m.jsonl"
}

test_names_and_folders() {
    assert_captions "Birds." "$P/deep_folders/bbc.json"
    captions "$P/clip_names/train.csv" >out
    [ "$(wc -l <set/data/train-00000-of-00001.jsonl)" -eq 10 ] || fail "not all ten names were found: $(cat out)"
    [ ! -s set/rejects.jsonl ] || fail "rejects"
    assert_captions "one" "$P/other_tables/path.csv"
    assert_captions "one" "$P/other_tables/semi.csv"
    assert_captions "one" "$P/other_tables/tab.tsv"
    assert_captions "two" "$P/other_tables/abs.csv"
}

test_sidecars() {
    local tar folder
    tar=$(captions "$P/json_without_caption/0.tar")
    folder=$(captions "$P/json_without_caption/folder")
    if [ -z "$tar" ] || [ "$tar" != "$folder" ]; then fail "tar: '$tar', folder: '$folder'"; fi
}

test_audio_folder() {
    for folder in j t train; do
        captions "$P/hf_audiofolder/$folder" >out
        if [ ! -s out ] || grep -q reject out; then fail "$folder: $(cat out)"; fi
    done
}

test_splits_of_a_hub_folder() {
    captions "$P/hub_splits" >out
    assert_stderr "the corpus has several splits, and all are used: test, train; '--source-split' selects one"
    assert_stderr "2 entries"
    for split in train test; do
        captions "$P/hub_splits" --source-split "$split" >out
        assert_stderr "1 entry"
        if grep -q "several splits" "$WORK/stderr"; then fail "a note for one split"; fi
    done
    run generate --model "$MINI" --out no --corpus "$P/hub_splits" --source-split validation
    assert_status 1
    assert_stderr "no file belongs to split 'validation'; the splits are: test, train"
    captions "$P/hub_splits/data/t*.parquet" >out
    assert_stderr "2 entries"
    captions "$P/hub_splits/data/{test,train}-00000-of-00001.parquet" >out
    assert_stderr "2 entries"
}

# --exclude: a WavCaps blacklist, a CSV of AudioCaps and a list of ids name the same clips in other forms.
test_exclude() {
    py <<'E'
with open("blacklist.json", "w") as file:
    json.dump({"AudioSet": ["Y-hEns0Dem00.wav"], "FreeSound": ["180913"]}, file)
with open("test.csv", "w") as file:
    file.write("audiocap_id,youtube_id,start_time,caption\n1,-hEns0Dem04,30,x\n")
with open("ids.txt", "w") as file:
    file.write("-hEns0Dem06_30\nsome other id\n")
E
    for list in blacklist.json:00 test.csv:04 ids.txt:06; do
        captions "$P/clip_names/train.csv" --exclude "${list%:*}" >out
        [ "$(wc -l <set/data/train-00000-of-00001.jsonl)" -eq 9 ] || fail "$list: not nine rows"
        py "${list#*:}" <<'E'
rejects = [(r["entry"], r["reason"]) for r in read_rejects("set")]
assert rejects == [(f"-hEns0Dem{sys.argv[1]}_30", "excluded")], rejects
E
    done
    run generate --model "$MINI" --corpus "$P/clip_names/train.csv" --out set --format jsonl --exclude blacklist.json
    assert_status 2
    : >nothing.txt
    run generate --model "$MINI" --corpus "$P/clip_names/train.csv" --out other --exclude nothing.txt
    assert_status 1
    assert_stderr "exclude list 'nothing.txt': it contains no ids"
}

# The seconds that a table names are used of a recording that was not cut; a file of several audio
# streams gives the default one, and provenance has their number.
test_part_of_a_recording() {
    captions "$P/untrimmed_clip/train.csv" >out
    py <<'E'
[line] = read_provenance("set")
window = line["window"]
assert line["named_start_s"] == 30 and "streams" not in line, line
assert window["start"] == 30 * window["rate_hz"] and window["frames"] == 10 * window["rate_hz"], window
E
}

test_audio_streams() {
    py <<'E'
file = ROOT + "/tests/data/faults/two_streams.mka"
[got] = [json.loads(line) for line in subprocess.run([PATINA, "measure", "--json", file],
                                                     stdout=subprocess.PIPE).stdout.splitlines()]
if "build patina with FFmpeg" in got.get("sentence", ""):
    print("built without FFmpeg's libraries")
    sys.exit(77)
assert_near(got["target_dyn"][1], 2 * 1760 / 48000, 1e-4, "the second stream, 1760 Hz, is the default one")
write_jsonl("m.jsonl", [{"audio": file, "caption": "a tone"}])
patina("generate", "-q", "--corpus", "m.jsonl", "--model", MINI, "--out", "set")
[line] = read_provenance("set")
assert line["streams"] == 2, line
E
}
