# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# bench.sh - output and temporary files of the benchmark; its figures depend on the machine

# Runs a short benchmark and asserts that its temporary files are removed.
run_quick_bench() {
    mkdir -p tmp
    TMPDIR=$WORK/tmp run bench --quick --model "$MINI" "$@"
    [ -z "$(ls tmp)" ] || fail "not removed: $(ls tmp)"
}

test_text() {
    run_quick_bench --threads 2 --rounds 1
    assert_status 0
    [ ! -s "$WORK/stderr" ] || fail "standard error is not empty"
    local line
    for line in "best and median of 1 round" "register peak" "audio tower, 0.28 GFLOP" \
        "text tower, " "reading the source" "decode and mix" "resample" \
        "loudness of the source" "targets of the mix" \
        "LTAS" "chain and purity" "mel features" "writing rows" "rows/s" "peak memory" \
        "speed-up of 2 threads over one" "note: --quick does too little"; do
        assert_stdout "$line"
    done
    if grep -E '^.{81}' "$WORK/stdout"; then fail "too wide for a terminal"; fi
}

test_json() {
    run_quick_bench --threads 2 --json
    assert_status 0
    py <<'E2'
def check_spread(s, rising):
    assert set(s) == {"best", "median", "worst"} and all(v > 0 for v in s.values()), s
    assert (s["best"] <= s["median"] <= s["worst"]) != rising or len(set(s.values())) == 1, s

with open("stdout", encoding="utf-8") as file:
    report = json.load(file)
assert report["settled"] is False
assert report["rounds"] == 2 and report["quick"] is True and report["precision"] == "f32"
assert report["n_rows"] == 4 and report["peak_bytes"] > 1 << 20
with open(MINI + "/config.json", encoding="utf-8") as file:
    config = json.load(file)["audio_config"]
side, d, window = config["spec_size"] // 4, config["patch_embeds_hidden_size"], 64
mults = side * side * 16 * d + 8 * d * 512 + 512 * 512 # patches; the projection of 8 d
for depth in config["depths"]: # qkv, proj, two of the MLP; scores and context
    mults += depth * (side * side * d * d * (3 + 1 + 4 + 4) + 2 * side * side * window * d)
    side, d = side // 2, 2 * d
    mults += side * side * (2 * d) * d if d <= 8 * config["patch_embeds_hidden_size"] else 0
assert report["audio_flop"] == 2 * mults, (report["audio_flop"], 2 * mults)
assert 8 <= report["text_tokens"] <= 30, report["text_tokens"]
assert [s["threads"] for s in report["speeds"]] == [1, 2]
for speed in report["speeds"]:
    for name, rising in {"audio_s": False, "text_s": False, "rows_per_s": True,
                         "first_row_s": False}.items():
        check_spread(speed[name], rising)
    if report["kernels"] == "c":
        assert speed["peak_flops"] is None and speed["audio_share_of_peak"] is None
    else:
        check_spread(speed["peak_flops"], True)
        assert speed["audio_share_of_peak"] > 0 and speed["text_share_of_peak"] > 0
        assert speed["row_share_of_limit"] > 0
names = [s["name"] for s in report["stages"]]
assert len(names) == len(set(names)) == 12, names
for stage in report["stages"]:
    check_spread(stage["s"], False)
E2
}

# Peak memory is that of the benchmark itself, not of the process that starts it.
test_peak_memory() {
    py <<'E2'
large = bytearray(512 << 20)
large[::4096] = b"x" * (len(large) // 4096)
os.mkdir("tmp")
os.environ["TMPDIR"] = "tmp"
report = json.loads(patina("bench", "--quick", "--model", MINI, "--threads", "1", "--rounds", "1",
                           "--only", "rows", "--json"))
assert is_sanitizer_build() or 1 << 20 < report["peak_bytes"] < len(large) // 2, report["peak_bytes"]
E2
}

# Single parts and kernels; plain C has no known register peak.
test_parts() {
    run_quick_bench --only towers --threads 1 --rounds 1 --isa c
    assert_status 0
    assert_stdout "unknown for these kernels"
    assert_stdout "audio tower"
    if grep -q -E "rows/s|decode|speed-up" "$WORK/stdout"; then fail "other parts were measured"; fi
    run_quick_bench --only stages --threads 1 --rounds 1
    assert_status 0
    assert_stdout "mel features"
    if grep -q -E "rows/s|audio tower" "$WORK/stdout"; then fail "other parts were measured"; fi
    run_quick_bench --only rows --no-scaling --threads 2 --rounds 1 --json --corpus "$DEMO/manifest.jsonl"
    assert_status 0
    py <<'E2'
with open("stdout", encoding="utf-8") as file:
    report = json.load(file)
assert [s["threads"] for s in report["speeds"]] == [2] and report["stages"] == []
assert report["speeds"][0]["audio_s"] is None and report["speeds"][0]["rows_per_s"]["best"] > 0
with open(DEMO + "/manifest.jsonl", encoding="utf-8") as file:
    clips = [json.loads(line)["caption"] for line in file]
assert report["n_rows"] == sum(len(c) if isinstance(c, list) else 1 for c in clips)
E2
}

# Without a number of rounds at least one is made, and no other begins after the time limit.
test_max_seconds() {
    mkdir tmp
    TMPDIR=$WORK/tmp run bench --model "$MINI" --only stages --threads 1 --max-seconds 1
    assert_status 0
    grep -q -E "best and median of [1-9][0-9]? round" "$WORK/stdout" || fail "no number of rounds"
    assert_stdout "medians are up to"
}

test_refused() {
    run_quick_bench --rounds 0
    assert_failure 2
    run_quick_bench --only everything
    assert_failure 2
    run bench --quick --model absent
    assert_failure 1
    assert_stderr "absent"
    run_quick_bench --corpus absent.jsonl
    assert_failure 1
    assert_stderr "absent.jsonl"
    TMPDIR=$WORK/nowhere run bench --quick --model "$MINI"
    assert_failure 1
    assert_stderr "nowhere"
}

# A signal ends the process with that signal, and the temporary folder is removed.
test_interrupted() {
    mkdir tmp
    TMPDIR=$WORK/tmp "$PATINA" bench --model "$MINI" --rounds 100 >stdout 2>stderr &
    local pid=$! status=0 i
    for i in $(seq 200); do
        [ -n "$(ls tmp)" ] && break
        sleep 0.05
    done
    [ -n "$(ls tmp)" ] || fail "nothing was written (attempt $i)"
    sleep 0.5
    kill -TERM $pid
    wait $pid || status=$?
    [ "$status" -eq 143 ] || fail "status $status, expected 143"
    assert_stderr "stopped"
    [ -z "$(ls tmp)" ] || fail "not removed: $(ls tmp)"
    [ ! -s stdout ] || fail "a partial report was printed"
}
