# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# effects.sh - the list of effects and their parameters

# Names, ranges and probabilities equal those that generate prints.
test_json() {
    run generate --print-suite
    mv "$WORK/stdout" suite.json
    run effects --json
    assert_status 0
    py <<'E'
with open("suite.json", encoding="utf-8") as a, open("stdout", encoding="utf-8") as b:
    suite, effects = json.load(a), json.load(b)
assert [e["name"] for e in effects] == [name for name in suite if name != "clean"]
assert len(effects) == 6
for effect in effects:
    theirs = suite[effect["name"]]
    assert effect["summary"]
    assert effect["probability"] == theirs.pop("probability")
    assert [p["name"] for p in effect["parameters"]] == list(theirs)
    for p in effect["parameters"]:
        drawn = p.get("range", p.get("words", p.get("share")))
        assert drawn == theirs[p["name"]], p
        levels = [p[word] for word in ("light", "medium", "heavy")]
        if p["law"] == "weights":
            assert set(levels) == {max(drawn, key=drawn.get)}, p
        elif p["law"] != "share":
            low, high = drawn
            assert all(low <= v <= high for v in levels), p
            assert levels == sorted(levels) or levels == sorted(levels, reverse=True), p
E
}

test_text() {
    run effects
    assert_status 0
    for name in comb mud sibilance noise clip pops; do assert_stdout "$name: "; done
    assert_stdout "0 to 40, uniform; light 32, medium 20, heavy 6"
    if grep -E '^.{81}' "$WORK/stdout"; then fail "too wide"; fi
}

# Severities are computed from the ranges of the configuration.
test_suite() {
    echo '{"noise": {"snr_db": [10, 20]}}' >suite.json
    run effects --suite suite.json
    assert_stdout "10 to 20, uniform; light 18, medium 15, heavy 11.5"
    run effects extra
    assert_failure 2
    run effects --suite none.json
    assert_failure 1
}
