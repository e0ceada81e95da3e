/* SPDX-License-Identifier: MIT */
/* dsp_dispatch.h - the kernel tables; private to src/dsp */

#ifndef PATINA_DSP_DSP_DISPATCH_H
#define PATINA_DSP_DSP_DISPATCH_H

#include "base/isa_list.h"
#include "dsp/dsp_ops.h"

#define PT_DECLARE_OPS(architecture, ISA, name)                                                    \
    PT_ISA_IF_##architecture(extern const pt_dsp_ops pt_dsp_ops_##name;)
PT_ISA_LIST(PT_DECLARE_OPS)
#undef PT_DECLARE_OPS

#endif /* PATINA_DSP_DSP_DISPATCH_H */
