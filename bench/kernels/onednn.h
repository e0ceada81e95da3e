/* SPDX-License-Identifier: MIT */
/* onednn.h - linear layers by oneDNN, for comparison; empty if it is not available */

#ifndef PATINA_BENCH_ONEDNN_H
#define PATINA_BENCH_ONEDNN_H

#include <stddef.h>

#include <patina/cpu.h>

#include "nn/ops.h"

typedef struct onednn_linear onednn_linear;

/** Limits oneDNN to one thread and, for AVX2 and below, to that instruction set; call once, first.
 * Returns "oneDNN 2.6.3", or NULL if it is not available or cannot be limited to one thread. */
const char *onednn_open(patina_isa isa);

/**
 * y [m, n] = epilogue(x [m, k] w^T + bias), types as with pt_nn_ops.linear of the precision, rows
 * without gaps. The weights are reordered once to the layout that oneDNN prefers. Of its two
 * primitives, the faster on this shape is used. NULL if oneDNN supports neither.
 *
 * w, bias  [n, k], [n]; not used after this call
 * x, y     must stay valid; y is overwritten
 */
onednn_linear *onednn_linear_new(size_t m, size_t n, size_t k, pt_nn_epilogue epilogue,
                                 patina_precision precision, const float *w, const float *bias,
                                 void *x, void *y);
void onednn_linear_run(const onednn_linear *linear);
void onednn_linear_free(onednn_linear *linear);

#endif /* PATINA_BENCH_ONEDNN_H */
