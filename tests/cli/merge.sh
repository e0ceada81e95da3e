#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# merge.sh - patina merge: several data sets become one

half() { # half OUT FIRST LAST [OPTIONS]: a set of some lines of the demo corpus
    local out=$1 first=$2 last=$3
    shift 3
    sed -n "${first},${last}p" "$DEMO/manifest.jsonl" >"$out.jsonl"
    generate --corpus "$out.jsonl" --audio-root "$DEMO" --out "$out" --chunk 3 "$@"
}

# Rows, provenance, rejects and counts of both, in order; nothing of the inputs changes.
test_two_sets() {
    local format
    for format in parquet jsonl; do
        half a-$format 1 6 --format $format --split train=0.5,test=0.5 --license cc-by-4.0
        half b-$format 7 12 --format $format --split train=0.5,test=0.5 --license cc0-1.0
        run merge a-$format b-$format --out both-$format
        assert_status 0
        run verify both-$format
        assert_status 0
    done
    py <<'E'
import glob
for form in "parquet", "jsonl":
    facts = {name: json.load(open(f"{name}-{form}/dataset.json")) for name in ("a", "b", "both")}
    for count in "rows", "parts", "entries", "rejects":
        assert facts["both"][count] == facts["a"][count] + facts["b"][count], count
    assert facts["both"]["settings"] == facts["a"]["settings"]
    for split in "train", "test":
        lines = {name: [line for path in sorted(glob.glob(f"{name}-{form}/provenance/{split}-*"))
                        for line in open(path)] for name in ("a", "b", "both")}
        assert lines["both"] == lines["a"] + lines["b"] and lines["a"] and lines["b"]
    if form == "jsonl":
        rows = {name: [line for path in sorted(glob.glob(f"{name}-{form}/data/train-*"))
                       for line in open(path)] for name in ("a", "b", "both")}
        assert rows["both"] == rows["a"] + rows["b"]
    card = open(f"both-{form}/README.md").read()
    assert "| cc-by-4.0 |" in card and "| cc0-1.0 |" in card and "license: unknown" in card, card[:300]
E
    run verify a-parquet
    assert_status 0
    half c-parquet 13 14 --format parquet --split train=0.5,test=0.5 --license cc-by-4.0
    run merge both-parquet c-parquet --out again
    assert_status 0
    run verify again
    assert_status 0
}

# Whatever differs is named, and OUT stays away.
test_refusals() {
    half a 1 6
    half b 7 14
    half seed 7 14 --seed 1
    half cap 7 14 --purity-cap 40
    half overlap 5 14
    run merge a seed --out out
    assert_status 2
    assert_stderr "another setting 'seed'"
    run merge a cap --out out
    assert_status 2
    assert_stderr "another setting 'purity_cap'"
    run merge a overlap --out out
    assert_status 2
    assert_stderr "is also in another of the sets"
    run merge a ./a/ --out out
    assert_status 2
    assert_stderr "data set './a' is given twice"
    run merge a --out out
    assert_status 2
    assert_stderr "two or more folders of data sets are expected"
    cp -r b unfinished
    rm unfinished/dataset.json
    mkdir -p unfinished/.patina
    : >unfinished/.patina/plan.json
    run merge a unfinished --out out
    assert_status 1
    assert_stderr "the data set is unfinished; run the same 'patina generate' command again"
    run merge a nothing --out out
    assert_status 2
    assert_stderr "folder 'nothing': does not exist"
    run merge a b
    assert_status 2
    cp -r b old
    sed 's/"signal_revision": 3/"signal_revision": 2/' b/dataset.json >old/dataset.json
    run merge a old --out out
    assert_status 2
    assert_stderr "signal revision 2"
    printf x >>b/provenance/train-00000-of-00003.jsonl
    run merge a b --out out
    assert_status 1
    [ ! -e out ] || fail "something of the set was left"
    mkdir full
    echo precious >full/notes.txt
    half c 7 14
    run merge a c --out full
    assert_status 2
    [ "$(cat full/notes.txt)" = precious ] || fail "the folder was touched"
}

# Killed at random times: the same command then completes the set, and nothing else is left.
test_kills() {
    skip_with_sanitizer
    half a 1 6 --variants 20
    half b 7 14 --variants 20
    run merge a b --out whole
    assert_status 0
    py <<'E'
import time
draw = random.Random(3)
def hashes(folder):
    return {name: digest for name, (digest, _) in hash_tree(folder).items()}


wanted = hashes("whole")
start = time.monotonic()
patina("merge", "a", "b", "--out", "timed")
duration = time.monotonic() - start
n_killed = 0
for i in range(12):
    out = f"killed{i}"
    process = subprocess.Popen([PATINA, "merge", "a", "b", "--out", out, "--quiet"])
    time.sleep(draw.uniform(0, duration))
    process.kill()
    n_killed += process.wait() != 0
    if os.path.exists(f"{out}/dataset.json"):
        patina("verify", out)
        continue
    assert not os.path.exists(f"{out}/README.md") or os.path.exists(f"{out}/.patina/plan.json"), out
    patina("merge", "a", "b", "--out", out)
    assert hashes(out) == wanted, out
assert n_killed > 0
E
}

# A disk that is full leaves nothing of a set.
test_full_disk() {
    half a 1 6
    half b 7 14
    (
        ulimit -f 20
        "$PATINA" merge a b --out out 2>said
    ) && fail "it succeeded"
    grep -q 'patina: ' said || fail "no sentence"
    [ ! -e out ] || [ -z "$(ls -A out)" ] || fail "left: $(ls -A out)"
}

# The same command again, after its output could not be written for example, finds the set complete.
test_complete() {
    local set
    for set in a b; do
        cp "$DEMO/clips/misc_crow.flac" "$set.flac"
        echo "{\"audio\": \"$set.flac\", \"caption\": \"x\"}" >"$set.jsonl"
        generate --corpus "$set.jsonl" --out "$set" --quiet
    done
    run merge a b --out set
    assert_status 0
    cp -r set before
    run merge a b --out set
    assert_status 0
    assert_same_dirs before set
    run merge b a --out set
    assert_failure 2
    assert_stderr "output folder 'set': contains a finished data set with another corpus"
}
