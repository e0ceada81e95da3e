# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# harness.sh - functions for the command tests; each test starts in the empty folder $WORK

# Fails the test with a message and the last output of the program.
fail() {
    echo "$*"
    for stream in stdout stderr; do
        [ -s "$WORK/$stream" ] && sed -n "1,15s/^/$stream: /p" "$WORK/$stream" | cut -c 1-300
    done
    exit 1
}

skip() {
    echo "$*"
    exit 77
}

# The date of a line of a log: 2026-11-23T16:47:32Z
# shellcheck disable=SC2034 # for the test files
DATE='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'

# Runs the program; sets $STATUS and writes $WORK/stdout and $WORK/stderr.
run() {
    STATUS=0
    "$PATINA" "$@" >"$WORK/stdout" 2>"$WORK/stderr" </dev/null || STATUS=$?
    if grep -q -E 'Sanitizer|runtime error:' "$WORK/stderr"; then fail "sanitizer report: $*"; fi
}

# For tests of data, not of memory, that take a minute with a sanitizer.
skip_with_sanitizer() {
    if [ -z "${PATINA_FULL_TESTS:-}" ] && grep -q -a -E '__(a|t)san_init' "$PATINA"; then
        skip "takes a minute with a sanitizer: set PATINA_FULL_TESTS to run it"
    fi
}

assert_status() {
    [ "$STATUS" -eq "$1" ] || fail "status $STATUS, expected $1"
}

# assert_stdout TEXT, assert_stderr TEXT: the output contains TEXT.
assert_stdout() {
    grep -q -F -e "$1" "$WORK/stdout" || fail "not in standard output: $1"
}
assert_stderr() {
    grep -q -F -e "$1" "$WORK/stderr" || fail "not in standard error: $1"
}

# The program failed with this status, without standard output and with one sentence on standard error
# that begins with its name; an invalid command line adds a hint in a second line.
assert_failure() {
    assert_status "$1"
    [ ! -s "$WORK/stdout" ] || fail "standard output is not empty"
    grep -q '^patina: ' "$WORK/stderr" || fail "no error message on standard error"
    local lines
    lines=$(grep -v -c "^try 'patina" "$WORK/stderr")
    [ "$lines" -eq 1 ] || fail "$lines lines on standard error, expected one sentence"
    if grep -q '\.$' "$WORK/stderr"; then fail "an error message ends with a full stop"; fi
}

# Makes a data set and expects success: generate ARGS...
generate() {
    run generate --model "$MINI" "$@"
    assert_status 0
}

# Python with the helpers of helpers.py: py [ARGUMENT...] <<'E' ... E
py() {
    python3 "$PATINA_ROOT/tests/cli/run_script.py" helpers "$@"
}

# wait_for COMMAND...: waits until COMMAND succeeds, at most 60 s.
wait_for() {
    local deadline=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "waited 60 s for: $*"
        sleep 0.02
    done
}

assert_same_dirs() {
    diff -r "$1" "$2" >"$WORK/difference" 2>&1 ||
        fail "$1 and $2 differ: $(head -n 3 "$WORK/difference" | cut -c 1-300)"
}
