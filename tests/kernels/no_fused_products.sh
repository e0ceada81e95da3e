#!/bin/sh
# SPDX-License-Identifier: MIT
# no_fused_products.sh - the signal kernels of all instruction sets multiply and add in two roundings
#
#   tests/kernels/no_fused_products.sh LIBRARY...
#
# Every instruction set must give the same bits, also on a machine that runs only one of them. A fused
# multiply-add that the compiler chose rounds once. Exit status 77: there is no objdump.
set -eu
if ! command -v objdump >/dev/null; then
    echo "skip no_fused_products: objdump is not installed"
    echo "0 passed, 0 failed, 1 skipped"
    exit 77
fi
passed=0 failed=0
for library in "$@"; do
    if ! code=$(objdump -d "$library"); then
        echo "FAIL $library: objdump cannot read it"
        failed=$((failed + 1))
    elif fused=$(printf '%s\n' "$code" | grep -E -m 3 'vfn?m(add|sub)'); then
        echo "FAIL $library: a fused product: $fused"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
