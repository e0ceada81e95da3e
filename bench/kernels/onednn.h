/* SPDX-License-Identifier: MIT */
/* onednn.h - the same linear maps by oneDNN, as a yardstick; nothing where it was not built in */

#ifndef PATINA_BENCH_ONEDNN_H
#define PATINA_BENCH_ONEDNN_H

#include <stddef.h>

#include <patina/cpu.h>

#include "nn/ops.h"

typedef struct onednn_linear onednn_linear;

/** Keeps it to one thread and, for AVX2 and less, to the instructions of ours; once, before all
 * else. "oneDNN 2.6.3"; NULL where it is not there, or cannot be kept to one thread. */
const char *onednn_open(patina_isa isa);

/**
 * y [m, n] = epilogue(x [m, k] w^T + bias), types as with pt_nn_ops.linear of the precision, rows
 * without gaps. The weights are put into the order that oneDNN likes best, once. Of its two ways to
 * a product, the faster on this shape is taken. NULL where oneDNN has neither.
 *
 * w, bias  [n, k], [n]; read by this call alone
 * x, y     stay where they are; y is overwritten
 */
onednn_linear *onednn_linear_new(size_t m, size_t n, size_t k, pt_nn_epilogue epilogue,
                                 patina_precision precision, const float *w, const float *bias,
                                 void *x, void *y);
void onednn_linear_run(const onednn_linear *linear);
void onednn_linear_free(onednn_linear *linear);

#endif /* PATINA_BENCH_ONEDNN_H */
