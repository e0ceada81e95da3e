/* SPDX-License-Identifier: MIT */
/* dsp_ops.c - the choice among the kernel tables */

#include "dsp/dsp_ops.h"

#include <assert.h>

#include "dsp/dsp_dispatch.h"

const pt_dsp_ops *pt_dsp_ops_get(patina_isa isa) {
    assert(isa != PATINA_ISA_AUTO && isa <= patina_isa_detect());
#if defined(__x86_64__)
    if (isa == PATINA_ISA_AVX512) return &pt_dsp_ops_avx512;
    if (isa == PATINA_ISA_AVX2) return &pt_dsp_ops_avx2;
#endif
    return &pt_dsp_ops_c;
}

const pt_dsp_ops *pt_dsp_ops_get_best(void) {
    return pt_dsp_ops_get(patina_isa_detect());
}
