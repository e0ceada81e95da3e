/* SPDX-License-Identifier: MIT */
/* nn_dispatch.h - the kernel tables; private to src/nn */

#ifndef PATINA_NN_NN_DISPATCH_H
#define PATINA_NN_NN_DISPATCH_H

#include "base/isa_list.h"
#include "nn/ops.h"

#define PT_DECLARE_OPS(architecture, ISA, name)                                                    \
    PT_ISA_IF_##architecture(extern const pt_nn_ops pt_nn_ops_##name;)
PT_ISA_LIST(PT_DECLARE_OPS)
#undef PT_DECLARE_OPS

/* bfloat16: of sets with instructions for it, and in plain C for comparison */
extern const pt_nn_ops pt_nn_ops_bf16_c;
PT_ISA_IF_X86_64(extern const pt_nn_ops pt_nn_ops_bf16_avx512;)

#endif /* PATINA_NN_NN_DISPATCH_H */
