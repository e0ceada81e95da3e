# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# faults.sh - failed allocations and system calls: a sample of the sweep, and with PATINA_FULL_TESTS all of it

test_sweep() {
    local library
    library=$(dirname "$PATINA")/tests/faults/libfaults.so
    [ -f "$library" ] || skip "the fault library was not built: $library"
    if grep -q -a -E '__asan_init|__tsan_init' "$PATINA"; then skip "a sanitizer replaces malloc"; fi
    if [ -n "${PATINA_FULL_TESTS:-}" ]; then
        python3 "$PATINA_ROOT/tests/faults/sweep.py" --program "$PATINA" --library "$library"
    else
        python3 "$PATINA_ROOT/tests/faults/sweep.py" --program "$PATINA" --library "$library" \
            --sample 30 --seed 1 --jobs 2
    fi
}
