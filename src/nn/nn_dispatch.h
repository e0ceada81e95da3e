/* SPDX-License-Identifier: MIT */
/* nn_dispatch.h - the tables that ops.c chooses from; for this room only */

#ifndef PATINA_NN_NN_DISPATCH_H
#define PATINA_NN_NN_DISPATCH_H

#include "nn/ops.h"

extern const pt_nn_ops pt_nn_ops_c;
extern const pt_nn_ops pt_nn_ops_bf16_c;
#if defined(__x86_64__)
extern const pt_nn_ops pt_nn_ops_avx2;
extern const pt_nn_ops pt_nn_ops_avx512;
extern const pt_nn_ops pt_nn_ops_bf16_avx512;
#endif

#endif /* PATINA_NN_NN_DISPATCH_H */
