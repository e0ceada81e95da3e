#!/bin/sh
# SPDX-License-Identifier: MIT
# no_fused_products.sh - the signal kernels of all instruction sets multiply and add in two roundings
#
#   tests/kernels/no_fused_products.sh LIBRARY...
#
# Every instruction set must give the same bits, also on a machine that runs only one of them. A fused
# multiply-add that the compiler chose rounds once. Exit status 77: there is no objdump.
set -eu
command -v objdump >/dev/null || exit 77
status=0
for library in "$@"; do
    fused=$(objdump -d "$library" | grep -E -m 3 'vfn?m(add|sub)' || true)
    [ -z "$fused" ] && continue
    echo "$library: a fused product: $fused"
    status=1
done
exit $status
