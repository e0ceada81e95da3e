# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# suite.sh - effect configuration files: printing, reading, errors

test_print_needs_nothing_else() {
    run generate --print-suite
    assert_status 0
    [ ! -s "$WORK/stderr" ] || fail "standard error is not empty"
    python3 -m json.tool "$WORK/stdout" >/dev/null || fail "not JSON"
}

# The printed configuration is read back and printed as the same text.
test_round_trip() {
    run generate --print-suite
    mv "$WORK/stdout" suite.json
    run generate --print-suite --suite suite.json
    assert_status 0
    assert_same_dirs suite.json "$WORK/stdout"
}

# The printed default configuration gives the same rows, settings and hash as none.
test_default_suite_changes_nothing() {
    run generate --print-suite
    mv "$WORK/stdout" suite.json
    generate --corpus "$DEMO/manifest.jsonl" --limit 3 --out plain
    generate --corpus "$DEMO/manifest.jsonl" --limit 3 --out with --suite suite.json
    assert_same_dirs plain with
}

# A change of any number of the default configuration is either printed or an error, so every number is
# read.
test_numbers_are_read() {
    run generate --print-suite
    mv "$WORK/stdout" suite.json
    py <<'E'
with open("suite.json", encoding="utf-8") as file:
    suite = json.load(file)

def numbers(node, path=()):
    """Paths of all numbers."""
    items = node.items() if isinstance(node, dict) else \
        enumerate(node) if isinstance(node, list) else []
    for key, value in items:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield path + (key,)
        else:
            yield from numbers(value, path + (key,))

def at(node, path):
    for key in path:
        node = node[key]
    return node

found = list(numbers(suite))
assert len(found) >= 30, found  # six effects with a probability and two or more ranges each
for path in found:
    changed = json.loads(json.dumps(suite))
    value = 0.999 * at(suite, path) or 0.001
    at(changed, path[:-1])[path[-1]] = value
    with open("changed.json", "w", encoding="utf-8") as out:
        json.dump(changed, out)
    done = subprocess.run([PATINA, "generate", "--print-suite", "--suite", "changed.json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        said = done.stderr.decode()
        assert done.returncode == 1 and said.startswith("patina: suite 'changed.json': "), said
    else:
        assert_near(at(json.loads(done.stdout), path), value, 1e-12 * abs(value), f"{path}")
E
}

# refused TEXT WORD...: this configuration is an error whose message contains every WORD.
refused() {
    printf '%s' "$1" >bad.json
    shift
    run generate --print-suite --suite bad.json
    assert_failure 1
    assert_stderr "bad.json"
    for word in "$@"; do assert_stderr "$word"; done
}

test_refused() {
    refused ''
    refused '{'
    refused '[]'
    refused '{"nonsense": 1}' nonsense
    refused '{} {}'
    run generate --print-suite --suite no-such-file.json
    assert_failure 1
    assert_stderr no-such-file.json
}

# The share of clean rows: all and none.
test_share_of_clean_rows() {
    run generate --print-suite
    mv "$WORK/stdout" suite.json
    py <<'E'
with open("suite.json", encoding="utf-8") as file:
    suite = json.load(file)
[name] = [name for name in suite if "clean" in name]
for out, share in ("clean", 1), ("damaged", 0):
    suite[name] = share
    with open(out + ".json", "w", encoding="utf-8") as file:
        json.dump(suite, file)
E
    for name in clean damaged; do
        generate --corpus "$DEMO/manifest.jsonl" --variants 3 --suite $name.json --out $name
    done
    py <<'E'
clean, damaged = read_provenance("clean"), read_provenance("damaged")
assert len(clean) == len(damaged) == 3 * 17
assert all(p["chain"] == [] and p["purity_db"] == 60 for p in clean)
# six effects with probability 1/2: 1 row in 64 has none; 6 of 51 rows are improbable
assert sum(p["chain"] == [] for p in damaged) < 6
E
}
