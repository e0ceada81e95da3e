# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# faults.sh - failed allocations and system calls: a sample of the sweep, and with PATINA_FULL_TESTS all of it

# sweep N OPTION...: a sample of N runs, or all
sweep() {
    local library sample=(--sample "$1" --seed 1 --jobs 2)
    shift
    library=$(dirname "$PATINA")/tests/faults/libfaults.so
    [ -f "$library" ] || skip "the fault library was not built: $library"
    if grep -q -a -E '__asan_init|__tsan_init' "$PATINA"; then skip "a sanitizer replaces malloc"; fi
    [ -z "${PATINA_FULL_TESTS:-}" ] || sample=()
    python3 "$PATINA_ROOT/tests/faults/sweep.py" --program "$PATINA" --library "$library" "${sample[@]}" "$@"
}

test_sweep() { sweep 30; }

# What network file systems report: a name that is in use or stale, and errors of earlier writes at close.
test_network_rename() {
    sweep 12 --command generate --command resume --function rename --errno EBUSY --errno ESTALE
}

test_network_close() {
    sweep 12 --command generate --command resume --function close --errno EIO --errno ENOSPC --errno EDQUOT
}
