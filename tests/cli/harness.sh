# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# harness.sh - what the test files call; each test starts in the empty folder $WORK

# Ends the test: what went wrong, and what the program said last.
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

# How a line of a log begins: 2026-11-23T16:47:32Z
# shellcheck disable=SC2034 # for the test files
DATE='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'

# Runs the program; its status is in $STATUS, what it printed in $WORK/stdout and $WORK/stderr.
run() {
    STATUS=0
    "$PATINA" "$@" >"$WORK/stdout" 2>"$WORK/stderr" </dev/null || STATUS=$?
    if grep -q -E 'Sanitizer|runtime error:' "$WORK/stderr"; then fail "a sanitizer spoke: $*"; fi
}

assert_status() {
    [ "$STATUS" -eq "$1" ] || fail "status $STATUS, expected $1"
}

# assert_stdout TEXT, assert_stderr TEXT: the stream holds it.
assert_stdout() {
    grep -q -F -e "$1" "$WORK/stdout" || fail "standard output does not say: $1"
}
assert_stderr() {
    grep -q -F -e "$1" "$WORK/stderr" || fail "standard error does not say: $1"
}

# The program has failed as it should: this status, nothing on standard output, one sentence on
# standard error that begins with its name, and for a wrong command line a second line with a hint.
assert_failure() {
    assert_status "$1"
    [ ! -s "$WORK/stdout" ] || fail "a failure printed on standard output"
    grep -q '^patina: ' "$WORK/stderr" || fail "no sentence on standard error"
    local lines
    lines=$(grep -v -c "^try 'patina" "$WORK/stderr")
    [ "$lines" -eq 1 ] || fail "$lines lines on standard error, expected one sentence"
    if grep -q '\.$' "$WORK/stderr"; then fail "a sentence ends with a full stop"; fi
}

# Makes a data set that is expected to come out well: generate ARGS...
generate() {
    run generate --model "$MINI" "$@"
    assert_status 0
}

# Python with the helpers of helpers.py: py <<'E' ... E
py() {
    python3 -c "$(printf 'from helpers import *\n'; cat)" "$@"
}

assert_same_dirs() {
    diff -r "$1" "$2" >"$WORK/difference" 2>&1 ||
        fail "$1 and $2 differ: $(head -n 3 "$WORK/difference" | cut -c 1-300)"
}
