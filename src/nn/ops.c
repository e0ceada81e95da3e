/* SPDX-License-Identifier: MIT */
/* ops.c - the choice among the kernel tables */

#include "nn/ops.h"

#include <assert.h>

#include "nn/tables.h"

static const pt_nn_ops *bf16_of(pt_isa isa) {
#if defined(__x86_64__)
    if (isa == PT_ISA_AVX512 && pt_isa_has_bf16()) return &pt_nn_ops_bf16_avx512;
#endif
    return isa == PT_ISA_C ? &pt_nn_ops_bf16_c : NULL;
}

const pt_nn_ops *pt_nn_ops_of(pt_isa isa, pt_precision precision) {
    assert(isa <= pt_isa_detect());
    if (precision == PT_PRECISION_BF16) return bf16_of(isa);
#if defined(__x86_64__)
    if (isa == PT_ISA_AVX512) return &pt_nn_ops_avx512;
    if (isa == PT_ISA_AVX2) return &pt_nn_ops_avx2;
#endif
    return &pt_nn_ops_c;
}
