#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# oclgrind.sh - the device kernels in oclgrind, which reports data races and accesses out of bounds:
# none for the kernels, and some for each of two planted faults
#
#   tests/kernels/oclgrind.sh build/tests/kernels/test_device_kernels
set -u
program=$1
driver=$(find /usr/lib /usr/local/lib -name liboclgrind-rt-icd.so 2>/dev/null | head -n 1)
if [ -z "$driver" ]; then
    echo "oclgrind is not installed"
    exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# The only driver. Its launcher oclgrind preloads a library instead, which the loader does not find.
mkdir "$work/vendors"
echo "$driver" >"$work/vendors/oclgrind.icd"

# reports OPTIONS NAME: runs the kernels and prints the number of reports
reports() {
    PATINA_CL_OPTIONS=$1 OCL_ICD_VENDORS=$work/vendors OCLGRIND_DATA_RACES=1 OCLGRIND_MAX_ERRORS=100 \
        OCLGRIND_LOG=$work/$2.log timeout 1500 "$program" device_kernels.small >"$work/$2.out" 2>&1
    echo $? >"$work/$2.status"
    cat "$work/$2.log" "$work/$2.out" 2>/dev/null | grep -c -E 'data race|Invalid (read|write)'
}

passed=0 failed=0
result() {
    if [ "$2" = yes ]; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "FAIL $1"
        head -n 20 "$work"/*.log "$work"/*.out
    fi
}

n=$(reports "" clean)
clean=no
[ "$n" -eq 0 ] && [ "$(cat "$work/clean.status")" = 0 ] && clean=yes
result "no report for the kernels, which give the bits of the reference" $clean
for fault in RACE BOUNDS; do
    n=$(reports -DFAULT_$fault $fault)
    found=no
    [ "$n" -gt 0 ] && found=yes
    result "planted fault $fault: $n reports" $found
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
