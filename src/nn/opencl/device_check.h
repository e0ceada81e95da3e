/* SPDX-License-Identifier: MIT */
/* device_check.h - compares the kernels of a device with the plain C reference, bit by bit */

#ifndef PATINA_NN_OPENCL_DEVICE_CHECK_H
#define PATINA_NN_OPENCL_DEVICE_CHECK_H

#include <patina/status.h>

#include "nn/opencl/device.h"

/** Values of the output that differ, among those of the output and of a margin behind it. */
typedef struct pt_device_difference {
    size_t n_different, n_values;
} pt_device_difference;

/**
 * Runs a kernel on a device and on the reference, with the same pseudo-random inputs of many
 * magnitudes, and compares the output. The sizes of the buffers follow from the integers.
 *
 * launch  without buffers
 * starts  of the kernels that have them: [grid[2] + 1] for text_attention, [integers[0]] for gather
 *
 * Errors  those of the device
 */
patina_status pt_device_compare(pt_device *device, const pt_device_launch *launch,
                                const int32_t *starts, pt_device_difference *difference,
                                patina_error *err);

/**
 * Runs every kernel on small known inputs and compares all bits; takes a few milliseconds.
 *
 * Errors  PATINA_EUSAGE  bits differ: the message names device and kernel; and those of the device
 */
patina_status pt_device_check(pt_device *device, const pt_device_attention *attention,
                              patina_error *err);

#endif /* PATINA_NN_OPENCL_DEVICE_CHECK_H */
