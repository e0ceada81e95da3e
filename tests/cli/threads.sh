# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# threads.sh - the output does not depend on the number of threads

make_corpus() {
    py "$1" <<'E'
write_demo_manifest("manifest.jsonl", int(sys.argv[1]))
E
}

test_byte_identity() {
    make_corpus 24
    for threads in 1 2 7; do
        generate --corpus manifest.jsonl --out parquet-$threads --chunk 4 --variants 2 \
            --order random --seed 99 --threads $threads
    done
    want_same parquet-1 parquet-2
    want_same parquet-1 parquet-7
    [ "$(find parquet-1/data -name '*.parquet' | wc -l)" -ge 6 ] || fail "too few parts"
    [ "$(wc -l <parquet-1/rejects.jsonl)" -ge 5 ] || fail "too few rejects"
}

test_byte_identity_of_jsonl() {
    make_corpus 12
    generate --corpus manifest.jsonl --out one --format jsonl --chunk 2 --threads 1
    generate --corpus manifest.jsonl --out seven --format jsonl --chunk 2 --threads 7
    want_same one seven
}

# More threads than entries.
test_more_threads_than_work() {
    make_corpus 2
    generate --corpus manifest.jsonl --out a --threads 1
    generate --corpus manifest.jsonl --out b --threads 64
    want_same a b
}
