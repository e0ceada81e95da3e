# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# dry_run.sh - generate --dry-run estimates rows, size and time, and writes no data set

test_estimates() {
    mkdir tmp
    TMPDIR=$WORK/tmp run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set \
        --variants 2 --chunk 5 --dry-run
    assert_status 0
    [ ! -s "$WORK/stderr" ] || fail "standard error is not empty"
    assert_stdout "14 entries (jsonl), up to 34 rows in 3 chunks"
    assert_stdout "size     about 218 kB; "
    grep -q -E '^speed    [0-9.]+ rows/s with [0-9]+ threads?, from 34 rows in [0-9.]+ s$' \
        "$WORK/stdout" || fail "no speed"
    grep -q -E '^time     about [0-9]+ s$' "$WORK/stdout" || fail "no time"
    [ ! -e set ] || fail "a data set was written"
    [ -z "$(ls tmp)" ] || fail "not removed: $(ls tmp)"
    cp "$WORK/stdout" first
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set --variants 2 \
        --chunk 5 --dry-run --shard 2/3 --time-limit 1h
    assert_status 0
    assert_stdout "4 entries (jsonl), up to 8 rows in 1 chunk"
    assert_stdout "1 run of 1 h 0 min"
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set --format jsonl --dry-run
    assert_status 0
    assert_stdout "up to 17 rows"
    assert_stdout "size     about 309 kB; "
}

test_json() {
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set --variants 2 --chunk 5 \
        --dry-run --progress json
    assert_status 0
    python3 - "$WORK/stdout" <<'EOF'
import json, sys
estimate = json.load(open(sys.argv[1]))
assert (estimate["entries"], estimate["rows"], estimate["chunks"]) == (14, 34, 3), estimate
assert estimate["bytes"] == 34 * 6400 and estimate["bytes_free"] > 0, estimate
assert estimate["rows_measured"] == 34 and estimate["runs"] is None, estimate
assert 0 < 34 / estimate["rows_per_s"] <= estimate["seconds"], estimate
EOF
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set --dry-run --progress json \
        --time-limit 1h
    grep -q '"runs": 1.0' "$WORK/stdout" || fail "$(cat "$WORK/stdout")"
}

# A data set in OUT stays, and errors are those of the run.
test_changes_nothing() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --limit 2
    cp -r set before
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set --overwrite --dry-run
    assert_status 0
    assert_same_dirs before set
    run generate --model "$MINI" --corpus absent.jsonl --out set --dry-run
    assert_failure 1
    assert_stderr absent.jsonl
    echo '{"nonsense": 1}' >bad.json
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set --suite bad.json --dry-run
    assert_failure 1
    assert_stderr "suite 'bad.json'"
}

# Ctrl-C ends it by that signal without its temporary files.
test_interrupted() {
    mkdir tmp
    TMPDIR=$WORK/tmp "$PATINA" generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" \
        --variants 3000 --out set --dry-run >stdout 2>stderr &
    local pid=$! status=0
    wait_for sh -c 'ls -d tmp/*/set >/dev/null 2>&1'
    sleep 0.5
    kill -TERM $pid
    wait $pid || status=$?
    [ "$status" -eq 143 ] || fail "status $status, expected 143"
    [ -z "$(ls tmp)" ] || fail "not removed: $(ls tmp)"
    [ ! -s stdout ] || fail "estimates were printed"
}
