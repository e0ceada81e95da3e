/* SPDX-License-Identifier: MIT */
/* row_major_ops.c - a kernel table that packs matrices unchanged */

#include "nn/opencl/row_major_ops.h"

#include <string.h>

static size_t packed_size(size_t n_out, size_t n_in) {
    return n_out * n_in * sizeof(float);
}

static void pack(const float *w, size_t n_out, size_t n_in, void *packed) {
    memcpy(packed, w, packed_size(n_out, n_in));
}

const pt_nn_ops pt_nn_ops_row_major = {
    .precision = PATINA_PRECISION_F32,
    .operand_size = sizeof(float),
    .packed_size = packed_size,
    .pack = pack,
};
