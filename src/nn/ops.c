/* SPDX-License-Identifier: MIT */
/* ops.c - the choice among the kernel tables */

#include "nn/ops.h"

#include <assert.h>

#include "nn/nn_dispatch.h"

static const pt_nn_ops *get_bf16(patina_isa isa) {
#if defined(__x86_64__)
    if (isa == PATINA_ISA_AVX512 && patina_isa_has_bf16()) return &pt_nn_ops_bf16_avx512;
#endif
    return isa == PATINA_ISA_C ? &pt_nn_ops_bf16_c : NULL;
}

const pt_nn_ops *pt_nn_ops_get(patina_isa isa, patina_precision precision) {
    assert(isa != PATINA_ISA_AUTO && isa <= patina_isa_detect());
    if (precision == PATINA_PRECISION_BF16) return get_bf16(isa);
#if defined(__x86_64__)
    if (isa == PATINA_ISA_AVX512) return &pt_nn_ops_avx512;
    if (isa == PATINA_ISA_AVX2) return &pt_nn_ops_avx2;
#endif
    return &pt_nn_ops_c;
}
