#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# oclgrind.sh - the device kernels in oclgrind, which reports data races and accesses out of bounds:
# none for the kernels, and some for each of two deliberate faults
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

reported='data race|Invalid (read|write)'

# run_kernels OPTIONS: runs the kernels; reports go to standard error. (OCLGRIND_LOG would keep those of the last
# context only.)
run_kernels() {
    PATINA_CL_OPTIONS=$1 OCL_ICD_VENDORS=$work/vendors OCLGRIND_DATA_RACES=1 OCLGRIND_MAX_ERRORS=100 \
        timeout 3000 "$program" device_kernels.small 2>&1
}

passed=0 failed=0
# result NAME yes|no
result() {
    if [ "$2" = yes ]; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "FAIL $1"
        head -n 40 "$work/output"
    fi
}

clean=no
run_kernels "" >"$work/output" && ! grep -q -E "$reported" "$work/output" && clean=yes
result "no report for the kernels, which give the bits of the reference" $clean
for fault in RACE BOUNDS; do
    found=no # the first report ends the run
    run_kernels -DFAULT_$fault | tee "$work/output" | grep -q -E -m 1 "$reported" && found=yes
    result "deliberate fault $fault is reported" $found
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
