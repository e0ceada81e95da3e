# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# kit.sh - what the tests of engines share: the job, the comparison, the count
#
#   . kit.sh; kit_start "$@"; ...; check "what is expected" COMMAND...; ...; kit_end
#
# Every test makes the same set as one process does, by an engine's own means and the files of
# examples/, and compares all files byte for byte.
set -u

KIT_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
kit_passed=0 kit_failed=0

# Sets WORK to a fresh folder, PATINA to the program, and what the job is made of.
kit_start() {
    PATINA=$KIT_ROOT/build/patina
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
    CORPUS=$KIT_ROOT/examples/demo/manifest.jsonl
    MODEL=$KIT_ROOT/tests/golden/clap/mini
    EXAMPLES=$KIT_ROOT/examples
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/patina-engine-XXXXXX")
    export PATINA CORPUS MODEL EXAMPLES WORK
    trap 'rm -rf "$WORK"' EXIT # a test with more to clean up sets a trap of its own
}

# Not a failure: what is needed is not here, and this sentence says what.
kit_skip() {
    echo "skip $(basename "$0"): $*"
    exit 77
}

# check NAME COMMAND...: one thing that must succeed; what it prints is shown when it does not.
check() {
    local name=$1 began=$SECONDS
    shift
    if "$@" >"$WORK/check.log" 2>&1; then
        echo "ok $name ($((SECONDS - began)) s)"
        kit_passed=$((kit_passed + 1))
    else
        echo "FAIL $name"
        tail -n 30 "$WORK/check.log" | cut -c 1-300 | sed 's/^/    /'
        kit_failed=$((kit_failed + 1))
    fi
}

kit_end() {
    echo "$kit_passed passed, $kit_failed failed"
    [ "$kit_failed" -eq 0 ]
    exit
}

# reference OPTIONS...: $WORK/reference, made by one process.
reference() {
    "$PATINA" generate --corpus "$CORPUS" --model "$MODEL" --out "$WORK/reference" "$@"
}

# Two finished sets: the same files, the same bytes, and at least one part among them.
same_set() {
    [ -n "$(find "$1/data" -type f)" ] || { echo "$1 holds no data"; return 1; }
    diff -rq "$1" "$2"
}

# How many chunks are finished in a folder that is being written.
chunks_in() {
    find "$1" -type f -name '*.parquet' 2>/dev/null | wc -l
}

# process_of OUT NAME=VALUE...: the id of the program's process that writes OUT and has all of these in
# its environment, or nothing. What has started it (mpirun, srun) has other ones.
process_of() {
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

# says FILE TEXT: some line of the file holds it.
says() {
    grep -q -F -e "$2" "$1" || { tail -n 20 "$1"; echo "'$1' does not say: $2"; return 1; }
}

# until_true SECONDS COMMAND...: waits for it.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}
