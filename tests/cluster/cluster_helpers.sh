# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# cluster_helpers.sh - common functions of the cluster tests: job, comparison, counts
#
#   . cluster_helpers.sh; helpers_init "$@"; ...; check "what is expected" COMMAND...; ...; helpers_finish
#
# Every test makes a data set with the scheduler and the files of examples/, and compares all files byte for
# byte with those of a single process.
set -u

REPO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
n_passed=0 n_failed=0

# Sets WORK to a fresh folder, PATINA to the program, CORPUS, MODEL and EXAMPLES to the input of the job.
helpers_init() {
    PATINA=$REPO_ROOT/build/patina
    if [ "${1:-}" = --program ] && [ -n "${2:-}" ]; then
        PATINA=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
        shift 2
    fi
    if [ $# -gt 0 ]; then
        echo "usage: $(basename "$0") [--program build/patina]" >&2
        exit 2
    fi
    if [ ! -x "$PATINA" ]; then
        echo "'$PATINA' is not a program; build it first"
        echo "0 passed, 1 failed"
        exit 1
    fi
    CORPUS=$REPO_ROOT/examples/demo/manifest.jsonl
    MODEL=$REPO_ROOT/tests/golden/clap/mini
    EXAMPLES=$REPO_ROOT/examples
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/patina-engine-XXXXXX")
    export PATINA CORPUS MODEL EXAMPLES WORK
    trap 'rm -rf "$WORK"' EXIT # a test that has more to clean up replaces the trap
}

# Skips the test with a message that names the missing prerequisite.
helpers_skip() {
    echo "skip $(basename "$0"): $*"
    exit 77
}

# check NAME COMMAND...: runs a command that must succeed; prints its output if it fails.
check() {
    local name=$1 began=$SECONDS
    shift
    if "$@" >"$WORK/check.log" 2>&1; then
        echo "ok $name ($((SECONDS - began)) s)"
        n_passed=$((n_passed + 1))
    else
        echo "FAIL $name"
        tail -n 30 "$WORK/check.log" | cut -c 1-300 | sed 's/^/    /'
        n_failed=$((n_failed + 1))
    fi
}

helpers_finish() {
    echo "$n_passed passed, $n_failed failed"
    [ "$n_failed" -eq 0 ]
    exit
}

# reference OPTIONS...: makes $WORK/reference with one process.
reference() {
    "$PATINA" generate --corpus "$CORPUS" --model "$MODEL" --out "$WORK/reference" "$@"
}

# Checks that two finished sets have the same files with the same bytes, and at least one part.
expect_same_dataset() {
    [ -n "$(find "$1/data" -type f)" ] || { echo "$1 contains no data"; return 1; }
    diff -rq "$1" "$2"
}

# Prints the number of finished chunks of a run.
count_chunks() {
    find "$1" -type f -name '*.parquet' 2>/dev/null | wc -l
}

# find_process OUT NAME=VALUE...: prints the id of the patina process that writes OUT and has all of these in
# its environment, or nothing. The launcher (mpirun, srun) has another environment.
find_process() {
    local out=$1 pid pair
    shift
    for pid in $(pgrep -f -- "$PATINA generate .*--out[ =]$out "); do
        for pair in "$@"; do
            grep -z -q -x -F -e "$pair" "/proc/$pid/environ" 2>/dev/null || continue 2
        done
        echo "$pid"
        return
    done
}

# says FILE TEXT: checks that a line of the file contains the text.
says() {
    grep -q -F -e "$2" "$1" || { tail -n 20 "$1"; echo "'$1' does not contain: $2"; return 1; }
}

# wait_until SECONDS COMMAND...: waits until the command succeeds; fails after SECONDS.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}
