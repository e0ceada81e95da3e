# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# interrupt.sh - Ctrl-C and SIGTERM, and the files that remain

# A run of several minutes stops soon, and no file has a final name.
test_signals() {
    py <<'E'
write_jsonl("manifest.jsonl", [{"id": str(i), "audio": DEMO + "/clips/ambi_glass_hum.ogg",
                                "caption": "glass"} for i in range(5000)])
grace = 60 if is_sanitizer_build() else 4  # "a second or two", on a machine that does other things too

def start(out, threads):
    return subprocess.Popen(
        [PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, "--out", out,
         "--variants", "40", "--chunk", "1", "--threads", str(threads)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: [signal.signal(s, signal.SIG_DFL)
                            for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])

def list_final_files(out):
    return [path for path in (hash_tree(out) if os.path.isdir(out) else [])
            if not path.startswith(".patina") and not path.endswith(".tmp")]

def wait_for_first_chunk(out):
    """Waits until the run has written to the folder."""
    for _ in range(600):
        if os.path.isdir(out) and any(files for _, _, files in os.walk(out)):
            break
        time.sleep(0.1)
    time.sleep(1)

for number in signal.SIGINT, signal.SIGTERM:
    out = number.name
    run = start(out, 3)
    wait_for_first_chunk(out)
    assert run.poll() is None, run.communicate()
    run.send_signal(number)
    began = time.monotonic()
    printed, said = run.communicate(timeout=10 * grace)
    took = time.monotonic() - began
    assert run.returncode == 75, (run.returncode, said)
    assert took < grace, took
    assert b"patina: stopped" in said and b"Sanitizer" not in said and printed == b"", said
    assert list_final_files(out) == [], list_final_files(out)

# the second signal ends the process immediately
run = start("twice", 1)
wait_for_first_chunk("twice")
for _ in range(200):  # two that come before the process runs again are one
    run.send_signal(signal.SIGINT)
    time.sleep(0.01)
    if run.poll() is not None:
        break
run.communicate(timeout=10 * grace)
assert run.returncode in (-signal.SIGINT, 128 + signal.SIGINT), run.returncode
assert list_final_files("twice") == [], list_final_files("twice")
E
}

# A signal that the parent process ignores stays ignored.
test_ignored_signal() {
    py <<'E'
run = subprocess.Popen(
    [PATINA, "generate", "--corpus", DEMO + "/manifest.jsonl", "--model", MINI, "--out", "set",
     "--variants", "8"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
for _ in range(5):
    time.sleep(0.1)
    run.send_signal(signal.SIGINT)
printed, said = run.communicate()
assert run.returncode == 0, (run.returncode, said)
E
}

# has_grown FILE SIZE
has_grown() { [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt "$2" ]; }

# An entry of many rows is not made again from its beginning: its rows are kept every 10 s, here by a clock that
# runs a thousand times faster.
test_rows_of_one_entry() {
    command -v cc >/dev/null || skip "no C compiler"
    if nm "$PATINA" | grep -q -E '__(asan|tsan|ubsan)_'; then
        skip "a sanitizer must come first among the preloaded libraries"
    fi
    cat >clock.c <<'C'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *now) {
    syscall(SYS_clock_gettime, id, now);
    if (id != CLOCK_MONOTONIC) return 0;
    const long long ns = now->tv_sec % 100000 * 1000000000LL + now->tv_nsec;
    now->tv_sec = ns / 1000000;
    now->tv_nsec = ns % 1000000 * 1000;
    return 0;
}
C
    cc -shared -fPIC -o clock.so clock.c
    local attempt entry rows=set/.patina/000000000000.rows process size
    for entry in perc_bell misc_burp; do
        echo "{\"audio\": \"$(echo "$DEMO/clips/$entry".*)\", \"caption\": [\"x\", \"y\"]}" >>manifest.jsonl
    done
    local arguments=(--model "$MINI" --corpus manifest.jsonl --variants 60 --level-jitter 3 --chunk 2 --quiet
        --entry-timeout 0)
    generate "${arguments[@]:2}" --out plain
    for attempt in 1 2; do # the second process begins where the first one ended
        size=$(stat -c %s "$rows" 2>/dev/null || echo 0)
        cp "$rows" before 2>/dev/null || : >before
        LD_PRELOAD=$PWD/clock.so "$PATINA" generate "${arguments[@]}" --threads 2 --out set 2>stderr &
        process=$!
        wait_for has_grown "$rows" "$size"
        kill -9 "$process" 2>/dev/null || fail "the process ended too early: $(cat stderr)"
        wait "$process" 2>/dev/null || true
        cmp -n "$size" before "$rows" || fail "attempt $attempt: rows were made again"
    done
    generate "${arguments[@]:2}" --out set
    assert_same_dirs plain set
    [ ! -e set/.patina ] || fail "files remain"
}
