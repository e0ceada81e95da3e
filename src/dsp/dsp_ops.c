/* SPDX-License-Identifier: MIT */
/* dsp_ops.c - selection of a kernel table */

#include "dsp/dsp_ops.h"

#include <assert.h>

#include "dsp/dsp_dispatch.h"

#define TABLE(architecture, ISA, name)                                                             \
    PT_ISA_IF_##architecture([PATINA_ISA_##ISA] = &pt_dsp_ops_##name, )
static const pt_dsp_ops *const tables[PATINA_ISA_COUNT] = {PT_ISA_LIST(TABLE)};

const pt_dsp_ops *pt_dsp_ops_get(patina_isa isa) {
    assert(isa != PATINA_ISA_AUTO && isa <= patina_isa_detect());
    return tables[isa];
}

const pt_dsp_ops *pt_dsp_ops_get_best(void) {
    return pt_dsp_ops_get(patina_isa_detect());
}
