/* SPDX-License-Identifier: MIT */
/* row_major_ops.h - a kernel table that packs matrices unchanged, to load weights for a device */

#ifndef PATINA_NN_OPENCL_ROW_MAJOR_OPS_H
#define PATINA_NN_OPENCL_ROW_MAJOR_OPS_H

#include "nn/ops.h"

/** Has no kernels: a tower that is opened with it can be uploaded, not run. */
extern const pt_nn_ops pt_nn_ops_row_major;

#endif /* PATINA_NN_OPENCL_ROW_MAJOR_OPS_H */
