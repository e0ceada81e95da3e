/* SPDX-License-Identifier: MIT */
/* ops.c - selection of a kernel table */

#include "nn/ops.h"

#include <assert.h>

#include "nn/nn_dispatch.h"

#define TABLE(architecture, ISA, name)                                                             \
    PT_ISA_IF_##architecture([PATINA_ISA_##ISA] = &pt_nn_ops_##name, )
static const pt_nn_ops *const tables[PATINA_ISA_COUNT] = {PT_ISA_LIST(TABLE)};

static const pt_nn_ops *const bf16_tables[PATINA_ISA_COUNT] = {
    [PATINA_ISA_C] = &pt_nn_ops_bf16_c,
    PT_ISA_IF_X86_64([PATINA_ISA_AVX512] = &pt_nn_ops_bf16_avx512)};

const pt_nn_ops *pt_nn_ops_get(patina_isa isa, patina_precision precision) {
    assert(isa != PATINA_ISA_AUTO && isa <= patina_isa_detect());
    if (precision == PATINA_PRECISION_F32) return tables[isa];
    return isa == PATINA_ISA_C || patina_isa_has_bf16() ? bf16_tables[isa] : NULL;
}
