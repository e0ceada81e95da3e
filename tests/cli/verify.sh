# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# verify.sh - verification of a data set

# A flipped byte is found in every file except the card, wherever it is.
test_flipped_bytes() {
    for format in parquet jsonl; do
        generate --corpus "$DEMO/manifest.jsonl" --out $format --format $format --limit 6 --chunk 4
        run verify $format
        assert_status 0
        assert_stdout "$format: 9 rows in 2 part files, 0 rejects: no faults"
        [ ! -s "$WORK/stderr" ] || fail "standard error is not empty"
    done
    py <<'E'
times = 3 if is_sanitizer_build() else 12
draw = random.Random(5)
for out in "parquet", "jsonl":
    names = [os.path.join(where, name) for where, _, files in os.walk(out) for name in files]
    assert len(names) == 10, names
    for path in names:
        with open(path, "rb") as file:
            data = file.read()
        if not data:
            continue
        for at in [0, len(data) - 1] + [draw.randrange(len(data)) for _ in range(times)]:
            changed = bytearray(data)
            changed[at] ^= 1 << draw.randrange(8)
            with open(path, "wb") as file:
                file.write(changed)
            done = subprocess.run([PATINA, "verify", out], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            said = done.stderr.decode()
            assert "Sanitizer" not in said and "runtime error" not in said, said
            if path.endswith(("README.md", "croissant.json")):
                assert done.returncode == 0 and said == "", (path, at, said)
            else:
                assert done.returncode == 1 and path in said, (path, at, said)
                assert all(line.startswith("patina: ") for line in said.splitlines()), said
        with open(path, "wb") as file:
            file.write(data)
    patina("verify", out)
E
}

test_missing_and_unexpected_files() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --chunk 7
    mv set/data/train-00001-of-00002.parquet kept
    run verify set
    assert_status 1
    assert_stderr "patina: file 'set/data/train-00001-of-00002.parquet': not found"
    assert_stdout "set: "
    assert_stdout "1 fault"
    mv kept set/data/train-00001-of-00002.parquet
    cp set/data/train-00001-of-00002.parquet set/data/train-00002-of-00002.parquet
    run verify --quiet set
    assert_failure 1
    assert_stderr "set/data/train-00002-of-00002.parquet': does not belong to this data set"
    rm set/data/train-00002-of-00002.parquet
    # two exchanged parts: their hashes and provenance lines do not match
    mv set/data/train-00000-of-00002.parquet kept
    mv set/data/train-00001-of-00002.parquet set/data/train-00000-of-00002.parquet
    mv kept set/data/train-00001-of-00002.parquet
    run verify set
    assert_status 1
    assert_stderr "set/data/train-00000-of-00002.parquet': has "
    assert_stderr "but input_purity of the row is"
}

test_is_read_only() {
    generate --corpus "$DEMO/manifest.jsonl" --out set --limit 3
    py <<'E'
before = hash_tree("set")
os.chmod("set", 0o555)
patina("verify", "set")
os.chmod("set", 0o755)
assert hash_tree("set") == before
E
}

test_not_a_dataset() {
    mkdir empty foreign
    echo precious >foreign/notes.txt
    for out in absent empty foreign; do
        run verify $out
        assert_failure 2
        assert_stderr "$out"
    done
    run verify
    assert_failure 2
    echo '{}' >foreign/dataset.json
    run verify foreign
    assert_status 1
    assert_stderr "foreign/dataset.json"
}
