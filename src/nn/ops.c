/* SPDX-License-Identifier: MIT */
/* ops.c - the choice among the kernel tables */

#include "nn/ops.h"

#include <assert.h>

#include "nn/tables.h"

const pt_nn_ops *pt_nn_ops_of(pt_isa isa) {
    assert(isa <= pt_isa_detect());
#if defined(__x86_64__)
    if (isa == PT_ISA_AVX512) return &pt_nn_ops_avx512;
    if (isa == PT_ISA_AVX2) return &pt_nn_ops_avx2;
#endif
    return &pt_nn_ops_c;
}
