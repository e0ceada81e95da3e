# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# threads.sh - the output does not depend on the number of threads

# The demo's clips over and over under other ids, with rejects between them, cut into several parts.
make_corpus() {
    py "$1" <<'E'
clips = [json.loads(line) for line in open(DEMO + "/manifest.jsonl", encoding="utf-8")]
items = []
for i in range(int(sys.argv[1])):
    clip = clips[i * 5 % len(clips)]
    items.append({"id": f"entry {i}", "audio": f"{DEMO}/{clip['audio']}", "caption": clip["caption"]})
    if i % 7 == 3:
        items.append({"id": f"reject {i}", "audio": f"absent-{i}.wav", "caption": "gone"})
    if i % 11 == 5:
        items.append({"id": f"entry {i - 1}", "audio": items[-1]["audio"], "caption": "twice"})
write_jsonl("manifest.jsonl", items)
E
}

test_byte_identity() {
    make_corpus 40
    for format in parquet jsonl; do
        for threads in 1 2 7; do
            generate --corpus manifest.jsonl --out $format-$threads --format $format --chunk 6 \
                --variants 2 --order random --seed 99 --threads $threads
        done
        want_same $format-1 $format-2
        want_same $format-1 $format-7
    done
    [ "$(find parquet-1/data -name '*.parquet' | wc -l)" -ge 7 ] || fail "too few parts"
    [ "$(wc -l <parquet-1/rejects.jsonl)" -ge 9 ] || fail "too few rejects"
}

# More threads than entries.
test_more_threads_than_work() {
    make_corpus 2
    generate --corpus manifest.jsonl --out a --threads 1
    generate --corpus manifest.jsonl --out b --threads 64
    want_same a b
}
